# SPDX-License-Identifier: AGPL-3.0-only
"""The scripts of tests/javascript/library/ as one function, for any server of functions: each path runs one, and answers
with what it printed."""

import json

from host import ROOT

SCRIPTS = ROOT / "tests/javascript/library"
# Those of which a case depends on nothing but itself.
NAMES = ("clone", "compression", "crypto", "encoding", "events", "forms", "streams", "url")

HANDLER = """
const handler = {
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
AS_MODULE = "export default handler;\n"
AS_LISTENER = 'addEventListener("fetch", (event) => event.respondWith(handler.fetch(event.request)));\n'
# For an engine without some of these: empty classes, so that a script goes on behind the first use of one.
STAND_INS = """
for (const name of "ByteLengthQueuingStrategy CountQueuingStrategy CustomEvent ErrorEvent MessageChannel MessageEvent MessagePort \\
PromiseRejectionEvent ReadableByteStreamController ReadableStreamBYOBReader ReadableStreamBYOBRequest \\
ReadableStreamDefaultController ReadableStreamDefaultReader TextDecoderStream TextEncoderStream \\
TransformStreamDefaultController WritableStreamDefaultController WritableStreamDefaultWriter".split(" ")) {
    globalThis[name] ??= class {};
}
"""


def script(name):
    """One of them by itself, with what it needs."""
    harness = (SCRIPTS / "harness.js").read_text(encoding="utf-8")
    text = (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
    return f"{harness}\n{text}\nclearInterval(alive);\n"


def source(entry=AS_MODULE):
    """All of them with a handler."""
    functions = [f"async {name}(console) {{\n{script(name)}}}" for name in NAMES]
    return "const SCRIPTS = {\n" + ",\n".join(functions) + "\n};\n" + HANDLER + entry


def cases_of(text):
    """Name and result of every case."""
    return dict(json.loads(line) for line in text.splitlines())
