# SPDX-License-Identifier: AGPL-3.0-only
"""Code that changes while a host runs."""

import os
import shutil
import threading
import time

import pytest
from host import SANITIZED, eventually, guest
from wire import elapsed


def marked(name, mark):
    """The bytes of a guest with a section of its own: another version that does the same."""
    content = b"\4mark" + mark.encode()
    return guest(name).read_bytes() + bytes([0, len(content)]) + content


def replace(path, content):
    aside = path.with_name(f".{path.name}.aside")
    aside.write_bytes(content)
    aside.rename(path)


def ask(host, name, target="/", **options):
    return host.get(target, [("Host", f"{name}.localhost")], **options)


@pytest.fixture
def functions(tmp_path):
    folder = tmp_path / "functions"
    folder.mkdir()
    return folder


def start(start_host, functions, **options):
    host = start_host(functions=functions, **options)
    host.wait_for_line(message="functions loaded")
    return host


def swapped(host, count=1, function="a"):
    return eventually(
        lambda: (lines := host.lines(message="function swapped", function=function))[count - 1 :] and lines[-1],
        20,
        f"swap {count} of {function}",
    )


def test_a_renamed_file_is_swapped_in(start_host, functions):
    replace(functions / "a.wasm", guest("hello").read_bytes())
    host = start(start_host, functions, workers=2)
    with host.connect() as kept:
        assert kept.get("/", [("Host", "a.localhost")]).text == "Hello, world!\n"
        replace(functions / "a.wasm", guest("c").read_bytes())
        line = swapped(host)
        # From the line on each request, on kept and new connections and of both workers, gets the new version.
        for _ in range(20):
            assert kept.get("/", [("Host", "a.localhost")]).text == "Hello from C!\n"
            assert ask(host, "a").text == "Hello from C!\n"
    assert len(line["version"]) == 12 and len(line["old_version"]) == 12 and line["version"] != line["old_version"]
    assert line["compile_ms"] >= 0
    assert len(host.lines(message="function swapped")) == 1


def test_the_only_component_is_swapped(start_host, tmp_path):
    path = tmp_path / "My App.wasm"
    replace(path, guest("hello").read_bytes())
    host = start_host(path)
    assert host.get("/").text == "Hello, world!\n"
    replace(path, guest("c").read_bytes())
    swapped(host, function="my-app")
    assert host.get("/").text == "Hello from C!\n"
    path.unlink()
    host.wait_for_line(message="function removed")
    assert host.get("/").status == 404
    path.write_bytes(guest("hello").read_bytes())
    eventually(lambda: len(host.lines(message="function ready")) == 2)
    assert host.get("/").text == "Hello, world!\n"


def test_a_file_rewritten_slowly_is_waited_for(start_host, functions):
    path = functions / "a.wasm"
    replace(path, guest("hello").read_bytes())
    host = start(start_host, functions)
    content = guest("c").read_bytes()
    with path.open("wb") as file:
        for at in range(0, len(content), 10000):
            file.write(content[at : at + 10000])
            file.flush()
            if at + 10000 < len(content):
                time.sleep(0.15)
                assert ask(host, "a").text == "Hello, world!\n"
    swapped(host)
    assert ask(host, "a").text == "Hello from C!\n"
    assert not host.lines(level="error")


def test_running_calls_end_on_the_old_version(start_host, functions):
    replace(functions / "a.wasm", guest("probe").read_bytes())
    host = start(start_host, functions)
    answers = []
    sleeper = threading.Thread(target=lambda: answers.append(ask(host, "a", "/sleep?ms=3000")))
    with host.connect() as streaming:
        sleeper.start()
        streaming.send_head("POST", "/echo", [("Host", "a.localhost"), ("Transfer-Encoding", "chunked")])
        streaming.send_chunk(b"before")
        assert streaming.head().status == 200
        assert streaming.chunk() == b"before"
        replace(functions / "a.wasm", guest("c").read_bytes())
        swapped(host)
        assert ask(host, "a").text == "Hello from C!\n"
        streaming.send_chunk(b"after")
        streaming.send_last_chunk()
        assert streaming.chunk() == b"after"
        assert streaming.chunk() == b""
    sleeper.join()
    assert answers[0].status == 200 and answers[0].whole


def test_a_load_sees_no_failure(start_host, functions):
    replace(functions / "a.wasm", marked("hello", "0"))
    # Lines are dropped where more come than are read, so not all that a load could say is asked for.
    host = start(start_host, functions, workers=2, log_level="info")
    over = threading.Event()
    failures, counts = [], []

    def client():
        count = 0
        with host.connect() as connection:
            while not over.is_set():
                answer = connection.get("/", [("Host", "a.localhost")])
                count += 1
                if answer.status != 200 or answer.text != "Hello, world!\n":
                    failures.append(answer)
        counts.append(count)

    clients = [threading.Thread(target=client) for _ in range(4)]
    for thread in clients:
        thread.start()
    for round in range(1, 9):
        replace(functions / "a.wasm", marked("hello", str(round)))
        swapped(host, round)
    over.set()
    for thread in clients:
        thread.join()
    assert not failures and min(counts) > 10
    assert not host.lines(level="error")


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", "empty"),
        (b"<html>not found</html>\n", "text file"),
        (None, "truncated"),
        ("wat/unknown-import", "example:thing/api@1.0.0"),
        ("wat/atomics", "use async/await"),
    ],
)
def test_a_broken_file_leaves_the_old_version(start_host, functions, content, reason):
    path = functions / "a.wasm"
    replace(path, guest("hello").read_bytes())
    host = start(start_host, functions)
    before = host.lines(message="function ready")[0]["version"]
    if content is None:
        content = guest("c").read_bytes()[:5000]
    elif isinstance(content, str):
        content = guest(content).read_bytes()
    replace(path, content)
    line = host.wait_for_line(level="error", function="a")
    assert reason in line["reason"] and "a.wasm" in line["reason"]
    assert line["version"] == before
    for _ in range(5):
        assert ask(host, "a").text == "Hello, world!\n"
    # It is said once; and what is good again is swapped in.
    replace(path, guest("c").read_bytes())
    swapped(host)
    assert ask(host, "a").text == "Hello from C!\n"
    assert len(host.lines(level="error")) == 1


