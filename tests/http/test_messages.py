# SPDX-License-Identifier: AGPL-3.0-only
"""HTTP/1.1 as clients speak it, with everything in order: what comes in reaches the guest, what goes out is framed."""

import email.utils
import json
import re
import time

import pytest
from host import guest
from wire import Broken


def seen(response):
    """What the guest saw of a request: the probe's report, its headers as a dict of lists."""
    report = json.loads(response.body)
    headers = {}
    for name, value in report["headers"]:
        headers.setdefault(name, []).append(value)
    report["headers"] = headers
    return report


def test_hello(probe):
    response = probe.get("/hello")
    assert (response.version, response.status, response.body) == ("HTTP/1.1", 200, b"Hello, world!\n")
    assert response.header("content-type") == "text/plain"
    assert response.header("connection") is None


def test_date(probe):
    date = email.utils.parsedate_to_datetime(probe.get("/hello").header("date"))
    assert abs(date.timestamp() - time.time()) < 5


def test_a_known_length_is_sent(probe):
    response = probe.get("/length?declared=5&sent=5")
    assert response.header("content-length") == "5"
    assert response.header("transfer-encoding") is None
    assert response.body == b"xxxxx"


def test_an_unknown_length_is_chunked(probe):
    response = probe.get("/stream?chunks=2&bytes=10&delay_ms=20")
    assert response.header("transfer-encoding") == "chunked"
    assert response.whole and response.body == b"x" * 20


def test_less_than_the_announced_length_is_a_cut(probe):
    response = probe.get("/length?declared=20&sent=10")
    assert not response.whole


def test_no_more_than_the_announced_length_arrives(probe):
    with probe.connect() as connection:
        response = connection.get("/length?declared=5&sent=10")
        # Either the guest was told and it is a fault of the function, or the rest never left.
        assert response.status == 502 or response.body == b"xxxxx" or not response.whole
        assert connection.rest() == b"" or response.status == 502


def test_what_the_guest_sees(probe):
    with probe.connect() as connection:
        response = connection.request(
            "GET", "/headers?a=b%20c&d", [("Host", "Some.Example:81"), ("X-Two", "1"), ("x-two", "2")]
        )
    report = seen(response)
    assert report["method"] == "GET"
    assert report["scheme"] == "http"
    assert report["authority"] == "Some.Example:81"
    assert report["path"] == "/headers?a=b%20c&d"
    assert report["headers"]["x-two"] == ["1", "2"]
    assert "connection" not in report["headers"]


