# SPDX-License-Identifier: AGPL-3.0-only
"""Functions that use up the stack or the memory: an error that can be caught, or the end of that one instance."""

import re
from urllib.parse import quote

import pytest
from function import IN_NODE, Client, project
from host import ROOT, Host, run

pytestmark = pytest.mark.skipif(IN_NODE, reason="what fn0 does")
SOURCE = ROOT / "tests/javascript/functions/exhaustion.ts"
CONFIGURATION = """
[limits]
cpu = "none"
duration = "none"
memory = "24MB"

[limits.max]
cpu = "none"
duration = "none"
"""

# How deep a function may call itself in each way, at least; 0: not a matter of calls.
DEPTHS = {
    "calls": 3000,
    "arguments": 3000,
    "constructors": 3000,
    "getters": 3000,
    "proxies": 2000,
    "generators": 1000,
    "map": 1000,
    "sort": 750,
    "replace": 750,
    "strings": 750,
    "reviver": 1000,
    "headers": 1000,
    "request": 1000,
    "JSON.parse": 0,
    "JSON.stringify": 0,
    "flat": 0,
}
MEMORY = ["bytes", "objects", "strings", "one string", "promises", "one buffer", "headers", "blobs", "encoded"]


@pytest.fixture(scope="module")
def function(tmp_path_factory):
    folder = project(SOURCE.parent)
    done = run("build", folder / SOURCE.name, "-o", folder / "exhaustion.wasm")
    assert done.returncode == 0, done.stderr
    with Host(folder / "exhaustion.wasm", config=CONFIGURATION, folder=tmp_path_factory.mktemp("exhaustion")) as server:
        yield Client(server)


def works(function):
    return function.get("/").status == 200


@pytest.mark.parametrize("kind", DEPTHS)
def test_a_runaway_recursion_is_a_range_error(function, kind):
    error, depth = function.json(f"/stack?kind={kind}")
    assert error == "RangeError" and depth >= DEPTHS[kind]
    assert works(function)


def test_a_pattern_that_is_too_deep_is_a_syntax_error(function):
    assert function.json("/stack?kind=regexp")[0] == "SyntaxError"


def test_source_text_that_is_too_deep_ends_the_instance(function):
    assert function.get("/stack?kind=eval").status == 502
    assert works(function)


@pytest.mark.parametrize("kind", MEMORY)
def test_too_much_memory_is_an_error_that_can_be_caught(function, kind):
    assert function.json(f"/memory?kind={quote(kind)}") in ("InternalError", "RangeError", "null")
    assert works(function)


@pytest.mark.parametrize("kind", ["bytes", "objects", "promises"])
def test_too_much_memory_that_nobody_catches_is_500(function, kind):
    assert function.get(f"/memory/uncaught?kind={kind}").status == 500
    assert works(function)


@pytest.mark.parametrize("kind", ["bytes", "objects", "strings"])
def test_an_instance_that_keeps_all_of_its_memory_serves_no_more(function, kind):
    for _ in range(3):
        assert function.get(f"/memory/kept?kind={kind}").status == 500
        assert works(function)


def test_each_kind_is_tried():
    source = SOURCE.read_text()
    kinds = [quoted or word for quoted, word in re.findall(r'^    (?:"([^"]+)"|(\w+)): ', source, re.M)]
    assert set(kinds) == {*DEPTHS, "regexp", "eval", *MEMORY}
