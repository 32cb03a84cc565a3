# SPDX-License-Identifier: AGPL-3.0-only
"""Runs the bundler of the JavaScript SDK, and what it made, in Node."""

import json
import subprocess

from host import ROOT

BUNDLE = ROOT / "sdk/javascript/builder/bundle.mjs"
PACKAGES = ROOT / "build/deps/javascript-tests/node_modules"


def write_project(folder, files):
    """Files by their paths in `folder`; a text or bytes each."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content)
    return folder


def run_bundle(folder, entry, *, mode="production", out="out"):
    """`node bundle.mjs ENTRY` in `folder`: the finished process."""
    words = ["node", str(BUNDLE), entry, "--out-dir", out, "--mode", mode]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60)


def bundled(folder, entry, **options):
    """Builds what has to build; the folder with main.js and main.js.map."""
    done = run_bundle(folder, entry, **options)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stderr
    return folder / options.get("out", "out")


def evaluate(built, expression):
    """What `expression` is in Node, as JSON, with the bundle as `module` and its default export as `handler`."""
    script = f"""
        import * as module from {json.dumps(str(built / "main.js"))};
        const handler = module.default;
        console.log(JSON.stringify(await ({expression})));
    """
    copy = built / "package.json"
    copy.write_text('{"type": "module"}')
    words = ["node", "--enable-source-maps", "--input-type=module", "-e", script]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
