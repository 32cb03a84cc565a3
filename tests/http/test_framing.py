# SPDX-License-Identifier: AGPL-3.0-only
"""What is malformed or could be understood in two ways is refused, and the connection closed: nothing behind it is
ever read as a request."""

import pytest

SMUGGLED = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"

HEAD = "POST /echo HTTP/1.1\r\nHost: localhost\r\n"

MALFORMED = {
    "both lengths": HEAD + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both lengths, the other way round": HEAD + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "the same length twice": HEAD + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "a list of lengths": HEAD + "Content-Length: 3, 3\r\n\r\nabc",
    "a signed length": HEAD + "Content-Length: +3\r\n\r\nabc",
    "a negative length": HEAD + "Content-Length: -1\r\n\r\n",
    "a hexadecimal length": HEAD + "Content-Length: 0x3\r\n\r\nabc",
    "an empty length": HEAD + "Content-Length: \r\n\r\n",
    "a length of words": HEAD + "Content-Length: three\r\n\r\nabc",
    "a length past 64 bits": HEAD + "Content-Length: 18446744073709551617\r\n\r\nabc",
    "a bare LF behind the request line": "GET /hello HTTP/1.1\nHost: localhost\r\n\r\n",
    "a bare LF behind a field": "GET /hello HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n",
    "a bare LF at the end": "GET /hello HTTP/1.1\r\nHost: localhost\r\n\n",
    "a bare CR in a value": "GET /hello HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n",
    "a folded field": "GET /hello HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n",
    "a fold before the first field": "GET /hello HTTP/1.1\r\n X: a\r\nHost: localhost\r\n\r\n",
    "a space before the colon": "GET /hello HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "no colon": "GET /hello HTTP/1.1\r\nHost: localhost\r\nX\r\n\r\n",
    "no name": "GET /hello HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n",
    "a zero in a value": "GET /hello HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
    "a zero in the target": "GET /he\0llo HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a space in the target": "GET /he llo HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no target": "GET HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a chunk size of words": HEAD + "Transfer-Encoding: chunked\r\n\r\nthree\r\nabc\r\n0\r\n\r\n",
    "a chunk size with 0x": HEAD + "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
    "a signed chunk size": HEAD + "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n",
    "a space in a chunk size": HEAD + "Transfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n",
    "an empty chunk size": HEAD + "Transfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n",
    "a chunk size past 64 bits": HEAD + "Transfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n",
    "a bare LF behind a chunk size": HEAD + "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
    "no line end behind a chunk": HEAD + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    "chunked and not last": HEAD + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunked twice": HEAD + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": HEAD + "Transfer-Encoding: gzip\r\n\r\n",
    "chunked with letters before": HEAD + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding in HTTP/1.0": "POST /echo HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "no Host": "GET /hello HTTP/1.1\r\n\r\n",
    "two Hosts": "GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "a Host with a space": "GET /hello HTTP/1.1\r\nHost: local host\r\n\r\n",
    "a Host with a path": "GET /hello HTTP/1.1\r\nHost: localhost/x\r\n\r\n",
    "a method with a bracket": "G(ET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no HTTP at all": "hello there\r\n\r\n",
    "binary": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed(probe, what):
    with probe.connect() as connection:
        connection.send(MALFORMED[what] + SMUGGLED)
        response = connection.response()
        if response.status == 200:
            # The head was in order; the body broke after the guest had begun to answer.
            assert "chunk" in what and not response.whole
        else:
            assert response.status == 400, response
            assert response.header("connection") == "close"
        assert b"HTTP/1.1" not in connection.rest()


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/3.0"])
def test_versions(probe, version):
    with probe.connect() as connection:
        connection.send(f"GET /hello {version}\r\nHost: localhost\r\n\r\n" + SMUGGLED)
        response = connection.response()
        assert response.status == 505
        assert b"HTTP/1.1" not in connection.rest()


def test_the_preface_of_http_2_is_no_request(probe):
    with probe.connect() as connection:
        connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert connection.response().status in (400, 505)
        connection.rest()


def test_empty_lines_before_a_request_are_passed_over(probe):
    with probe.connect() as connection:
        connection.send("\r\n" + SMUGGLED)
        assert connection.response().status == 200


@pytest.mark.parametrize(
    "line",
    ["Content-Length: 00003", "X-Empty:", "X-Spaces:   a b   ", "X-Latin: \xe4\xf6\xfc", "x: " + "y" * 8000],
)
def test_what_looks_odd_and_is_in_order(probe, line):
    with probe.connect() as connection:
        connection.send(HEAD + line + "\r\n\r\n" + ("abc" if "Length" in line else ""))
        assert connection.response().status == 200


def test_chunk_extensions_are_ignored(probe):
    with probe.connect() as connection:
        connection.send(HEAD + 'Transfer-Encoding: chunked\r\n\r\n3;a=b;c="d"\r\nabc\r\n0;last\r\n\r\n')
        assert connection.response().body == b"abc"


def test_an_expectation_that_nobody_knows_is_417(probe):
    with probe.connect() as connection:
        connection.send(HEAD + "Content-Length: 3\r\nExpect: a miracle\r\n\r\n")
        assert connection.response().status == 417


def test_connect_is_refused(probe):
    with probe.connect() as connection:
        connection.send("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")
        assert connection.response().status in (400, 405, 501)
