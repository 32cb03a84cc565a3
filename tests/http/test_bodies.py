# SPDX-License-Identifier: AGPL-3.0-only
"""Bodies both ways: streamed, chunked, with trailers, held back when the other side is slow, and never in memory whole."""

import hashlib
import json
import subprocess
import threading
import time

import pytest
from host import SANITIZED, SLOWNESS, Host, eventually, guest
from wire import PIECE_BYTES, elapsed

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def patient():
    """The probe without limits of time: what is measured here is memory."""
    with Host(guest("probe"), "--limits", "none") as host:
        yield host


def pattern(size):
    """Bytes whose order matters."""
    block = bytes(range(251))
    return (block * (size // len(block) + 1))[:size]


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [0, 1, 4096, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 300_000])
def test_echo(patient, size, chunked):
    data = pattern(size)
    response = patient.request("POST", "/echo", body=data, chunked=chunked)
    assert response.status == 200 and response.whole
    assert response.body == data


def test_a_body_without_its_reader(patient):
    assert patient.request("POST", "/read-nothing", body=b"x" * 100).body == b"nothing read\n"


def test_a_get_without_a_body_ends_at_once(patient):
    assert json.loads(patient.get("/size").body) == {"bytes": 0, "whole": True}


def test_trailers_of_a_response(patient):
    response = patient.get("/trailers")
    assert response.header("transfer-encoding") == "chunked"
    assert response.trailers == [("x-checksum", "abc")]


def test_trailers_of_a_request_reach_the_guest(patient):
    trailers = [("X-One", "1"), ("X-Two", "a b")]
    response = patient.request("POST", "/echo-trailers", body=b"abc", trailers=trailers)
    assert response.body == b"abc"
    assert response.trailers == [("x-one", "1"), ("x-two", "a b")]


def test_http_1_0_gets_no_trailers(patient):
    with patient.connect() as connection:
        response = connection.request("GET", "/trailers", version="HTTP/1.0")
        assert response.body == b"see the trailers\n"


def test_a_response_arrives_while_it_is_made(patient):
    with patient.connect() as connection:
        started = time.monotonic()
        connection.send_head("GET", "/stream?chunks=3&bytes=4&delay_ms=300")
        connection.head()
        assert connection.chunk() == b"xxxx"
        assert elapsed(started) < 0.25 * SLOWNESS
        assert connection.chunk() == b"xxxx"
        assert elapsed(started) >= 0.3


def test_a_request_arrives_while_it_is_sent(patient):
    with patient.connect() as connection:
        connection.send_head("POST", "/echo", [("Transfer-Encoding", "chunked")])
        for text in (b"one", b"two", b"three"):
            connection.send_chunk(text)
            if text == b"one":
                assert connection.head().status == 200
            assert connection.chunk() == text
        connection.send_last_chunk()
        assert connection.chunk() == b""


# ---- Expect: 100-continue


def test_continue_is_sent_when_the_guest_reads(patient):
    with patient.connect() as connection:
        connection.send_head("POST", "/size", [("Content-Length", "3"), ("Expect", "100-continue")])
        assert connection.head().status == 100
        connection.send("abc")
        assert json.loads(connection.response().body) == {"bytes": 3, "whole": True}


@pytest.mark.parametrize("length", [("Content-Length", "3"), ("Transfer-Encoding", "chunked")])
def test_continue_is_sent_before_the_head_of_who_reads_later(patient, length):
    """An echo sets its head before it reads: afterwards nobody could be told to go on."""
    with patient.connect() as connection:
        connection.send_head("POST", "/echo", [length, ("Expect", "100-continue")])
        assert connection.head().status == 100
        assert connection.head().status == 200
        connection.send("abc" if length[1] == "3" else "3\r\nabc\r\n0\r\n\r\n")
        assert connection.chunk() == b"abc" and connection.chunk() == b""
        connection.take(2)
        assert connection.get("/hello").status == 200


def test_curl_does_not_wait_in_vain(patient):
    """It sends a body after a second also where nobody says so."""
    started = time.monotonic()
    words = ["curl", "--silent", "--show-error", "--data-binary", "@-", "--header", "Expect: 100-continue"]
    address = "http://{}:{}/echo".format(*patient.addresses[0])
    body = b"x" * 2 * MEGABYTE
    echoed = subprocess.run([*words, address], input=body, capture_output=True, timeout=20, check=True)
    assert echoed.stdout == body and not echoed.stderr
    assert elapsed(started) < 0.9 * SLOWNESS


def test_continue_is_not_sent_for_a_body_that_is_too_long(start_host):
    host = start_host(guest("probe"), config='[limits]\nrequest_body = "1KB"\n')
    with host.connect() as connection:
        connection.send_head("POST", "/echo", [("Content-Length", "1025"), ("Expect", "100-continue")])
        assert connection.head().status == 413


def test_continue_is_not_sent_where_nobody_reads(patient):
    with patient.connect() as connection:
        connection.send_head("POST", "/read-nothing", [("Content-Length", "3"), ("Expect", "100-continue")])
        assert connection.head().status == 200


def test_continue_is_not_waited_for_by_those_who_know_no_waiting(patient):
    with patient.connect() as connection:
        connection.send_head("POST", "/echo", [("Content-Length", "3"), ("Expect", "100-continue")])
        connection.send("abc")
        assert connection.response().body == b"abc"


def test_http_1_0_knows_no_continue(patient):
    with patient.connect() as connection:
        connection.send_head("POST", "/echo", [("Content-Length", "3"), ("Expect", "100-continue")], "HTTP/1.0")
        connection.send("abc")
        assert connection.head().status == 200


# ---- Back-pressure


def send_all(connection, data, times):
    for _ in range(times):
        connection.send(data)


def test_echo_of_a_hundred_megabytes(patient):
    """Costs less than 64 MB over idle, and every byte comes back in its place."""
    patient.get("/hello")
    idle = patient.resident_bytes()
    piece = pattern(251 * 4096)
    times = 100 * MEGABYTE // len(piece)
    sent, received = hashlib.sha256(), hashlib.sha256()
    for _ in range(times):
        sent.update(piece)
    with patient.connect() as connection:
        connection.send_head("POST", "/echo", [("Content-Length", len(piece) * times)])
        sender = threading.Thread(target=send_all, args=(connection, piece, times), daemon=True)
        sender.start()
        assert connection.head().status == 200
        peak = 0
        while chunk := connection.chunk():
            received.update(chunk)
            peak = max(peak, patient.resident_bytes())
        sender.join(10)
    assert received.digest() == sent.digest()
    if not SANITIZED:
        assert peak - idle < 64 * MEGABYTE


def test_a_reader_that_does_not_read_holds_the_guest(patient):
    """The guest writes until the windows are full; then it waits, and neither memory nor CPU time is used."""
    patient.get("/hello")
    idle = patient.resident_bytes()
    with patient.connect(receive_buffer=65536) as connection:
        connection.send_head("GET", "/write-forever")
        connection.head()
        time.sleep(0.5)
        used = patient.cpu_seconds()
        time.sleep(1)
        assert patient.cpu_seconds() - used < 0.2
        if not SANITIZED:
            assert patient.resident_bytes() - idle < 16 * MEGABYTE
        # And it goes on as soon as somebody reads.
        for _ in range(200):
            assert connection.chunk()
        connection.reset()
    # The client is gone: so is the guest.
    eventually(patient.is_quiet, what="a quiet host")


def test_a_guest_that_does_not_read_holds_the_client(patient):
    """Only the windows of guest, host and kernel take what nobody reads."""
    patient.get("/hello")
    idle = patient.resident_bytes()
    with patient.connect() as connection:
        connection.send_head("POST", "/sleep?ms=1500", [("Content-Length", 100 * MEGABYTE)])
        connection.socket.settimeout(1)
        taken = 0
        with pytest.raises(TimeoutError):
            while taken < 100 * MEGABYTE:
                taken += connection.socket.send(b"x" * PIECE_BYTES)
        assert taken < 32 * MEGABYTE
        if not SANITIZED:
            assert patient.resident_bytes() - idle < 16 * MEGABYTE


def test_many_slow_readers_do_not_add_up(patient):
    patient.get("/hello")
    idle = patient.resident_bytes()
    connections = [patient.connect(receive_buffer=65536) for _ in range(30)]
    for connection in connections:
        connection.send_head("GET", "/write-forever")
    for connection in connections:
        assert connection.head().status == 200
    time.sleep(0.5)
    if not SANITIZED:
        assert patient.resident_bytes() - idle < 96 * MEGABYTE
    for connection in connections:
        connection.reset()
    eventually(lambda: patient.get("/hello").status == 200)


def test_a_guest_may_read_on_after_it_has_answered(patient):
    """Early answers do not end the request."""
    with patient.connect() as connection:
        connection.send_head("POST", "/echo", [("Transfer-Encoding", "chunked")])
        connection.send_chunk(b"one")
        connection.head()
        assert connection.chunk() == b"one"
        connection.send_chunk(b"two")
        assert connection.chunk() == b"two"
        connection.send_last_chunk()
        assert connection.chunk() == b""
        connection.take_until(b"\r\n")
        assert connection.get("/hello").status == 200
