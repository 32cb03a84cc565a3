# SPDX-License-Identifier: AGPL-3.0-only
"""Functions as they are written for Workers: functions/workers.ts.

FN0_JAVASCRIPT=node runs the same by Node: what is expected here holds there too.
"""

import gzip
import hashlib
import hmac
import json
import time

import pytest
from function import IN_NODE, Client, project, start
from host import ROOT, eventually
from origin import Origin


class KeepingOrigin(Origin):
    kept = ()

    def _answer_lines(self, request):
        request.read_body()
        request.head("Transfer-Encoding: chunked\r\n")
        data = "".join(
            json.dumps({"id": number, "name": "né"}, ensure_ascii=False) + "\n" for number in range(3)
        ).encode()
        for at in range(0, len(data), 7):
            piece = data[at : at + 7]
            request.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        request.send("0\r\n\r\n")

    def _answer_kept(self, request):
        body = b"".join(request.body())
        self.kept = (*self.kept, body)
        report = {
            "type": request.header("content-type"),
            "length": request.header("content-length"),
            "body": body.decode("latin-1"),
        }
        request.answer(json.dumps(report).encode(), fields="Content-Type: application/json\r\n")


@pytest.fixture(scope="module")
def origin():
    with KeepingOrigin() as origin:
        yield origin


@pytest.fixture(scope="module")
def workers(origin):
    variables = {"SECRET": "open sesame", "ORIGIN": origin.url("")}
    server = start(project(ROOT / "tests/javascript/functions"), "workers.ts", variables)
    yield Client(server)
    server.stop()


def test_events_leave_one_by_one(workers):
    with workers.server.connect() as connection:
        connection.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
        began = time.monotonic()
        head = connection.take_until(b"id: 1")
        first = time.monotonic() - began
        assert b"text/event-stream" in head
        connection.take_until(b"id: 3")
        assert time.monotonic() - began - first > 0.15


def test_a_stream_is_pulled(workers):
    assert workers.text("/pulled") == "line 1\nline 2\nline 3\n"


def test_a_body_is_sent_and_stored(workers):
    text = "some text " * 10_000
    assert workers.text("/tee", text, {"Content-Type": "text/x-own"}) == text
    eventually(lambda: "stored 100000 characters" in workers.server.said())


def test_lines_of_json_are_transformed(workers):
    lines = workers.text("/jsonLines").splitlines()
    assert [json.loads(line) for line in lines] == [{"id": number, "name": "né", "seen": True} for number in range(3)]


def test_an_answer_is_compressed(workers):
    answer = workers.get("/compressed", {"Accept-Encoding": "gzip"})
    assert answer.header("content-encoding") == "gzip" and gzip.decompress(answer.body) == b"the same " * 1000


def test_cookies_are_signed_and_checked(workers):
    signed = workers.get("/signCookie")
    session, theme = [value for name, value in signed.headers if name == "set-cookie"]
    signature = hmac.new(b"open sesame", b"ada.1700000000", hashlib.sha256).hexdigest()
    assert session == f"session=ada.1700000000.{signature}; Path=/; HttpOnly; Secure; SameSite=Lax"
    assert theme == "theme=dark; Max-Age=60"
    cookie = f"theme=dark; session=ada.1700000000.{signature}"
    assert workers.json("/checkCookie", headers={"Cookie": cookie}) == {"user": "ada"}
    refused = workers.get("/checkCookie", {"Cookie": cookie.replace("ada", "eve")})
    assert (refused.status, refused.header("www-authenticate")) == (401, "Cookie")
    assert workers.get("/checkCookie").status == 401


def test_cryptography(workers):
    sealed = workers.json("/seal", "geheim é")
    assert (sealed["shown"], sealed["bytes"], len(sealed["id"])) == ("geheim é", len("geheim é".encode()) + 16, 36)
    assert workers.text("/digest", "abc") == hashlib.sha256(b"abc").hexdigest()


