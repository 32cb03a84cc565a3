# SPDX-License-Identifier: AGPL-3.0-only
"""Answers that come with a Content-Encoding: what a function reads, and what its client gets."""

import gzip
import json
import time
import zlib

import pytest
from function import IN_NODE, Client, project, start
from host import ROOT
from origin import Origin

pytestmark = pytest.mark.skipif(IN_NODE, reason="Node leaves the fields of the encoded bytes to the script")

TEXT = b"What is compressed comes back. " * 500
HUGE = 64 * 1024 * 1024


def raw_deflate(data):
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


FIVE_TIMES = zlib.compress(gzip.compress(zlib.compress(gzip.compress(gzip.compress(TEXT)))))

BODIES = {
    "gzip": ("gzip", gzip.compress(TEXT)),
    "upper": ("GZip", gzip.compress(TEXT)),
    "x-gzip": ("x-gzip", gzip.compress(TEXT)),
    "deflate": ("deflate", zlib.compress(TEXT)),
    "raw": ("deflate", raw_deflate(TEXT)),
    "members": ("gzip", gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:])),
    "padded": ("gzip", gzip.compress(TEXT) + bytes(100)),
    "plain": (None, TEXT),
    "identity": ("identity", TEXT),
    "br": ("br", b"no brotli at all"),
    "twice": ("deflate,gzip", gzip.compress(zlib.compress(TEXT))),
    "often": ("gzip, , x-gzip, deflate ,gzip, deflate", FIVE_TIMES),
    "too-often": ("gzip, gzip, gzip, gzip, gzip, gzip", b"six times"),
    "gzip-br": ("gzip, br", b"no brotli at all"),
    "empty": ("gzip", b""),
    "corrupt": ("gzip", gzip.compress(TEXT)[:40] + b"?" * 100),
    "cut": ("gzip", gzip.compress(TEXT)[:-12]),
    "sum": ("gzip", gzip.compress(TEXT)[:-8] + b"12345678"),
    "no-gzip": ("gzip", TEXT),
    "corrupt-inside": ("gzip, deflate", zlib.compress(gzip.compress(TEXT)[:40] + b"?" * 100)),
    "cut-inside": ("gzip, gzip", gzip.compress(gzip.compress(TEXT)[:-12])),
    "huge": ("gzip", gzip.compress(bytes(HUGE))),
}
DECODED = ("gzip", "upper", "x-gzip", "deflate", "raw", "members", "padded", "twice", "often")


class EncodedOrigin(Origin):
    """/body/NAME answers one of BODIES; /chunked/NAME a byte per chunk; /waiting waits in the middle."""

    def _answer_body(self, request, name):
        request.read_body()
        coding, body = BODIES[name]
        request.answer(body, fields=f'Content-Encoding: {coding}\r\nETag: "1"\r\n' if coding else "")

    def _answer_none(self, request, status):
        request.read_body()
        request.answer(b"", int(status), "Content-Encoding: gzip\r\n")

    def _answer_chunked(self, request, name):
        request.read_body()
        coding, body = BODIES[name]
        request.head(f"Content-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n")
        for byte in body:
            request.send(b"1\r\n%c\r\n" % byte)
        request.send("0\r\n\r\n")

    def _answer_waiting(self, request):
        request.read_body()
        request.head("Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")
        compressor = zlib.compressobj(wbits=31)
        first = compressor.compress(b"first") + compressor.flush(zlib.Z_SYNC_FLUSH)
        request.send(b"%x\r\n%s\r\n" % (len(first), first))
        time.sleep(5)


@pytest.fixture(scope="module")
def origin():
    with EncodedOrigin() as origin:
        yield origin


@pytest.fixture(scope="module")
def decoding(origin):
    server = start(project(ROOT / "tests/javascript/functions"), "decoding.ts", {"ORIGIN": origin.url("")})
    yield Client(server)
    server.stop()


@pytest.mark.parametrize("name", DECODED)
def test_the_content_is_what_a_script_reads(decoding, name):
    assert decoding.json(f"/read/body/{name}") == {"text": TEXT.decode()}
    assert decoding.json(f"/length/body/{name}")["length"] == len(TEXT)
    assert decoding.json(f"/read/chunked/{name}") == {"text": TEXT.decode()}


@pytest.mark.parametrize("name", ["corrupt", "cut", "sum", "no-gzip", "corrupt-inside", "cut-inside"])
def test_what_is_malformed_is_a_type_error_while_it_is_read(decoding, name):
    found = decoding.json(f"/read/body/{name}")
    assert found == {"name": "TypeError", "message": "the body is not what its Content-Encoding says, or was cut off"}


