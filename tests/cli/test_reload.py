# SPDX-License-Identifier: AGPL-3.0-only
"""Files that are replaced, rewritten, broken, removed and brought back while a host serves them."""

import os
import shutil
import time

import pytest
from host import Host, eventually, guest

HELLO = b"Hello, world!\n"
HELLO_C = b"Hello from C!\n"


def rewrite(path, source):
    """In place: some editors and compilers do."""
    path.write_bytes(guest(source).read_bytes())


def rename(path, source):
    """Beside it, then renamed over it: others do that."""
    aside = path.with_suffix(".aside")
    shutil.copy(guest(source), aside)
    os.replace(aside, path)


def in_pieces(path, source):
    """As a slow copy does."""
    content = guest(source).read_bytes()
    with open(path, "wb") as file:
        for at in range(0, len(content), len(content) // 10 + 1):
            file.write(content[at : at + len(content) // 10 + 1])
            file.flush()
            time.sleep(0.05)


def link(path, source):
    """A symbolic link is switched: deployments do."""
    aside = path.with_suffix(".link")
    os.symlink(guest(source), aside)
    os.replace(aside, path)


WAYS = {"rewrite": rewrite, "rename": rename, "in pieces": in_pieces, "link": link}


@pytest.fixture
def component(tmp_path):
    path = tmp_path / "function.wasm"
    shutil.copy(guest("hello"), path)
    return path


@pytest.mark.parametrize("way", WAYS)
def test_a_replaced_component(start_host, component, way):
    host = start_host(component, workers=2)
    assert host.get("/").body == HELLO
    WAYS[way](component, "c")
    line = host.wait_for_line(message="function swapped", function="function")
    assert line["old_version"] != line["version"]
    # From the logged swap on every worker has the new one.
    assert {host.get("/").body for _ in range(20)} == {HELLO_C}
    assert len(host.lines(message="function swapped")) == 1
    assert host.lines(level="error") == []


def test_there_and_back(start_host, component):
    host = start_host(component)
    for number, (source, body) in enumerate([("c", HELLO_C), ("hello", HELLO), ("c", HELLO_C)], 1):
        rename(component, source)
        eventually(lambda count=number: len(host.lines(message="function swapped")) == count, 20, "the swap")
        assert host.get("/").body == body


def test_the_same_content_again_is_no_change(start_host, component):
    host = start_host(component)
    first = host.get("/").body
    rename(component, "hello")
    os.utime(component)
    time.sleep(0.5)
    assert host.get("/").body == first
    assert host.lines(message="function swapped") == []


# ---- Broken


@pytest.mark.parametrize("content", [b"", b"this is no component", b"\0asm"])
def test_a_broken_new_file_changes_nothing(start_host, component, content):
    host = start_host(component)
    host.get("/")
    component.write_bytes(content)
    line = host.wait_for_line(message="a function cannot be loaded, its old version goes on serving")
    assert line["level"] == "error" and line["function"] == "function" and line["reason"]
    assert host.get("/").body == HELLO
    # And the next good one is taken.
    rename(component, "c")
    host.wait_for_line(message="function swapped")
    assert host.get("/").body == HELLO_C


def test_a_broken_file_is_reported_once(start_host, component):
    host = start_host(component)
    component.write_bytes(b"this is no component")
    message = "a function cannot be loaded, its old version goes on serving"
    host.wait_for_line(message=message)
    os.utime(component)
    time.sleep(2.5)
    assert len(host.lines(message=message)) == 1


# ---- Gone


def test_a_removed_component(start_host, component):
    host = start_host(component)
    assert host.get("/").status == 200
    component.unlink()
    host.wait_for_line(message="function removed", function="function")
    response = host.get("/")
    assert response.status == 404 and response.error == "function_not_found"
    shutil.copy(guest("c"), component)
    eventually(lambda: host.get("/").body == HELLO_C, 20, "the function to be back")


def test_running_calls_of_a_removed_function_end_well(start_host, tmp_path):
    component = tmp_path / "function.wasm"
    shutil.copy(guest("probe"), component)
    host = start_host(component, "--limits", "none")
    with host.connect() as connection:
        connection.send_head("GET", "/sleep?ms=1000")
        host.wait_for_line(message="call", to="running")
        component.unlink()
        host.wait_for_line(message="function removed")
        assert host.get("/").status == 404
        assert connection.response().body == b"slept\n"


# ---- Folders


@pytest.fixture
def functions(tmp_path):
    functions = tmp_path / "functions"
    functions.mkdir()
    shutil.copy(guest("hello"), functions / "one.wasm")
    return functions


def ask(host, name):
    return host.get("/", [("Host", f"{name}.localhost")])


def test_a_renamed_function(start_host, functions):
    host = start_host(functions=functions)
    ask(host, "one")
    os.rename(functions / "one.wasm", functions / "other.wasm")
    eventually(lambda: ask(host, "other").status == 200, 10, "the new name")
    eventually(lambda: ask(host, "one").status == 404, 10, "the end of the old name")


def test_many_functions(start_host, tmp_path):
    """A hundred of them, all of one component: compiled once."""
    functions = tmp_path / "functions"
    functions.mkdir()
    for number in range(100):
        shutil.copy(guest("hello"), functions / f"f{number}.wasm")
    with Host(functions=functions, cache=tmp_path / "cache", workers=2) as host:
        host.wait_for_line(message="functions loaded", ready=100, broken=0, seconds=60)
        assert all(ask(host, f"f{number}").body == HELLO for number in range(100))
        assert len(host.lines(message="function ready", artifact="compiled")) == 1