def test_the_guest_sees_the_length_of_a_body(probe):
    assert seen(probe.request("POST", "/headers", body=b"12345"))["headers"]["content-length"] == ["5"]
    assert "content-length" not in seen(probe.get("/headers"))["headers"]
    assert "content-length" not in seen(probe.request("POST", "/headers", body=b"12345", chunked=True))["headers"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_methods_reach_the_guest(probe, method):
    assert seen(probe.request(method, "/headers"))["method"] == method


def test_head_has_the_head_only(probe):
    with probe.connect() as connection:
        response = connection.request("HEAD", "/hello")
        assert response.status == 200 and response.header("content-type") == "text/plain"
        # Nothing of a body stands before the next response.
        assert connection.get("/hello").body == b"Hello, world!\n"


@pytest.mark.parametrize("code", [204, 304])
def test_answers_without_a_body(probe, code):
    with probe.connect() as connection:
        response = connection.get(f"/status?code={code}")
        assert response.status == code
        assert response.header("transfer-encoding") is None
        assert connection.get("/hello").status == 200


@pytest.mark.parametrize("code", [200, 201, 299, 301, 404, 418, 500, 599])
def test_statuses(probe, code):
    assert probe.get(f"/status?code={code}").status == code


def test_options_of_the_server(probe):
    assert probe.request("OPTIONS", "*").status in (200, 204, 404)


def test_absolute_form(probe):
    with probe.connect() as connection:
        response = connection.request("GET", "http://in.the.target:82/headers?x", [("Host", "in.the.field")])
    report = seen(response)
    assert report["authority"] == "in.the.target:82"
    assert report["path"] == "/headers?x"


def test_absolute_form_without_a_path(probe):
    with probe.connect() as connection:
        assert connection.request("GET", "http://in.the.target", [("Host", "x")]).body == b"Hello, world!\n"


def test_ipv6(probe):
    with probe.connect(probe.addresses[1]) as connection:
        report = seen(connection.get("/headers"))
    assert probe.addresses[1][0] == "[::1]"
    assert report["headers"]["x-forwarded-for"] == ["::1"]


# ---- Connections


def test_keep_alive(probe):
    with probe.connect() as connection:
        for _ in range(20):
            assert connection.get("/hello").status == 200


def test_close_is_obeyed(probe):
    with probe.connect() as connection:
        response = connection.get("/hello", [("Connection", "close")])
        assert response.header("connection") == "close"
        assert connection.is_closed()


def test_http_1_0_closes(probe):
    with probe.connect() as connection:
        response = connection.request("GET", "/hello", version="HTTP/1.0")
        assert response.version in ("HTTP/1.0", "HTTP/1.1")
        assert response.header("transfer-encoding") is None
        assert response.body == b"Hello, world!\n"
        assert connection.is_closed()


def test_http_1_0_stream_ends_with_the_connection(probe):
    with probe.connect() as connection:
        response = connection.request("GET", "/stream?chunks=3&bytes=10&delay_ms=10", version="HTTP/1.0")
        assert response.header("transfer-encoding") is None
        assert response.body == b"x" * 30


def test_http_1_0_keep_alive(probe):
    with probe.connect() as connection:
        headers = [("Connection", "keep-alive")]
        response = connection.request("GET", "/length?declared=3&sent=3", headers, version="HTTP/1.0")
        assert response.header("connection") == "keep-alive"
        assert connection.request("GET", "/hello", headers, version="HTTP/1.0").status == 200


def test_pipelining(probe):
    """Answers come in the order of the requests, also where the first takes longest."""
    with probe.connect() as connection:
        paths = ["/sleep?ms=100", "/hello", "/status?code=404", "/stream?chunks=3&bytes=5", "/hello"]
        connection.send("".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n" for path in paths))
        answers = [connection.response() for _ in paths]
    assert [answer.status for answer in answers] == [200, 200, 404, 200, 200]
    assert answers[0].body == b"slept\n"
    assert answers[3].body == b"x" * 15


def test_pipelined_bodies(probe):
    with probe.connect() as connection:
        one = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n{}"
        connection.send("".join(one.format(text) for text in ("abc", "def", "ghi")))
        assert [connection.response().body for _ in range(3)] == [b"abc", b"def", b"ghi"]


def test_a_body_that_nobody_reads_does_not_break_the_next_request(probe):
    with probe.connect() as connection:
        assert connection.request("POST", "/read-nothing", body=b"x" * 1000).body == b"nothing read\n"
        try:
            assert connection.get("/hello").status == 200
        except (Broken, ConnectionError):
            pass  # closing is fine as well: the client may retry


def test_a_request_byte_by_byte(probe):
    with probe.connect() as connection:
        for byte in "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n":
            connection.send(byte)
        assert connection.response().body == b"abc"


# ---- Fields that stay between two ends


def test_hop_by_hop_fields_are_not_passed_on(probe):
    headers = [
        ("Connection", "keep-alive, X-Named"),
        ("X-Named", "1"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"),
        ("TE", "trailers"),
        ("Upgrade", "websocket"),
        ("X-Stays", "1"),
    ]
    names = set(seen(probe.get("/headers", headers))["headers"])
    assert "x-stays" in names
    assert not names & {"connection", "x-named", "keep-alive", "proxy-connection", "upgrade", "transfer-encoding"}


def test_guests_cannot_send_them_either(probe):
    report = json.loads(probe.get("/forbidden-headers").body)
    assert report.pop("x-good") == "taken"
    taken = [name for name, answer in report.items() if answer == "taken"]
    assert taken == []


def test_the_client_is_named_to_the_guest(probe):
    forged = [
        ("X-Forwarded-For", "1.2.3.4"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "for=1.2.3.4"),
        ("X-Request-Id", "forged"),
    ]
    response = probe.get("/headers", forged)
    headers = seen(response)["headers"]
    assert headers["x-forwarded-for"] == ["127.0.0.1"]
    assert headers["x-forwarded-proto"] == ["http"]
    assert "forwarded" not in headers
    assert re.fullmatch("[0-9a-f]{32}", headers["x-request-id"][0])
    assert response.header("x-request-id") == headers["x-request-id"][0]


def test_request_ids_differ(probe):
    with probe.connect() as connection:
        ids = {connection.get("/hello").header("x-request-id") for _ in range(50)}
    assert len(ids) == 50


def test_a_trusted_proxy_is_believed(start_host):
    host = start_host(guest("probe"), config='[net]\ntrusted_proxies = ["127.0.0.0/8"]\n')
    headers = [("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Proto", "https"), ("X-Request-Id", "from-the-proxy")]
    response = host.get("/headers", headers)
    report = seen(response)
    assert report["scheme"] == "https"
    assert report["headers"]["x-forwarded-for"] == ["1.2.3.4, 127.0.0.1"]
    assert report["headers"]["x-forwarded-proto"] == ["https"]
    assert response.header("x-request-id") == "from-the-proxy"
    assert host.get("/headers", [("X-Request-Id", "not one!")]).header("x-request-id") != "not one!"


# ---- fn0's own answers


def test_own_answers_are_a_line(probe):
    response = probe.get("/no-response")
    assert response.status == 502
    assert response.header("content-type") == "text/plain; charset=utf-8"
    assert response.header("proxy-status") == 'fn0; error=http_response_incomplete; details="no_response"'
    request_id = response.header("x-request-id")
    assert response.text == f"The function ended without a response. (request {request_id})\n"


def test_own_answers_are_problems_where_json_is_accepted(probe):
    response = probe.get("/no-response", [("Accept", "application/json")])
    assert response.header("content-type") == "application/problem+json"
    problem = json.loads(response.body)
    assert problem["status"] == 502 and problem["title"] == "Bad Gateway" and problem["error"] == "no_response"
    assert problem["request_id"] == response.header("x-request-id")


def test_own_answers_keep_the_connection(probe):
    with probe.connect() as connection:
        assert connection.get("/no-response").status == 502
        assert connection.get("/hello").status == 200