def test_an_empty_body_is_an_empty_content(decoding):
    assert decoding.json("/read/body/empty") == {"text": ""}


@pytest.mark.parametrize("name", ["plain", "identity", "br", "gzip-br", "too-often"])
def test_what_cannot_be_decoded_is_left_as_it_came(decoding, name):
    coding, body = BODIES[name]
    for how in ("pass", "rewrap"):
        answer = decoding.get(f"/{how}/body/{name}")
        assert (answer.body, answer.header("content-encoding")) == (body, coding)
        assert answer.header("content-length") == str(len(body))


@pytest.mark.parametrize("name", DECODED)
def test_an_answer_passed_on_unread_goes_on_as_it_came(decoding, name):
    coding, body = BODIES[name]
    for accepted in ("gzip, deflate, br", "deflate;q=0.5 , GZIP;q=0.1", "*", "br;q=0, *;q=0.001"):
        how = "signal" if accepted == "*" else "pass"
        answer = decoding.get(f"/{how}/body/{name}", {"Accept-Encoding": accepted})
        assert (answer.status, answer.body) == (200, body)
        assert answer.header("content-encoding") == coding
        assert answer.header("content-length") == str(len(body))
        assert answer.header("etag") == '"1"'


@pytest.mark.parametrize(
    "accepted", [None, "identity", "gzip;q=0, deflate;q=0", "gzip;q=0.000,deflate;q=0, *", "br", "*;q=0"]
)
def test_a_client_that_takes_no_coding_gets_the_content(decoding, accepted):
    for name in ("gzip", "deflate", "twice"):
        answer = decoding.get(f"/pass/body/{name}", {"Accept-Encoding": accepted} if accepted else {})
        assert (answer.status, answer.body, answer.header("content-encoding")) == (200, TEXT, None)
        assert answer.header("etag") == 'W/"1"'


@pytest.mark.parametrize("accepted", ["gzip", "deflate", "gzip, deflate;q=0", "br"])
def test_a_client_that_takes_one_coding_of_two_gets_the_content(decoding, accepted):
    answer = decoding.get("/pass/body/twice", {"Accept-Encoding": accepted})
    assert (answer.status, answer.body, answer.header("content-encoding")) == (200, TEXT, None)


@pytest.mark.parametrize("how", ["rewrap", "clone", "text"])
def test_what_a_script_has_touched_is_sent_as_content(decoding, how):
    answer = decoding.get(f"/{how}/body/gzip", {"Accept-Encoding": "gzip"})
    assert (answer.status, answer.body, answer.header("content-encoding")) == (200, TEXT, None)
    assert answer.header("content-length") in (None, str(len(TEXT)))


def test_the_fields_of_the_encoded_bytes_are_not_seen(decoding):
    headers = decoding.json("/headers/body/gzip")
    assert "content-encoding" not in headers and "content-length" not in headers and headers["etag"] == '"1"'


def test_an_answer_without_a_body_keeps_its_fields(decoding):
    answer = decoding("HEAD", "/pass/body/gzip")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("content-encoding") == "gzip"
    assert answer.header("content-length") == str(len(BODIES["gzip"][1]))
    for status in (204, 304):
        answer = decoding.get(f"/pass/none/{status}")
        assert (answer.status, answer.body, answer.header("content-encoding")) == (status, b"", "gzip")


@pytest.mark.parametrize(
    "sent, offered",
    [
        ({}, "gzip, deflate"),
        ({"Range": "bytes=0-9"}, "identity"),
        ({"Accept-Encoding": "gzip, deflate, br, zstd"}, "gzip, deflate"),
        ({"Accept-Encoding": "br;q=1, gzip;q=0.8, *;q=0.1"}, "gzip;q=0.8"),
        ({"Accept-Encoding": "identity"}, "identity"),
        ({"Accept-Encoding": "br"}, "br"),
    ],
)
def test_only_what_can_be_decoded_is_offered(decoding, sent, offered):
    headers = dict(decoding.json("/asked/headers", headers=sent))
    assert headers["accept-encoding"] == offered


def test_content_comes_while_the_answer_does(decoding):
    began = time.monotonic()
    assert decoding.text("/first/waiting") == "first"
    assert time.monotonic() - began < 4


def test_a_huge_content_is_decoded_piece_by_piece(decoding):
    found = decoding.json("/length/body/huge")
    assert found["length"] == HUGE and found["largest"] <= 65536


def test_a_huge_answer_read_whole_is_bounded(decoding):
    answer = decoding.get("/pass/body/huge")
    assert len(answer.body) == HUGE
    assert json.loads(decoding.get("/read/body/gzip").body)["text"] == TEXT.decode()
