"""Reads YAML on standard input and prints the scripts in it as JSON: [{"text": …, "variables": {…}}]."""

import json
import sys

import yaml


def scripts(node):
    if isinstance(node, dict):
        if isinstance(node.get("run"), str):
            variables = {name: str(value) for name, value in (node.get("env") or {}).items()}
            yield {"text": node["run"], "variables": variables}
        if node.get("language") == "system" and isinstance(node.get("entry"), str):
            yield {"text": node["entry"], "variables": {}}
        for key in ("before_script", "script", "after_script"):
            if key in node:
                lines = node[key] if isinstance(node[key], list) else [node[key]]
                yield {"text": "\n".join(lines), "variables": {}}
        for value in node.values():
            yield from scripts(value)
    elif isinstance(node, list):
        for value in node:
            yield from scripts(value)


json.dump(list(scripts(yaml.safe_load(sys.stdin))), sys.stdout)
