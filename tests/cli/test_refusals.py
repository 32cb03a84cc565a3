# SPDX-License-Identifier: AGPL-3.0-only
"""Files that cannot be served, each refused with its reason: where it is the only one, and where it is one of many."""

import pytest
from host import Host, guest

TEXT = "this is no component\n"


def write(path, content):
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


REFUSED = {
    "threads": (lambda: guest("wat/shared-memory").read_bytes(), ["not supported", "async"]),
    "atomics": (lambda: guest("wat/atomics").read_bytes(), ["not supported", "async"]),
    "a core module": (lambda: guest("wat/core-module").read_bytes(), ["module"]),
    "no export": (lambda: guest("wat/no-export").read_bytes(), ["wasi:http/incoming-handler"]),
    "another export": (lambda: guest("wat/other-export").read_bytes(), ["wasi:http/incoming-handler"]),
    "an unknown import": (lambda: guest("wat/unknown-import").read_bytes(), ["example:thing/api"]),
    "an unknown function": (lambda: guest("wat/unknown-function").read_bytes(), ["get-lucky-number"]),
    "half a file": (lambda: guest("hello").read_bytes()[:10_000], []),
    "all but its last byte": (lambda: guest("hello").read_bytes()[:-1], []),
    "its first eight bytes": (lambda: guest("hello").read_bytes()[:8], []),
    "a text": (lambda: TEXT, []),
    "text that says it is wasm": (lambda: b"\0asm" + TEXT.encode(), []),
    "an empty file": (lambda: b"", ["empty"]),
    "a native program": (lambda: open("/bin/true", "rb").read(), []),
    "too large a table": (lambda: guest("wat/large-table").read_bytes(), ["table"]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_only_component(tmp_path, what):
    """Nothing to serve: the reason, then the end."""
    content, words = REFUSED[what]
    path = write(tmp_path / "function.wasm", content())
    host = Host(path, ready=False)
    assert host.wait() == 1
    assert host.ready_line is None
    reason = " ".join(str(line) for line in host.log)
    assert str(path) in reason
    for word in words:
        assert word in reason
    last = host.log[-1]
    assert isinstance(last, str) and last.startswith("fn0: ") and str(path) in last


def test_one_of_many(tmp_path):
    """The others are served."""
    functions = tmp_path / "functions"
    functions.mkdir()
    for number, what in enumerate(REFUSED):
        write(functions / f"broken-{number}.wasm", REFUSED[what][0]())
    write(functions / "hello.wasm", guest("hello").read_bytes())
    with Host(functions=functions) as host:
        host.wait_for_line(message="functions loaded", ready=1, broken=len(REFUSED), seconds=60)
        assert host.get("/", [("Host", "hello.x")]).status == 200
        for number, what in enumerate(REFUSED):
            response = host.get("/", [("Host", f"broken-{number}.x")])
            assert response.status == 503, what
            # What is wrong with it is nothing for clients.
            assert b"import" not in response.body and b"wasm" not in response.body
            (line,) = host.lines(message="a function cannot be loaded", function=f"broken-{number}")
            for word in REFUSED[what][1]:
                assert word in line["reason"], what


def test_names_that_are_none(tmp_path):
    """Files whose name cannot be a label are left out, and that is said."""
    functions = tmp_path / "functions"
    functions.mkdir()
    for name in ("Hello World", "under_score", "-hyphen", "x" * 64):
        write(functions / f"{name}.wasm", guest("hello").read_bytes())
    write(functions / "notes.txt", TEXT)
    with Host(functions=functions) as host:
        host.wait_for_line(message="functions loaded", ready=0, broken=0)
        assert len([line for line in host.log if isinstance(line, dict) and "is ignored" in line["message"]]) == 4


def test_a_wrong_configuration_beside_the_component(tmp_path):
    path = write(tmp_path / "function.wasm", guest("hello").read_bytes())
    write(tmp_path / "function.toml", "[limits]\ncpu = 5\n")
    host = Host(path, ready=False)
    assert host.wait() == 1
    assert "function.toml:2: limits.cpu" in " ".join(str(line) for line in host.log)


def test_what_only_a_host_may_say(tmp_path):
    path = write(tmp_path / "function.wasm", guest("hello").read_bytes())
    write(tmp_path / "function.toml", "workers = 5\n")
    host = Host(path, ready=False)
    assert host.wait() == 1
    assert "workers" in " ".join(str(line) for line in host.log)