def test_functions_come_and_go(start_host, functions):
    replace(functions / "a.wasm", guest("hello").read_bytes())
    host = start(start_host, functions)
    assert ask(host, "b").status == 404
    replace(functions / "b.wasm", guest("c").read_bytes())
    host.wait_for_line(message="function ready", function="b")
    assert ask(host, "b").text == "Hello from C!\n"
    (functions / "a.wasm").unlink()
    host.wait_for_line(message="function removed", function="a")
    answer = ask(host, "a")
    assert answer.status == 404 and answer.error == "function_not_found"
    assert ask(host, "b").status == 200
    replace(functions / "a.wasm", guest("hello").read_bytes())
    eventually(lambda: len(host.lines(message="function ready", function="a")) == 2)
    assert ask(host, "a").status == 200


def test_a_configuration_alone_compiles_nothing(start_host, functions):
    replace(functions / "a.wasm", guest("probe").read_bytes())
    host = start(start_host, functions)
    assert "COLOUR" not in ask(host, "a", "/environment").text
    (functions / "a.toml").write_text('[environment]\nCOLOUR = "green"\n')
    line = swapped(host)
    assert line["compile_ms"] == 0 and line["version"] == line["old_version"]
    assert "green" in ask(host, "a", "/environment").text
    (functions / "a.toml").write_text('[environment]\nCOLOUR = "blue"\n')
    swapped(host, 2)
    assert "blue" in ask(host, "a", "/environment").text
    # A wrong one is reported with its line, and changes nothing.
    (functions / "a.toml").write_text("[limits]\ncpu = 5\n")
    line = host.wait_for_line(level="error", function="a")
    assert "a.toml:2" in line["reason"]
    assert "blue" in ask(host, "a", "/environment").text
    (functions / "a.toml").unlink()
    swapped(host, 3)
    assert "COLOUR" not in ask(host, "a", "/environment").text


def test_a_folder_that_is_a_link_is_switched(start_host, tmp_path):
    for name, component in (("one", "hello"), ("two", "c")):
        (tmp_path / name).mkdir()
        shutil.copy(guest(component), tmp_path / name / "a.wasm")
    (tmp_path / "current").symlink_to("one")
    host = start(start_host, tmp_path / "current")
    assert ask(host, "a").text == "Hello, world!\n"
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").rename(tmp_path / "current")
    swapped(host)
    assert ask(host, "a").text == "Hello from C!\n"


def test_the_last_of_many_versions_wins(start_host, functions):
    path = functions / "a.wasm"
    replace(path, guest("hello").read_bytes())
    host = start(start_host, functions)
    for round in range(60):
        if round % 2:
            replace(path, marked("hello", str(round)))
        else:
            path.write_bytes(marked("hello", str(round)))
        time.sleep(0.02)
    replace(path, guest("c").read_bytes())
    eventually(lambda: ask(host, "a").text == "Hello from C!\n", 20, "the last version")
    time.sleep(3)
    assert ask(host, "a").text == "Hello from C!\n"


@pytest.mark.timeout(300)
def test_the_first_call_waits_for_its_compile_and_nobody_else_does(start_host, functions, tmp_path):
    replace(functions / "quick.wasm", guest("hello").read_bytes())
    cache = tmp_path / "cache"
    host = start(start_host, functions, cache=cache)
    shutil.copy(guest("javascript-handler"), functions / "slow.wasm")
    eventually(lambda: children_of(host), 10, "a compile")
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(slow_answer(host)))
    waiting.start()
    # A compile runs at low priority in a process of its own: what is there already is served meanwhile.
    slowest = 0
    while not host.lines(message="function ready", function="slow") and len(answers) == 0:
        since = time.monotonic()
        assert ask(host, "quick").status == 200
        slowest = max(slowest, elapsed(since))
        time.sleep(0.02)
    waiting.join()
    assert answers[0].status == 200
    assert SANITIZED or slowest < 1
    assert not children_of(host)


def slow_answer(host):
    with host.connect(timeout=200) as connection:
        return connection.get("/", [("Host", "slow.localhost")])


def children_of(host):
    """The processes that a host has started and not reaped."""
    children = []
    for task in os.listdir(f"/proc/{host.process.pid}/task"):
        try:
            with open(f"/proc/{host.process.pid}/task/{task}/children") as file:
                children += [int(word) for word in file.read().split()]
        except FileNotFoundError:
            pass
    return children


@pytest.mark.timeout(300)
def test_a_compile_does_not_hold_the_end(start_host, functions, tmp_path):
    host = start_host(functions=functions, cache=tmp_path / "cache")
    shutil.copy(guest("javascript-handler"), functions / "slow.wasm")
    child = eventually(lambda: children_of(host), 10, "a compile")[0]
    since = time.monotonic()
    host.stop()
    assert elapsed(since) < (10 if SANITIZED else 2)
    assert not os.path.exists(f"/proc/{child}")