def test_files_are_uploaded(workers):
    part = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    body = (
        part.format("title", "", "Fotos")
        + part.format("file", '; filename="a.txt"\r\nContent-Type: text/plain', "ä")
        + part.format("file", '; filename="b.bin"', "")
        + "--x--\r\n"
    )
    answer = workers.post("/upload", body, {"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status == 201
    found = json.loads(answer.body)
    assert found["title"] == "Fotos"
    assert found["files"][0] == {"name": "a.txt", "type": "text/plain", "size": 2, "text": "ä"}
    assert (found["files"][1]["name"], found["files"][1]["size"]) == ("b.bin", 0)


def test_redirections_and_conditions(workers):
    moved = workers.get("/redirectTo")
    assert moved.status == 301 and moved.header("location").endswith("/elsewhere?from=here")
    fresh = workers.get("/cached")
    assert fresh.header("cache-control") == "public, max-age=60" and fresh.header("etag")
    same = workers.get("/cached", {"If-None-Match": fresh.header("etag")})
    assert (same.status, same.body, same.header("etag")) == (304, b"", fresh.header("etag"))


def test_cors(workers):
    asked = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-own",
    }
    answer = workers("OPTIONS", "/cors", None, asked)
    assert (answer.status, answer.header("access-control-allow-headers"), answer.body) == (200, "x-own", b"")
    assert workers.get("/cors").header("access-control-allow-origin") == "*"
    assert workers.post("/cors", "").status == 405


def test_basic_authentication(workers):
    refused = workers.get("/login")
    assert (refused.status, refused.header("www-authenticate")) == (401, 'Basic realm="my scope", charset="UTF-8"')
    assert workers.text("/login", headers={"Authorization": "Basic w6RkYTpvcGVuOnNlc2FtZQ=="}) == "Hello äda, 11"


def test_requests_are_changed_and_handed_on(workers):
    answer = workers.get("/addHeaders?q=1", {"Cookie": "a=b", "X-Own": "kept"})
    sent = json.loads(answer.body)
    headers = dict(sent["headers"])
    assert sent["target"] == "/headers?q=1"
    assert (headers["x-added"], headers["x-own"], headers.get("cookie")) == ("yes", "kept", None)
    assert (answer.header("x-frame-options"), answer.header("server-timing")) == ("DENY", "origin;dur=1")
    assert workers.text("/echoThrough", "posted " * 1000) == "posted " * 1000


def test_fetches_run_at_the_same_time(workers):
    found = workers.json("/all")
    assert found["texts"] == ["slow\n"] * 3 + ["ooo"] and 150 <= found["took"] < 400
    assert found["settled"] == ["rejected", "rejected", "fulfilled"]


def test_bodies_of_all_kinds_are_posted(workers):
    one, two, form, blob, data = workers.json("/post")
    assert (one["type"], one["body"]) == ("application/json", '{"a":1}')
    assert two["type"].lower() == "application/x-www-form-urlencoded;charset=utf-8" and two["body"] == "q=a+b&r=%C3%A9"
    assert form["type"].startswith("multipart/form-data; boundary=") and 'filename="name.txt"' in form["body"]
    assert (blob["type"], blob["body"], blob["length"]) == ("text/html", "<b>", "3")
    assert (data["type"], data["body"]) == (None, "\x01\x02\x03")


def test_fetches_are_given_up(workers):
    assert workers.json("/withTimeout") == ["TimeoutError", "TimeoutError", "mine", "AbortError", "fast"]


def test_a_signal_aborts_what_is_being_read(workers):
    found = workers.json("/abortedBody")
    if IN_NODE:
        found[4] = "enough"  # Node forgets the reason
    assert found == ["enough"] * 5 + ["undefined", "onetwo", "basic"]
    for _ in range(40):
        assert workers.text("/longSignal") == "ooo"


@pytest.mark.skipif(IN_NODE, reason="how an answer is cut off is the server's")
def test_an_answer_that_is_passed_on_is_cut_off_by_its_signal(workers):
    with workers.server.connect() as connection:
        connection.send("GET /abortedPassing HTTP/1.1\r\nHost: a\r\n\r\n")
        began = time.monotonic()
        connection.take_until(b"one")
        assert connection.rest() == b"\r\n" and time.monotonic() - began < 1.5
    eventually(lambda: any("TimeoutError" in line for line in workers.server.said()))


def test_work_goes_on_behind_the_answer(workers, origin):
    before = len(origin.kept)
    assert workers.text("/logLater", headers={"User-Agent": "tester"}) == "answered first"
    eventually(lambda: len(origin.kept) > before and b'"agent":"tester"' in origin.kept[-1])
    if not IN_NODE:
        eventually(lambda: any("logging failed" in line for line in workers.server.said()))


def test_bodies_are_read_once(workers):
    assert workers.json("/readTwice", '{"a":1}') == {
        "text": '{"a":1}',
        "json": {"a": 1},
        "a": 1,
        "again": "TypeError",
        "used": [True, True],
    }
    assert workers.text("/immutable") == "TypeError"


@pytest.mark.skipif(IN_NODE, reason="this Node has no URLPattern")
def test_what_a_request_says(workers):
    found = workers.json("/about/cats/and/dogs?a=1&a=2")
    assert found["groups"] == {"kind": "cats", "0": "and/dogs"} and found["query"] == [["a", "1"], ["a", "2"]]
    assert found["method"] == "GET" and found["cf"] is False
