"""Reads a page as browsers do (html5lib, the parsing of the HTML standard) and holds it against what a page must be that
needs nothing else. Prints what it holds as JSON.

usage: read_page.py FILE
"""

import json
import re
import sys

import html5lib

# Whatever could ask for something, or run.
FORBIDDEN = {"script", "img", "iframe", "object", "embed", "base", "form", "input", "button", "video", "audio", "source",
             "picture", "image", "foreignobject", "animate", "set"}


def name_of(element):
    return element.tag.split("}")[-1].lower() if isinstance(element.tag, str) else "comment"


def text_of(element):
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def main():
    with open(sys.argv[1], "rb") as file:
        raw = file.read()
    parser = html5lib.HTMLParser(namespaceHTMLElements=True)
    document = parser.parse(raw, transport_encoding="utf-8")
    # `content` of a meta element, custom attributes and the like are fine; what the standard calls a parse error is not.
    assert not parser.errors, [(position, code) for position, code, _ in parser.errors][:5]
    ids, hrefs, headings = [], [], []
    for element in document.iter():
        name = name_of(element)
        assert name not in FORBIDDEN, f"<{name}>"
        for attribute, value in element.attrib.items():
            attribute = attribute.split("}")[-1].lower() if isinstance(attribute, str) else attribute
            assert not attribute.startswith("on"), f"<{name} {attribute}>"
            assert attribute not in {"style", "src", "srcset", "action", "ping", "background"}, f"<{name} {attribute}>"
            if attribute == "href":
                assert value == "data:," or value.startswith("#"), f"<{name} href={value}>"
                hrefs.append(value)
            if attribute == "id":
                ids.append(value)
        if name == "style":
            css = "".join(element.itertext())
            assert "url(" not in css and "@import" not in css, "the style asks for something"
        if re.fullmatch("h[1-6]", name):
            headings.append((int(name[1]), text_of(element)))
    assert len(ids) == len(set(ids)), sorted(i for i in ids if ids.count(i) > 1)
    for href in hrefs:
        assert href == "data:," or href[1:] in ids, f"{href} leads nowhere"
    levels = [level for level, _ in headings]
    assert levels[0] == 1 and levels.count(1) == 1, levels
    for before, after in zip(levels, levels[1:]):
        assert after <= before + 1, f"a heading of level {after} after one of {before}"
    html = document
    assert html.attrib.get("lang") == "en"
    classes = lambda element: (element.attrib.get("class") or "").split()
    found = lambda want: [e for e in document.iter() if want in classes(e)]
    rows = [text_of(e) for e in found("row") if name_of(e) == "li"]
    json.dump({
        "title": [text_of(e) for e in document.iter() if name_of(e) == "title"][0],
        "headings": [text for _, text in headings],
        "rows": rows,
        "remedies": [text_of(e) for e in found("remedy")],
        "matrix": [text_of(e) for e in document.iter() if name_of(e) == "tr"],
        "text": text_of([e for e in document.iter() if name_of(e) == "body"][0]),
        "policy": [e.attrib["content"] for e in document.iter() if e.attrib.get("http-equiv")],
    }, sys.stdout)


main()
