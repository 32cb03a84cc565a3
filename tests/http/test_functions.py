# SPDX-License-Identifier: AGPL-3.0-only
"""A folder of functions: found by the first label of the host name, each with its own configuration."""

import json
import shutil

import pytest
from host import Host, guest

REQUEST = "GET /hello HTTP/1.1\r\nHost: {}\r\n\r\n"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    functions = tmp_path_factory.mktemp("functions")
    shutil.copy(guest("hello"), functions / "hello.wasm")
    shutil.copy(guest("probe"), functions / "probe.wasm")
    shutil.copy(guest("probe"), functions / "a-1.wasm")
    shutil.copy(guest("c"), functions / "c.wasm")
    shutil.copy(guest("wat/no-export"), functions / "broken.wasm")
    (functions / "probe.toml").write_text(
        '[limits]\nrequest_body = "10B"\nrequest_header = "1KB"\nduration = "300ms"\n[environment]\nWHO = "probe"\n'
    )
    (functions / "README.txt").write_text("not a function\n")
    with Host(functions=functions, workers=2) as host:
        host.wait_for_line(message="functions loaded", seconds=60)
        yield host


def ask(host, name, target="/hello", **options):
    method = options.pop("method", "GET")
    return host.request(method, target, [("Host", name)], **options)


@pytest.mark.parametrize(
    "name", ["hello", "hello.localhost", "hello.localhost:8080", "HELLO.Localhost", "hello.", "hello.example.com."]
)
def test_the_first_label_is_the_name(host, name):
    assert ask(host, name).body == b"Hello, world!\n"


def test_others_are_others(host):
    assert ask(host, "c.localhost").body == b"Hello from C!\n"
    assert ask(host, "a-1.localhost").body == b"Hello, world!\n"


@pytest.mark.parametrize(
    "name",
    [
        "unknown.localhost",
        "localhost",
        "127.0.0.1",
        "127.0.0.1:8080",
        "[::1]",
        "[::1]:80",
        "hello-.localhost",
        "xn--hello",
    ],
)
def test_no_such_function(host, name):
    response = ask(host, name)
    assert response.status == 404 and response.error == "function_not_found"
    assert response.header("proxy-status").startswith("fn0; error=destination_not_found")


def test_without_a_name(host):
    with host.connect() as connection:
        connection.send("GET /hello HTTP/1.0\r\n\r\n")
        assert connection.response().status == 404
    with host.connect() as connection:
        connection.send("GET /hello HTTP/1.1\r\n\r\n")
        assert connection.response().status == 400
    with host.connect() as connection:
        connection.send("GET /hello HTTP/1.1\r\nHost:\r\n\r\n")
        assert connection.response().status in (400, 404)


def test_the_target_may_name_it(host):
    with host.connect() as connection:
        connection.send(f"GET http://hello.localhost/ HTTP/1.1\r\nHost: {'c.localhost'}\r\n\r\n")
        assert connection.response().body == b"Hello, world!\n"


def test_a_broken_function_is_unavailable(host):
    response = ask(host, "broken.localhost")
    assert response.status == 503 and response.error.startswith(("function_broken", "component_"))
    assert response.header("retry-after")
    line = host.wait_for_line(message="a function cannot be loaded", function="broken")
    assert line["level"] == "error" and "incoming-handler" in line["reason"]


def test_its_own_limits(host):
    assert ask(host, "probe.localhost", "/size", method="POST", body=b"x" * 10).status == 200
    assert ask(host, "probe.localhost", "/size", method="POST", body=b"x" * 11).status == 413
    assert ask(host, "a-1.localhost", "/size", method="POST", body=b"x" * 11).status == 200
    assert ask(host, "probe.localhost", "/sleep?ms=5000").status == 504
    assert ask(host, "a-1.localhost", "/sleep?ms=400").status == 200
    filler = [("Host", "probe.localhost"), ("X-Filler", "f" * 1000)]
    assert host.get("/hello", filler).status == 431
    assert host.get("/hello", [("Host", "a-1.localhost"), *filler[1:]]).status == 200


def test_its_own_environment(host):
    assert json.loads(ask(host, "probe.localhost", "/environment").body)["variables"] == [["WHO", "probe"]]
    assert json.loads(ask(host, "a-1.localhost", "/environment").body)["variables"] == []


def test_one_connection_may_ask_several(host):
    with host.connect() as connection:
        connection.send("".join(REQUEST.format(name) for name in ("hello.x", "c.x", "nobody.x", "hello.x")))
        answers = [connection.response() for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 404, 200]
    assert answers[1].body == b"Hello from C!\n"


def test_more_than_the_host_allows_is_refused(start_host, tmp_path):
    """When it is loaded, with both numbers."""
    functions = tmp_path / "functions"
    functions.mkdir()
    shutil.copy(guest("hello"), functions / "greedy.wasm")
    (functions / "greedy.toml").write_text('[limits]\nmemory = "256MB"\n')
    host = start_host(functions=functions)
    line = host.wait_for_line(message="a function cannot be loaded", function="greedy")
    assert "256 MB" in line["reason"] and "128 MB" in line["reason"]
    assert "greedy.toml" in line["reason"]
    assert ask(host, "greedy.localhost").status == 503


def test_the_host_may_allow_more(start_host, tmp_path):
    functions = tmp_path / "functions"
    functions.mkdir()
    shutil.copy(guest("probe"), functions / "greedy.wasm")
    (functions / "greedy.toml").write_text('[limits]\nmemory = "256MB"\ncpu = "1s"\n')
    host = start_host(functions=functions, config='[limits.max]\nmemory = "512MB"\ncpu = "none"\n')
    assert json.loads(ask(host, "greedy.localhost", "/memory?mb=200").body)["grown"] is True


def test_one_function_leaves_slots_for_others(start_host, tmp_path):
    """Three quarters are the most that one takes."""
    functions = tmp_path / "functions"
    functions.mkdir()
    for name in ("busy", "other"):
        shutil.copy(guest("probe"), functions / f"{name}.wasm")
    host = start_host(None, "--slots", "4", functions=functions)
    host.wait_for_line(message="functions loaded")
    ask(host, "other.localhost")
    connections = [host.connect() for _ in range(4)]
    for connection in connections:
        connection.send_head("GET", "/sleep?ms=700", [("Host", "busy.localhost")])
    assert connections[3].response().status == 503
    assert ask(host, "other.localhost").status == 200
    assert [connection.response().status for connection in connections[:3]] == [200] * 3
    for connection in connections:
        connection.close()


def test_an_empty_folder(start_host, tmp_path):
    (tmp_path / "functions").mkdir()
    host = start_host(functions=tmp_path / "functions")
    assert ask(host, "hello.localhost").status == 404
