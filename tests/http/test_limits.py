# SPDX-License-Identifier: AGPL-3.0-only
"""Each limit at its edge: what is just allowed passes, what is one more is refused, and removed it is gone.

Limits of time leave room, as tests of time must: half of the limit passes, more than the limit is ended, and no later
than an idle machine could end it plus what a busy one may add.
"""

import contextlib
import json
import time

import pytest
from host import SLOWNESS, Host, guest
from wire import elapsed

KB = 1024
MB = 1024 * KB
PAGE = 64 * KB
REQUEST_HEADER_MAX = 128 * KB
REQUEST_BODY_MAX = 100 * MB


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The probe with limits that are quickly reached."""
    config = """
[limits]
request_header = "2KB"
request_body = "1KB"
response_header = "2KB"
response_body = "1KB"
"""
    with Host(guest("probe"), config=config, folder=tmp_path_factory.mktemp("small")) as host:
        yield host


@pytest.fixture
def limited(start_host):
    """A function that starts the probe with the limits given, which are the maxima as well."""

    def start(component="probe", **limits):
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in limits.items())
        return start_host(guest(component), config=f"[limits]\n{lines}[limits.max]\n{lines}")

    return start


def request_of(head_bytes, method="GET", target="/hello"):
    """A request whose head takes just so many bytes, in fields that are none of them long."""
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n"
    left = head_bytes - len(head) - 2
    fields = []
    while left > 0:
        # What is left for the field after this one must be enough for a field.
        size = left if left <= 4000 else min(4000, left - 100)
        fields.append("x-filler: " + "f" * (size - len("x-filler: \r\n")) + "\r\n")
        left -= size
    request = head + "".join(fields) + "\r\n"
    assert len(request) == head_bytes
    return request


# ---- The request's header


@pytest.mark.parametrize("head_bytes", [2 * KB - 1, 2 * KB])
def test_request_header_within(small, head_bytes):
    with small.connect() as connection:
        connection.send(request_of(head_bytes))
        assert connection.response().status == 200


def test_request_header_over(small):
    with small.connect() as connection:
        connection.send(request_of(2 * KB + 1))
        response = connection.response()
        assert response.status == 431 and response.error == "request_header_size"


def test_request_header_of_the_cloud(probe):
    with probe.connect() as connection:
        connection.send(request_of(REQUEST_HEADER_MAX))
        assert connection.response().status == 200
        connection.send(request_of(REQUEST_HEADER_MAX + 1))
        assert connection.response().status == 431


def test_request_header_without_end_is_refused_before_it_ends(probe):
    with probe.connect() as connection:
        connection.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n")
        sent, lines = 0, ("x-filler: " + "f" * 1000 + "\r\n") * 64
        with contextlib.suppress(ConnectionError):
            while sent < 64 * MB:
                connection.send(lines)
                sent += len(lines)
        assert sent < 64 * MB


def test_a_very_long_target(probe):
    response = probe.get("/hello?" + "q" * (REQUEST_HEADER_MAX + 1))
    assert response.status in (414, 431)


# ---- The request's body


@pytest.mark.parametrize("chunked", [False, True])
def test_request_body_within(small, chunked):
    response = small.request("POST", "/size", body=b"x" * KB, chunked=chunked)
    assert json.loads(response.body) == {"bytes": KB, "whole": True}


def test_request_body_over_is_refused_before_the_guest(small):
    before = len(small.lines(message="call"))
    response = small.request("POST", "/size", body=b"x" * (KB + 1))
    assert response.status == 413 and response.error == "request_body_size"
    assert len(small.lines(message="call")) == before


def test_request_body_over_in_chunks(small):
    response = small.request("POST", "/size", body=b"x" * (KB + 1), chunked=True)
    assert response.status == 413 and response.error == "request_body_size"


def test_request_body_over_after_the_head_breaks_the_stream(small):
    """The guest has answered and echoes: it reads an error where the limit is, and leaves its answer unfinished."""
    with small.connect() as connection:
        connection.send_head("POST", "/echo", [("Transfer-Encoding", "chunked")])
        connection.send_chunk(b"x" * 1000)
        assert connection.head().status == 200
        assert len(connection.chunk()) == 1000
        connection.send_chunk(b"x" * 25)
        with pytest.raises(Exception, match="closed"):
            while connection.chunk():
                pass


def test_request_body_of_the_cloud(probe):
    with probe.connect() as connection:
        connection.send_head("POST", "/read-nothing", [("Content-Length", REQUEST_BODY_MAX)])
        assert connection.response().status == 200
    with probe.connect() as connection:
        connection.send_head("POST", "/read-nothing", [("Content-Length", REQUEST_BODY_MAX + 1)])
        assert connection.response().status == 413


def test_a_body_in_many_small_chunks_costs_no_more(probe):
    """20,000 chunks of a byte each are within the CPU time of a call: the guest reads them joined."""
    with probe.connect() as connection:
        connection.send_head("POST", "/echo", [("Transfer-Encoding", "chunked")])
        connection.send(b"1\r\nx\r\n" * 20000 + b"0\r\n\r\n")
        response = connection.response()
    assert response.status == 200 and response.whole
    assert response.body == b"x" * 20000


def test_trailers_are_held_to_the_size_of_a_header(small):
    def send(value_bytes):
        trailers = [("x-one", "v" * value_bytes)]
        return small.request("POST", "/echo-trailers", body=b"abc", trailers=trailers)

    assert send(1000).trailers[0][1] == "v" * 1000
    response = send(2 * KB)
    assert response.status == 431 or not response.whole


# ---- The response


def counted_bytes(response):
    """The size of a head as fn0 counts it: before the length of the body is known, as chunked. Whether the guest's end
    came in time for a Content-Length is a matter of chance."""
    length = response.header("content-length")
    if length is None:
        return response.head_bytes
    return response.head_bytes - len(f"content-length: {length}\r\n") + len("transfer-encoding: chunked\r\n")


def check_largest_response_header(host, limit, fields):
    """Heads grow by a byte each until the largest is just the limit; the next one is refused."""
    counted = None
    for size in range(limit - 200, limit + 1):
        response = host.get(f"/response-header?bytes={size}&fields={fields}")
        if response.status != 200:
            assert (response.status, response.error) == (502, "response_header_size")
            assert counted == limit
            return
        assert counted is None or counted_bytes(response) == counted + 1
        counted = counted_bytes(response)
    raise AssertionError(f"a head of {counted} bytes passed")


@pytest.mark.parametrize("fields", [1, 10])
def test_response_header(small, fields):
    check_largest_response_header(small, 2 * KB, fields)


def test_response_header_of_the_cloud(limited):
    check_largest_response_header(limited(cpu="1s"), 128 * KB, 20)


def test_response_body(small):
    assert small.get(f"/stream?bytes={KB}").body == b"x" * KB
    assert small.get("/stream?chunks=16&bytes=64").body == b"x" * KB
    response = small.get(f"/stream?bytes={KB + 1}")
    assert response.status == 502 and response.error == "response_body_size" or not response.whole
    small.wait_for_line(message="call failed", error="response_body_size")


def test_response_body_announced(small):
    assert small.get(f"/length?declared={KB}&sent={KB}").status == 200
    assert small.get(f"/length?declared={KB + 1}&sent={KB + 1}").status == 502


def test_the_response_body_has_no_limit_by_default(limited):
    host = limited(cpu="1s")
    assert len(host.get(f"/stream?chunks=32&bytes={MB}").body) == 32 * MB


# ---- Memory


def pages_of_the_probe(host):
    return json.loads(host.get("/memory?mb=0").body)["pages"]


def test_memory(limited):
    """The limit may be used up to its last page."""
    base = pages_of_the_probe(limited(cpu="1s")) * PAGE
    host = limited(cpu="1s", memory=f"{base + 4 * MB}B")
    assert json.loads(host.get("/memory?mb=4").body)["grown"] is True
    host = limited(cpu="1s", memory=f"{base + 4 * MB - PAGE}B")
    assert json.loads(host.get("/memory?mb=4").body)["grown"] is False


def test_memory_of_the_cloud(limited):
    host = limited(cpu="1s")
    pages = pages_of_the_probe(host)
    most = (2048 - pages) // 16
    assert json.loads(host.get(f"/memory?mb={most}").body)["grown"] is True
    assert json.loads(host.get(f"/memory?mb={most + 1}").body)["grown"] is False


def test_memory_used_up_ends_the_call(limited):
    host = limited(cpu="5s")
    response = host.get("/allocate-until-trap")
    assert response.status == 502
    assert response.error in ("trap", "memory")
    assert host.get("/hello").status == 200


def test_memory_without_a_limit(start_host):
    host = start_host(guest("probe"), "--limits", "none")
    assert json.loads(host.get("/memory?mb=200").body)["grown"] is True


def test_memory_from_the_start(start_host):
    host = start_host(guest("wat/memory-at-limit"))
    assert host.get("/").error == "no_response"


@pytest.mark.parametrize("name", ["wat/memory-over-limit", "wat/two-memories-over-limit"])
def test_memory_from_the_start_over_the_limit(start_host, name):
    """Refused when it is loaded, or when it is first called: never run with more."""
    host = start_host(guest(name), ready=False)
    if host.process.stdout and not host._ready.wait(30):
        raise AssertionError("neither refused nor ready")
    if host.addresses:
        assert host.get("/").status in (502, 503)
    else:
        assert host.wait() == 1
        host.stop = lambda: None


# ---- CPU time


def test_cpu_within(limited):
    host = limited(cpu="200ms")
    response = host.get("/spin?ms=100")
    assert response.status == 200


def test_cpu_over(limited):
    host = limited(cpu="100ms")
    started = time.monotonic()
    response = host.get("/spin-forever")
    took = elapsed(started)
    assert response.status == 504 and response.error == "cpu"
    assert 0.095 <= took < 1 * SLOWNESS
    line = host.wait_for_line(message="call failed", error="cpu")
    assert line["limit"] == "cpu" and line["allowed"] == "100 ms"
    assert 100 <= line["cpu_ms"] < 110 * SLOWNESS
    assert "probe.wasm!" in line["detail"]  # a backtrace with names


def test_cpu_is_not_wall_time(limited):
    """Sleeping costs nothing."""
    assert limited(cpu="50ms").get("/sleep?ms=500").status == 200


def test_cpu_is_summed_over_polls(limited):
    """A call that computes in many small turns is ended all the same."""
    host = limited(cpu="10ms")
    response = host.get("/stream?chunks=100000&bytes=100&delay_ms=1")
    assert not response.whole
    host.wait_for_line(message="call failed", error="cpu")


def test_cpu_of_the_cloud(probe):
    response = probe.get("/spin-forever")
    assert response.status == 504 and response.error == "cpu"
    line = probe.wait_for_line(message="call failed", error="cpu")
    assert line["allowed"] == "10 ms" and line["cpu_ms"] < 15 * SLOWNESS


def test_cpu_after_the_head_cuts_the_stream(limited):
    host = limited(cpu="50ms")
    response = host.get("/head-then-spin")
    assert response.status == 200 and response.body == b"begun\n" and not response.whole


def test_cpu_after_the_answer_spares_the_answer(limited):
    host = limited(cpu="50ms")
    response = host.get("/answer-then-spin?ms=10000")
    assert response.whole and response.body == b"answered\n"
    host.wait_for_line(message="call failed", error="cpu")


def test_cpu_without_a_limit(limited):
    assert limited(cpu="none").get("/spin?ms=300").status == 200


# ---- Duration


def test_duration_within(limited):
    assert limited(duration="1s").get("/sleep?ms=500").status == 200


def test_duration_over(limited):
    host = limited(duration="300ms")
    started = time.monotonic()
    response = host.get("/sleep?ms=60000")
    took = elapsed(started)
    assert response.status == 504 and response.error == "duration"
    assert 0.3 <= took < 0.8 * SLOWNESS
    line = host.wait_for_line(message="call failed", error="duration")
    assert line["allowed"] == "300 ms"


def test_duration_ends_a_stream(limited):
    host = limited(duration="300ms")
    response = host.get("/stream?chunks=1000&bytes=10&delay_ms=20")
    assert response.status == 200 and not response.whole
    assert 5 <= len(response.chunks) <= 15


def test_duration_after_the_head(limited):
    response = limited(duration="300ms").get("/head-then-hang")
    assert response.body == b"begun\n" and not response.whole


def test_duration_after_the_answer(limited):
    """Work behind the answer counts as well."""
    host = limited(duration="300ms")
    assert host.get("/answer-then-sleep?ms=60000").whole
    host.wait_for_line(message="call failed", error="duration")


def test_work_behind_the_answer_is_done(limited):
    host = limited(duration="5s")
    with host.connect() as connection:
        assert connection.get("/answer-then-sleep?ms=200").body == b"answered\n"
        # The connection goes on meanwhile.
        assert connection.get("/hello").status == 200
    host.wait_for_line(message="output", line="worked on after the answer")


def test_duration_counts_while_the_client_is_slow(limited):
    host = limited(duration="300ms")
    with host.connect() as connection:
        connection.send_head("POST", "/echo", [("Content-Length", 100)])
        response = connection.response()
        assert not response.whole or response.status == 504


# ---- Start-up


def test_start_up_has_its_own_limit(limited):
    host = limited("wat/start-spin", start_cpu="100ms")
    started = time.monotonic()
    response = host.get("/")
    assert response.status == 504 and response.error == "start_cpu"
    assert elapsed(started) < 2 * SLOWNESS
    line = host.wait_for_line(message="call failed", error="start_cpu")
    assert line["detail"].startswith("interrupted") and "!start" in line["detail"]  # a backtrace with names


def test_a_trap_in_start_up(limited):
    response = limited("wat/start-trap").get("/")
    assert response.status == 502 and response.error in ("start", "trap")


# ---- Warnings


def test_a_warning_from_four_fifths_of_a_limit_on(limited):
    host = limited(duration="3s")
    assert host.get("/sleep?ms=2450").status == 200
    line = host.wait_for_line(message="call came near a limit")
    assert line["limit"] == "duration" and line["allowed"] == "3 s"


# ---- Neighbours


def test_neighbours_do_not_feel_a_guest_that_computes(limited):
    """One worker; a guest computes for a second; others are answered between its turns."""
    host = limited(cpu="5s")
    with host.connect() as busy, host.connect() as other:
        busy.send_head("GET", "/spin?ms=1000")
        time.sleep(0.05)
        slowest, count = 0, 0
        end = time.monotonic() + 0.7
        while time.monotonic() < end:
            started = time.monotonic()
            assert other.get("/hello").status == 200
            slowest = max(slowest, elapsed(started))
            count += 1
        assert count > 50
        assert slowest < 0.1 * SLOWNESS
        assert busy.response().status == 200


def test_neighbours_do_not_wait_for_each_guest_that_computes(limited):
    """One worker; a client asks for little again and again beside four guests that compute for ever. Mostly it does not
    even wait for one tick, and they get their turns all the same."""

    def median_of(connection):
        took = []
        for _ in range(500):
            started = time.monotonic()
            assert connection.get("/hello").status == 200
            took.append(elapsed(started))
        return sorted(took)[len(took) // 2]

    host = limited(cpu="300ms", duration="none")
    busy = [host.connect() for _ in range(4)]
    with host.connect() as other:
        alone = median_of(other)
        for connection in busy:
            connection.send_head("GET", "/spin-forever")
        time.sleep(0.05)
        assert median_of(other) < 3 * alone + 0.0004 * SLOWNESS
        for connection in busy:
            assert connection.response().error == "cpu"
            connection.close()


def test_slots_are_bounded(start_host):
    """What has no slot is refused at once, and the first request after the crowd is served."""
    host = start_host(guest("probe"), "--slots", "2")
    connections = [host.connect() for _ in range(5)]
    for connection in connections:
        connection.send_head("GET", "/sleep?ms=500")
    answers = [connection.response() for connection in connections]
    refused = [answer for answer in answers if answer.status == 503]
    assert len(refused) == 3
    for answer in refused:
        assert answer.error == "no_slot" and answer.header("retry-after")
    assert connections[0].get("/hello").status == 200
    for connection in connections:
        connection.close()
