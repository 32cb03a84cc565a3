# SPDX-License-Identifier: AGPL-3.0-only
"""Functions in Python: what sdk/python offers, and what a build says of sources that are wrong."""

import json

import pytest
from host import ROOT, SANITIZED, SHARED_CACHE, Host
from origin import Origin
from projects import Folder

pytestmark = [
    # Building takes a minute on a busy machine.
    pytest.mark.timeout(600),
    pytest.mark.skipif(SANITIZED, reason="these are tests of the SDK"),
]

SOURCE = """\
import os
import sys

import beside
from fn0 import Request, Response, fetch

started = beside.STARTED


def handle(request: Request) -> Response:
    if request.path == "/chunks":
        return Response((f"{i}\\n".encode() for i in range(3)), headers={"x-a": "1", "X-B": "2"})
    if request.path == "/large":
        return Response(b"x" * 1_000_000, 203)
    if request.path == "/echo":
        return Response(request.chunks(), content_type="text/html")
    if request.path == "/raise":
        raise ValueError("odd")
    if request.path == "/none":
        return None
    if request.path == "/log":
        print("seen")
        print("wrong", file=sys.stderr)
        return Response(os.environ["GREETING"])
    if request.path == "/fetch":
        try:
            answer = fetch(request.query["url"], "POST", {"x-sent": "yes"}, "sent")
            return Response.json([answer.status, answer.headers.get("X-Origin"), answer.text], 201)
        except ConnectionError as error:
            return Response(str(error), 502)
    told = [request.method, request.path, request.query, request.headers.get("X-Some"), request.text, started]
    return Response.json(told)
"""


class Project(Folder):
    def environment(self, **variables):
        return super().environment(**{"FN0_SDK_PYTHON": str(ROOT / "build/sdk/python"), **variables})

    def build(self, **variables):
        SHARED_CACHE.mkdir(parents=True, exist_ok=True)
        return self.fn0("build", f"--cache-dir={SHARED_CACHE}", seconds=500, **variables)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = Project(tmp_path_factory.mktemp("python"))
    made.write("fn0.toml", 'name = "py"\nmain = "src/app.py"\n')
    made.write("src/app.py", SOURCE)
    made.write("src/beside.py", 'STARTED = "at the build"\n')
    made.bring_componentize_py()
    result = made.build()
    assert result.returncode == 0, result.stderr
    return made


@pytest.fixture(scope="module")
def host(project):
    words = ["--env", "GREETING=hi", "--limits", "none", "--outbound-allow", "127.0.0.0/8"]
    with Host(project.path / ".fn0/py.wasm", *words) as running:
        yield running


def test_a_request_is_told_whole(host):
    answer = host.request("PUT", "/some/path?a=1&b=c+d%21&a=2&e", headers=[("x-some", "value")], body="ä".encode())
    assert answer.header("content-type") == "application/json"
    assert json.loads(answer.body) == [
        "PUT",
        "/some/path",
        {"a": "1", "b": "c d!", "e": ""},
        "value",
        "ä",
        "at the build",
    ]
    assert json.loads(host.request("BREW", "/").body)[0] == "BREW"


def test_answers(host):
    answer = host.get("/chunks")
    assert answer.text == "0\n1\n2\n" and answer.header("x-a") == "1" and answer.header("x-b") == "2"
    assert answer.header("content-type") == "application/octet-stream"
    answer = host.get("/large")
    assert answer.status == 203 and answer.body == b"x" * 1_000_000
    answer = host.request("POST", "/echo", body=b"y" * 200_000)
    assert answer.body == b"y" * 200_000 and answer.header("content-type") == "text/html"


def test_logs_and_variables(host):
    assert host.get("/log").text == "hi"
    assert host.wait_for_line(message="output", line="seen", stream="stdout")
    assert host.wait_for_line(message="output", line="wrong", stream="stderr")


def test_exceptions(host):
    answer = host.get("/raise")
    assert answer.status == 500 and answer.text == "The function failed.\n"
    assert host.wait_for_line(message="output", line="ValueError: odd")
    assert host.get("/none").status == 500
    assert host.wait_for_line(message="output", line="TypeError: handle returned NoneType, not a Response")


def test_outgoing_requests(host):
    with Origin() as origin:
        answer = host.get(f"/fetch?url=http://127.0.0.1:{origin.port}/echo")
        assert answer.status == 201, answer.text
        status, _, text = json.loads(answer.body)
        assert status == 200 and "sent" in text
    answer = host.get("/fetch?url=http://127.0.0.1:1/")
    assert answer.status == 502 and "http://127.0.0.1:1/: " in answer.text


def test_what_is_wrong_is_said(project, tmp_path):
    source = project.path / "src/app.py"
    try:
        source.write_text("def handle(request\n")
        result = project.build()
        assert result.returncode == 1 and "SyntaxError" in result.stderr
        assert result.stderr.endswith("fn0: componentize-py could not build src/app.py: the reason is above\n")
    finally:
        source.write_text(SOURCE)
    result = project.build(FN0_SDK_PYTHON=str(tmp_path))
    assert result.returncode == 1 and "fn0.py is missing" in result.stderr


def test_what_is_missing(tmp_path):
    project = Project(tmp_path)
    project.write("fn0.toml", 'name = "py"\nmain = "app.py"\n')
    project.write("app.py", "")
    result = project.build(PATH=str(tmp_path))
    assert result.returncode == 1 and "pip install componentize-py==0.25.1" in result.stderr
    project.write("fn0.toml", 'name = "py"\nmain = "my-app.py"\n')
    result = project.build()
    assert result.returncode == 2 and "main: my-app.py cannot be imported" in result.stderr
