# SPDX-License-Identifier: AGPL-3.0-only
"""The scripts of tests/javascript/library/ as one function, for any server of functions: each path runs one."""

import json

from host import ROOT

SCRIPTS = ROOT / "tests/javascript/library"
# Those of which a case depends on nothing but itself; workerd waits for ever in one of streams.
NAMES = ("clone", "crypto", "encoding", "events", "forms", "url")

SHELL = """
export default {
    async fetch(request) {
        const lines = [];
        try {
            await SCRIPTS[new URL(request.url).pathname.slice(1)]({ ...console, log: (line) => lines.push(line) });
        } catch (error) {
            lines.push(JSON.stringify(["the script came to its end", String(error)]));
        }
        return new Response(lines.join("\\n"));
    },
};
"""


def script(name):
    """One of them by itself, with what it needs."""
    harness = (SCRIPTS / "harness.js").read_text(encoding="utf-8")
    text = (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
    return f"{harness}\n{text}\nclearInterval(alive);\n"


def source():
    """All of them: a module with a handler."""
    functions = [f"async {name}(console) {{\n{script(name)}}}" for name in NAMES]
    return "const SCRIPTS = {\n" + ",\n".join(functions) + "\n};\n" + SHELL


def cases_of(text):
    """Name and result of every case."""
    return dict(json.loads(line) for line in text.splitlines())
