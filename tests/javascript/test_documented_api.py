# SPDX-License-Identifier: AGPL-3.0-only
"""docs/javascript.md says what is offered; the engine has it, the types declare it, and neither has more."""

import json
import re
import subprocess

import pytest
from function import IN_NODE, Client, project, start
from host import ROOT

DOCUMENT = ROOT / "docs/javascript.md"
GENERATE = ROOT / "sdk/javascript/types/generate.mjs"
MEMBERS = ROOT / "tests/javascript/lib/members.mjs"
TYPES = ROOT / "build/sdk/javascript/types"

# What a server of ECMA-429 has.
ECMA_429 = set(
    """AbortController AbortSignal Blob ByteLengthQueuingStrategy CompressionStream CountQueuingStrategy Crypto CryptoKey
    DecompressionStream DOMException ErrorEvent Event EventTarget File FormData Headers MessageChannel MessageEvent
    MessagePort Performance PromiseRejectionEvent ReadableByteStreamController ReadableStream ReadableStreamBYOBReader
    ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader Request Response SubtleCrypto
    TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream TransformStreamDefaultController URL
    URLPattern URLSearchParams WebAssembly WritableStream WritableStreamDefaultController WritableStreamDefaultWriter
    atob btoa clearInterval clearTimeout console crypto fetch globalThis navigator onerror onrejectionhandled
    onunhandledrejection performance queueMicrotask reportError self setInterval setTimeout structuredClone""".split()
)

# Members that TypeScript's declarations leave out of constructors and prototypes, or that no specification has.
NO_MEMBERS = {"prototype"}
NOT_STANDARD = {("Console", "timeStamp"), ("File", "webkitRelativePath")}

# Names that engines have beyond ECMAScript's and that docs/javascript.md need not speak of.
ENGINES_OWN = {"InternalError"}


def rows():
    """Name -> (how far, what stands beside it), of all tables that begin with "| API |"."""
    found = {}
    for table in re.findall(r"^\| API \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)", DOCUMENT.read_text(), re.M):
        for line in table.splitlines():
            name, how, note = (cell.strip() for cell in line.strip("|").split("|"))
            assert name.strip("`") not in found, f"{name} has two rows"
            found[name.strip("`")] = (how, note)
    return found


ROWS = rows()
OFFERED = sorted(name for name, (how, _) in ROWS.items() if how != "absent")
MISSING = sorted(
    {
        name
        for _, note in ROWS.values()
        if note.startswith("without ")
        for name in re.findall(r"`([A-Z]\w*\.\w+)`", note)
    }
)


@pytest.fixture(scope="module")
def types():
    subprocess.run(["node", str(GENERATE), str(TYPES)], check=True, timeout=60)
    words = ["node", str(MEMBERS), str(TYPES / "index.d.ts")]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout)


@pytest.fixture(scope="module")
def engine():
    if IN_NODE:
        pytest.skip("Node has names of its own")
    server = start(project(ROOT / "tests/javascript/functions"), "api.ts")
    yield Client(server).json("/")
    server.stop()


@pytest.fixture(scope="module")
def ecmascript():
    """The names of ECMAScript itself."""
    script = "console.log(require('vm').runInNewContext('Object.getOwnPropertyNames(globalThis).join()'))"
    words = ["node", "-e", script]
    names = subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout.strip().split(",")
    return {
        *names,
        "Iterator",
        "AsyncIterator",
        "Float16Array",
        "DisposableStack",
        "AsyncDisposableStack",
        "SuppressedError",
    }


def test_each_api_of_the_standard_has_a_row():
    assert ECMA_429 - ROWS.keys() == set()
    assert {how for how, _ in ROWS.values()} <= {"whole", "in part", "absent"}


def test_a_row_that_is_in_part_says_what_is_missing():
    assert [name for name, (how, note) in ROWS.items() if how in ("in part", "absent") and not note] == []


@pytest.mark.parametrize("name", OFFERED)
def test_the_engine_has_what_is_declared(name, engine, types):
    if name == "globalThis":
        return
    assert name in engine
    declared = types["declared"][name]
    assert set(declared["static"]) - NO_MEMBERS - set(engine[name]["static"]) == set()
    instance = {re.sub(r"^\[Symbol\.(\w+)\]$", r"[Symbol.\1]", member) for member in declared["instance"]}
    assert instance - set(engine[name]["instance"]) == set()


@pytest.mark.parametrize("name", sorted(name for name, (how, _) in ROWS.items() if how == "absent"))
def test_what_is_absent_is_not_there(name, engine, types):
    assert name not in engine and name not in types["declared"]


@pytest.mark.parametrize("path", MISSING)
def test_a_member_that_is_missing_is_not_there(path, engine, types):
    name, member = path.split(".")
    assert name in engine
    for side in ("static", "instance"):
        assert member not in engine[name][side] and member not in types["declared"][name][side]


def test_what_the_types_leave_out_is_documented(types):
    for name, members in types["without"].items():
        for member in members:
            if (name, member) not in NOT_STANDARD:
                assert ROWS[name][0] == "in part", f"{name}.{member}"


def test_nothing_is_declared_that_is_not_documented(types):
    assert types["declared"].keys() - ROWS.keys() == set()


def test_the_engine_has_nothing_that_is_not_documented(engine, ecmascript):
    names = {name for name in engine if not name.startswith("[")}
    assert names - ecmascript - ROWS.keys() - ENGINES_OWN == set()
