# SPDX-License-Identifier: AGPL-3.0-only
"""Functions in JavaScript, built from source and served for tests.

By fn0, as people do: `fn0 build`, then `fn0 serve`. With FN0_JAVASCRIPT=node the same bundle is served by Node, which shows
whether a test expects what is right.
"""

import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

from bundler import PACKAGES, bundled
from host import ROOT, Host, _die_with_parent, run
from wire import Connection

IN_NODE = os.environ.get("FN0_JAVASCRIPT") == "node"
# The sanitized program has none beside it.
os.environ.setdefault("FN0_SDK", str(ROOT / "build/sdk/javascript"))
SERVE = ROOT / "tests/javascript/lib/serve.mjs"
WORK = ROOT / "build/javascript-functions"


def project(sources):
    """The folder of `sources` as a project of its own, with all packages in reach, beside the build: nothing is written
    into the tree."""
    folder = WORK / ("node" if IN_NODE else "fn0") / Path(sources).name
    folder.mkdir(parents=True, exist_ok=True)
    for path in Path(sources).iterdir():
        if path.is_file() and path.suffix != ".py":
            shutil.copyfile(path, folder / path.name)
    modules = folder / "node_modules"
    if not modules.exists():
        modules.unlink(missing_ok=True)
        modules.symlink_to(PACKAGES)
    return folder


class NodeServer:
    """What Host is for fn0, as far as these tests go."""

    def __init__(self, main, variables):
        self.process = subprocess.Popen(
            ["node", str(SERVE), str(main)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_die_with_parent,
            env={**os.environ, "VARIABLES": json.dumps(variables), "TZ": "UTC"},
        )
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.port = int(line)
        self.output = []
        for pipe in (self.process.stdout, self.process.stderr):
            threading.Thread(target=self._read, args=(pipe,), daemon=True).start()

    def _read(self, pipe):
        for line in pipe:
            self.output.append(line.rstrip("\n"))

    def stop(self):
        self.process.kill()
        self.process.wait()

    def connect(self, **options):
        return Connection("127.0.0.1", self.port, **options)

    def said(self):
        """What the function wrote by console."""
        return list(self.output)


class FunctionHost(Host):
    """fn0 with one function, without limits on what it computes, and with this machine in its reach."""

    def __init__(self, component, variables, **options):
        words = ["--limits", "none", "--outbound-allow", "127.0.0.0/8"]
        for name, value in variables.items():
            words += ["--env", f"{name}={value}"]
        super().__init__(component, *words, **options)

    def said(self):
        return [line["line"] for line in self.lines(message="output")]


def start(folder, name, variables=None, *options):
    """Builds folder/NAME (a source file), by fn0 with these options, and serves it; the caller stops what it gets."""
    stem = Path(name).stem
    if IN_NODE:
        built = bundled(folder, name, out=f"{stem}.out")
        (built / "package.json").write_text('{"type": "module"}')
        return NodeServer(built / "main.js", variables or {})
    component = folder / f"{stem}.wasm"
    done = run("build", folder / name, "-o", component, *options)
    assert done.returncode == 0, done.stderr
    return FunctionHost(component, variables or {})


class Client:
    """Requests to one served function, each on a connection of its own."""

    def __init__(self, server):
        self.server = server

    def __call__(self, method, target, body=None, headers=None):
        fields = list((headers or {}).items()) if not isinstance(headers, list) else headers
        if isinstance(body, dict | list):
            body = json.dumps(body)
            fields.append(("Content-Type", "application/json"))
        if isinstance(body, str):
            body = body.encode()
        with self.server.connect() as connection:
            return connection.request(method, target, fields, body)

    def get(self, target, headers=None):
        return self("GET", target, None, headers)

    def post(self, target, body, headers=None):
        return self("POST", target, body, headers)

    def json(self, target, body=None, headers=None):
        """The body of a 200 as JSON."""
        answer = self.get(target, headers) if body is None else self.post(target, body, headers)
        assert answer.status == 200, (answer.status, answer.text)
        return json.loads(answer.body)

    def text(self, target, body=None, headers=None):
        answer = self.get(target, headers) if body is None else self.post(target, body, headers)
        assert answer.status == 200, (answer.status, answer.text)
        return answer.text
