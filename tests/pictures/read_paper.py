"""Reads the text of a PDF, and prints it as JSON.

usage: read_paper.py FILE
"""

import json
import sys

import pypdf


def main():
    pages = pypdf.PdfReader(sys.argv[1]).pages
    json.dump({"text": "\n".join(page.extract_text() for page in pages), "pages": len(pages)}, sys.stdout)


main()
