"""Takes workflows and pipelines out of documents, so that they can be linted.

usage: snippets.py FOLDER DOCUMENT…: writes each fenced block of YAML into FOLDER/github, FOLDER/gitlab or FOLDER/rest by
what it is, and prints how many of each there are. A list of steps is put into a job; a job, into a workflow.
"""

import json
import re
import sys
import textwrap
from pathlib import Path

from ruamel.yaml import YAML

STEPS = """name: snippet
on: push
permissions: {{}}
concurrency:
  group: snippet
  cancel-in-progress: false
jobs:
  snippet:
    name: snippet
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
{}
"""


def kind_of(text):
    parsed = YAML(typ="safe").load(text)
    if isinstance(parsed, list) and all("uses" in step or "run" in step for step in parsed):
        return "github", STEPS.format(textwrap.indent(textwrap.dedent(text).strip(), "      "))
    if isinstance(parsed, dict) and "jobs" in parsed and "on" in parsed:
        return "github", text
    if isinstance(parsed, dict) and any(isinstance(job, dict) and "script" in job or key == "include"
                                        for key, job in parsed.items()):
        return "gitlab", text
    return "rest", text


if __name__ == "__main__":
    folder, counts = Path(sys.argv[1]), {"github": 0, "gitlab": 0, "rest": 0}
    for document in map(Path, sys.argv[2:]):
        for number, found in enumerate(re.finditer(r"^```yaml\n(.*?)^```$", document.read_text(), re.M | re.S)):
            kind, text = kind_of(textwrap.dedent(found[1]))
            counts[kind] += 1
            place = folder / kind / (".github/workflows" if kind == "github" else "")
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{document.stem}-{number}.yml").write_text(text)
    print(json.dumps(counts))
