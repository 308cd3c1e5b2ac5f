"""schema.py SCHEMA toml|json: holds the text on standard input against a JSON Schema.

A date of TOML counts as the string that it is written as, which is how editors hold TOML against such schemas.
"""

import datetime
import json
import sys
import tomllib

import jsonschema


def plain(node):
    if isinstance(node, dict):
        return {key: plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    if isinstance(node, datetime.datetime):
        return node.isoformat().replace("+00:00", "Z")
    return node.isoformat() if isinstance(node, datetime.date) else node


with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
text = sys.stdin.read()
value = plain(tomllib.loads(text) if sys.argv[2] == "toml" else json.loads(text))
validator = jsonschema.validators.validator_for(schema)
validator.check_schema(schema)
faults = [f"{fault.json_path}: {fault.message}" for fault in validator(schema).iter_errors(value)]
if faults:
    sys.exit("\n".join(faults))
