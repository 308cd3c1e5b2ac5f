"""Runs a composite action as a runner of GitHub would, as far as this one goes: `run` in bash, `uses` told only.

usage: composite.py ACTION_YML RUN_JSON. RUN_JSON has `inputs`, `github`, `runner`, `skipped` (outputs of `uses` steps by
id), and `workspace`. Prints {"failed": …, "outputs": …, "used": [{"uses", "with"}], "log": …} as JSON; the summary and
whatever else the steps write goes where the environment says.

Steps and expressions are read by what GitHub documents of them; what is not understood is refused.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from ruamel.yaml import YAML

TOKEN = re.compile(r"\s*(?:(?P<op>&&|\|\||==|!=|!|\(|\))|'(?P<text>[^']*)'|(?P<name>[A-Za-z_][\w.-]*(?:\(\))?))")


class Run:
    def __init__(self, action, given):
        self.inputs = {}
        self.github, self.runner, self.steps = given["github"], given["runner"], {}
        for name, declared in action["inputs"].items():
            self.inputs[name] = given["inputs"].pop(name, None)
            if self.inputs[name] is None:
                self.inputs[name] = self.filled(declared["default"])
        assert not given["inputs"], f"the action has no such inputs: {given['inputs']}"
        self.given, self.failed, self.used, self.log = given, False, [], []

    def value(self, expression):
        words, at = [], 0
        expression = expression.strip()
        while at < len(expression):
            found = TOKEN.match(expression, at)
            assert found, f"not understood: {expression[at:]}"
            at = found.end()
            words.append({"&&": "and", "||": "or", "!": "not"}.get(found["op"], found["op"]) if found["op"]
                         else repr(found["text"]) if found["text"] is not None else self.looked_up(found["name"]))
        return eval(" ".join(words), {"__builtins__": {}})

    def looked_up(self, name):
        if name == "cancelled()":
            return "False"
        value = {"inputs": self.inputs, "github": self.github, "runner": self.runner, "steps": self.steps}
        first, *others = name.split(".")
        assert first in value, f"no such context: {name}"
        value = value[first]
        for key in others:
            # What is not there is the empty text, as on GitHub.
            value = value.get(key, "") if isinstance(value, dict) else ""
        return repr(value)

    def filled(self, text):
        whole = re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(self.value(found[1])), str(text))
        assert "${{" not in whole, whole
        return whole

    def step(self, step):
        condition = step.get("if", "success()")
        status = "cancelled()" in condition
        if self.failed and not status:
            return
        if condition != "success()" and not self.value(condition):
            return
        outputs = {}
        if "uses" in step:
            self.used.append({"uses": step["uses"], "with": {k: self.filled(v) for k, v in step["with"].items()}})
            outputs = self.given["skipped"].get(step.get("id"), {})
        else:
            outputs = self.shell(step)
        if "id" in step:
            self.steps[step["id"]] = {"outputs": outputs}

    def shell(self, step):
        assert step["shell"] == "bash" and "${{" not in step["run"], "an expression in a script is an injection"
        with tempfile.TemporaryDirectory() as folder:
            script, output = Path(folder, "script.sh"), Path(folder, "output")
            script.write_text(step["run"])
            output.touch()
            environment = {**os.environ, "GITHUB_OUTPUT": str(output), **{
                name: self.filled(value) for name, value in step.get("env", {}).items()}}
            folder = Path(self.given["workspace"], self.filled(step.get("working-directory", ".")))
            done = subprocess.run(["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script], cwd=folder,
                                  env=environment, stdin=subprocess.DEVNULL, capture_output=True)
            self.log.append({"step": step["name"], "code": done.returncode, "stdout": done.stdout.decode(),
                             "stderr": done.stderr.decode()})
            self.failed |= done.returncode != 0
            return dict(line.split("=", 1) for line in output.read_text().splitlines())


if __name__ == "__main__":
    action = YAML(typ="safe").load(Path(sys.argv[1]))
    run = Run(action, json.loads(Path(sys.argv[2]).read_text()))
    assert action["runs"]["using"] == "composite"
    for step in action["runs"]["steps"]:
        run.step(step)
    outputs = {name: run.filled(output["value"]) for name, output in action["outputs"].items()}
    print(json.dumps({"failed": run.failed, "outputs": outputs, "used": run.used, "log": run.log}))
