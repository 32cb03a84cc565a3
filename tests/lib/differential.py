# SPDX-License-Identifier: AGPL-3.0-only
"""The same script in Node and in the JavaScript engine's quick shell, and what came out of both."""

import difflib
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "tests/javascript/library"
LIBRARY = ROOT / "build/sdk/javascript/library.js"
SHELL = os.environ.get("FN0_JAVASCRIPT_SHELL", str(ROOT / "build/sdk/javascript/native/shell"))
SECONDS = 60
ABSENT = "absent"
# The levels that sd-daemon(3) puts in front of a line.
LEVEL = re.compile(r"^<[0-7]>", re.MULTILINE)


def run(command):
    """What the program wrote, its two streams apart; the engine's marks of levels are taken off."""
    environment = {**os.environ, "TZ": "UTC"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, env=environment)
    assert done.returncode >= 0 and "Sanitizer" not in done.stderr, done.stderr
    return LEVEL.sub("", done.stdout), LEVEL.sub("", done.stderr)


def run_in_engine(text, name="script", hooks=False):
    """The two streams of a script in the engine, which takes every script for a module. `hooks`: the script finds what
    C calls in the library in a global of that name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.mjs"
        path.write_text(text, encoding="utf-8")
        library = LIBRARY
        if hooks:
            library = Path(folder) / "library.js"
            library.write_text(
                "globalThis.hooks = fn0Native.hooks;" + LIBRARY.read_text(encoding="utf-8"), encoding="utf-8"
            )
        return run([SHELL, str(library), str(path)])


def run_in_both(text, name="script", hooks=False):
    """The two streams of the script in Node, and in the engine."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.mjs"
        path.write_text(text, encoding="utf-8")
        return run(["node", "--no-warnings", str(path)]), run_in_engine(text, name, hooks)


def cases_of(streams):
    """Name and result of every case, from the lines of JSON that harness.js prints."""
    output, errors = streams
    cases = {}
    for line in output.splitlines():
        name, result = json.loads(line)
        assert name not in cases, f"two cases are called {name!r}"
        cases[name] = result
    assert cases, f"no case at all ran: {errors}"
    return cases, errors


def compare(script, differences=None, hooks=False):
    """Runs a script of tests/javascript/library/ in both. `differences`: by the reason, the cases in which the engine
    answers otherwise than Node, with its answers."""
    listed = {name: (answer, reason) for reason, cases in (differences or {}).items() for name, answer in cases.items()}
    harness = (SCRIPTS / "harness.js").read_text(encoding="utf-8")
    text = (SCRIPTS / f"{script}.js").read_text(encoding="utf-8")
    node, engine = run_in_both(f"{harness}\n{text}\nclearInterval(alive);\n", script, hooks)
    expected, node_errors = cases_of(node)
    found, engine_errors = cases_of(engine)
    complaints = []
    for name in expected | found:
        here, there = found.get(name, ABSENT), expected.get(name, ABSENT)
        if name not in listed and here != there:
            complaints.append(f"{name}\n    engine: {here}\n    Node:   {there}")
        elif name in listed and here != listed[name][0]:
            complaints.append(f"{name}\n    engine: {here}\n    listed: {listed[name][0]}")
        elif name in listed and here == there:
            complaints.append(f"{name}: differs no more ({listed[name][1]}): take it off the list")
    complaints += [
        f"{name}: listed as different, but there is no such case" for name in listed.keys() - (expected | found).keys()
    ]
    assert not complaints, "\n".join(
        [f"{len(complaints)} of {len(expected)} cases", *complaints, engine_errors[-2000:]]
    )
    assert engine_errors == node_errors


def sections_of(stream):
    """What was printed, by the name behind the "##" that begins a part."""
    parts = re.split(r"^## (.*)\n", stream, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def compare_sections(text, name, differences=None):
    """Runs a script that prints "## NAME" before each part, in both; compares the parts of both streams. `differences`:
    by the reason, the parts that differ, with what the engine prints; a part of the errors is called "NAME (errors)"."""
    node, engine = run_in_both(text, name)
    listed = {part: printed for cases in (differences or {}).values() for part, printed in cases.items()}
    assert engine[0].count("\n## ") == node[0].count("\n## "), engine[1][-2000:] + node[1][-2000:]
    expected = sections_of(node[0]) | {f"{part} (errors)": text for part, text in sections_of(node[1]).items()}
    found = sections_of(engine[0]) | {f"{part} (errors)": text for part, text in sections_of(engine[1]).items()}
    complaints = [f"{part}: listed as different, but there is no such part" for part in listed.keys() - expected.keys()]
    for part, printed in expected.items():
        if found.get(part) != listed.get(part, printed):
            lines = difflib.ndiff(listed.get(part, printed).splitlines(), str(found.get(part)).splitlines())
            complaints.append("\n".join([part, *(line for line in lines if not line.startswith(" "))]))
        elif listed.get(part) == printed:
            complaints.append(f"{part}: differs no more: take it off the list")
    assert not complaints, "\n".join([f"{len(complaints)} of {len(expected)} parts", *complaints])


def generated_values(seed, count):
    """Source text: helpers, then expressions of values of every kind."""
    packages = ROOT / "build/deps/javascript-tests"
    command = ["node", str(SCRIPTS / "generate.mjs"), str(packages), str(seed), str(count)]
    made = json.loads(subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout)
    return "\n".join(made["helpers"]), made["expressions"]
