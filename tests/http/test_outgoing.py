# SPDX-License-Identifier: AGPL-3.0-only
"""Requests that guests make: to an origin on loopback, which a host must allow for that."""

import json
import socket
import ssl
import subprocess
import threading
import time
from urllib.parse import quote

import pytest
from host import SANITIZED, SLOWNESS, Host, eventually, guest
from origin import Origin
from wire import elapsed

MB = 1024 * 1024


@pytest.fixture(scope="module")
def origin():
    with Origin() as origin:
        yield origin


@pytest.fixture(scope="module")
def host():
    """The probe, which may reach all of 127.0.0.0/8 and computes as long as it likes."""
    with Host(guest("probe"), "--limits", "none", "--outbound-allow", "127.0.0.0/8") as host:
        yield host


def fetch(host, url, route="/fetch", headers=(), body=None, **query):
    words = [f"{route}?url={quote(url, safe='')}"] + [f"{name}={quote(str(value))}" for name, value in query.items()]
    if body is None:
        return host.get("&".join(words), headers)
    return host.request("POST", "&".join(words), headers, body)


def error_of(response):
    assert response.status == 502, response
    return json.loads(response.body)["error"]


def test_get(host, origin):
    response = fetch(host, origin.url("/"))
    assert response.status == 200 and response.body == b"origin\n"


def test_what_the_origin_sees(host, origin):
    response = fetch(host, origin.url("/headers?a=b%20c"), headers=[("X-Pass-On", "1")], method="PUT")
    report = json.loads(response.body)
    headers = {name: value for name, value in report["headers"]}
    assert report["method"] == "PUT"
    assert report["target"] == "/headers?a=b%20c"
    assert headers["host"] == origin.authority
    assert headers["x-pass-on"] == "1"
    # Nothing that the guest did not say.
    assert not {"user-agent", "accept", "expect", "accept-encoding", "x-request-id"} & set(headers)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "PATCH", "PURGE"])
def test_methods(host, origin, method):
    fetch(host, origin.url("/"), method=method)
    assert origin.requests[-1][0] == method


@pytest.mark.parametrize("code", [200, 204, 304, 404, 500])
def test_statuses(host, origin, code):
    assert fetch(host, origin.url(f"/status/{code}")).status == code


def test_redirects_are_the_guests_business(host, origin):
    response = fetch(host, origin.url("/redirect"))
    assert response.status == 302 and response.header("location") == "/"


def test_a_body_is_sent(host, origin):
    response = fetch(host, origin.url("/echo"), "/fetch-post", body=b"a body")
    assert response.body == b"a body"


def test_bodies_are_streamed(host, origin):
    """Several megabytes each way, with next to nothing kept."""
    host.get("/hello")
    idle = host.resident_bytes()
    assert fetch(host, origin.url("/size"), "/fetch-post", body=b"x" * 20 * MB).body == str(20 * MB).encode()
    assert len(fetch(host, origin.url(f"/bytes/{20 * MB}")).body) == 20 * MB
    if not SANITIZED:
        assert host.resident_bytes() - idle < 16 * MB


def test_trailers_of_an_answer(host, origin):
    response = fetch(host, origin.url("/trailers"))
    assert response.body == b"abc"
    assert response.trailers == [("x-sum", "123")]


def test_trailers_of_a_request(host, origin):
    response = fetch(host, origin.url("/echo"), "/fetch-post", body=b"abc", trailers="x-one:1")
    assert response.body == b"abc"
    assert response.trailers == [("x-one", "1")]


def test_an_answer_that_nobody_reads_holds_the_origin(host, origin):
    connection = host.connect(receive_buffer=65536)
    connection.send_head("GET", f"/fetch?url={quote(origin.url('/forever'), safe='')}")
    connection.head()
    time.sleep(0.5)
    written = origin.written
    time.sleep(0.5)
    assert origin.written - written < MB
    assert written < 32 * MB
    connection.reset()
    eventually(lambda: origin.open_connections() == 0 or stopped(origin), what="the end of the answer")


def stopped(origin):
    written = origin.written
    time.sleep(0.2)
    return origin.written == written


def test_connections_are_kept(host, origin):
    numbers = {fetch(host, origin.url("/connection")).body for _ in range(20)}
    assert len(numbers) == 1


def test_a_kept_connection_that_the_origin_closed_is_replaced(host, origin):
    fetch(host, origin.url("/connection"))
    origin.drop_connections()
    time.sleep(0.05)
    assert fetch(host, origin.url("/connection")).status == 200


def test_parallel_requests(host, origin):
    started = time.monotonic()
    report = json.loads(fetch(host, origin.url("/slow/300"), "/fetch-many", n=10, parallel=1).body)
    assert report["worked"] == 10
    assert elapsed(started) < 2 * SLOWNESS


def test_a_call_that_waits_holds_nobody(host, origin):
    with host.connect() as waiting:
        waiting.send_head("GET", f"/fetch?url={quote(origin.url('/slow/500'), safe='')}")
        started = time.monotonic()
        assert host.get("/hello").status == 200
        assert elapsed(started) < 0.3 * SLOWNESS
        assert waiting.response().body == b"slow\n"


# ---- What goes wrong, and what the guest is told


def test_refused_connection(host):
    with Origin() as closed:
        url = closed.url("/")
    assert error_of(fetch(host, url)) == "ErrorCode::ConnectionRefused"


def test_unknown_host(host):
    error = error_of(fetch(host, "http://no-such-host.invalid/"))
    assert error.startswith(("ErrorCode::DnsError", "ErrorCode::DestinationNotFound", "ErrorCode::DnsTimeout"))


def test_first_byte_timeout(host, origin):
    started = time.monotonic()
    error = error_of(fetch(host, origin.url("/slow/3000"), first_byte_ms=200))
    assert error in ("ErrorCode::HttpResponseTimeout", "ErrorCode::ConnectionReadTimeout")
    assert elapsed(started) < 2 * SLOWNESS
    assert fetch(host, origin.url("/slow/100"), first_byte_ms=2000).status == 200


def test_between_bytes_timeout(host, origin):
    response = fetch(host, origin.url("/gap/3000"), between_bytes_ms=200)
    assert not response.whole
    assert fetch(host, origin.url("/gap/50"), between_bytes_ms=2000).body == b"onetwo"


def test_an_answer_cut_within_its_body(host, origin):
    response = fetch(host, origin.url("/cut"))
    assert not response.whole and response.body == b"half"


def test_no_answer(host, origin):
    assert error_of(fetch(host, origin.url("/nothing"))).startswith(
        ("ErrorCode::ConnectionTerminated", "ErrorCode::HttpResponseIncomplete")
    )


def test_no_http(host, origin):
    assert error_of(fetch(host, origin.url("/garbage"))).startswith("ErrorCode::Http")


def test_too_large_an_answer_header(host, origin):
    assert "HeaderS" in error_of(fetch(host, origin.url(f"/headers-of/{1 << 20}")))


def test_a_client_that_leaves_ends_outgoing_requests(host, origin):
    connection = host.connect()
    connection.send_head("GET", f"/fetch?url={quote(origin.url('/forever'), safe='')}")
    connection.head()
    connection.reset()
    eventually(lambda: stopped(origin), what="the end of the answer")


# ---- The limit


def test_fifty_requests(start_host, origin):
    config = '[limits]\ncpu = "1s"\n[limits.max]\ncpu = "1s"\n[outbound]\nallow = ["127.0.0.1"]\n'
    host = start_host(guest("probe"), config=config)
    report = json.loads(fetch(host, origin.url("/"), "/fetch-many", n=50).body)
    assert report == {"worked": 50, "failed": 0, "first_error": None}
    report = json.loads(fetch(host, origin.url("/"), "/fetch-many", n=51).body)
    assert report["worked"] == 50 and report["failed"] == 1
    assert report["first_error"] == "ErrorCode::HttpRequestDenied"
    report = json.loads(fetch(host, origin.url("/"), "/fetch-many", n=51, parallel=1).body)
    assert report["worked"] == 50


def test_no_limit(host, origin):
    assert json.loads(fetch(host, origin.url("/"), "/fetch-many", n=60).body)["worked"] == 60


# ---- Where they may go


FORBIDDEN = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://[::1]:{port}/",
    "http://0.0.0.0:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://127.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://172.16.0.1/",
    "http://100.64.0.1/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_private_addresses_are_forbidden(probe, origin, url):
    before = origin.connections
    error = error_of(fetch(probe, url.format(port=origin.port)))
    assert error.startswith(("ErrorCode::DestinationIpProhibited", "ErrorCode::DestinationIPProhibited")), error
    assert origin.connections == before


def test_an_exception_is_for_its_port_only(start_host, origin):
    with Origin() as other:
        host = start_host(guest("probe"), "--outbound-allow", origin.authority)
        assert fetch(host, origin.url("/")).status == 200
        assert "Prohibited" in error_of(fetch(host, other.url("/")))


def test_a_functions_list_of_hosts(start_host, tmp_path, origin):
    functions = tmp_path / "functions"
    functions.mkdir()
    for name, hosts in (("open", None), ("listed", '["127.0.0.1"]'), ("other", '["api.example.com"]'), ("none", "[]")):
        (functions / f"{name}.wasm").write_bytes(guest("probe").read_bytes())
        text = "" if hosts is None else f"[outbound]\nhosts = {hosts}\n"
        (functions / f"{name}.toml").write_text(text)
    host = start_host(None, "--outbound-allow", "127.0.0.1", functions=functions)

    def ask(name):
        return fetch(host, origin.url("/"), headers=[("Host", f"{name}.localhost")])

    assert ask("open").status == 200
    assert ask("listed").status == 200
    assert error_of(ask("other")).startswith("ErrorCode::")
    assert error_of(ask("none")).startswith("ErrorCode::")


def test_proxies_of_the_environment_are_ignored(start_host, origin):
    with Origin() as proxy:
        environment = {"http_proxy": proxy.url(""), "HTTPS_PROXY": proxy.url(""), "ALL_PROXY": proxy.url("")}
        host = start_host(guest("probe"), "--outbound-allow", "127.0.0.1", environment=environment)
        assert fetch(host, origin.url("/")).body == b"origin\n"
        assert proxy.connections == 0


# ---- TLS


def test_a_certificate_that_nobody_vouches_for(host, tmp_path):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Origin(context=context) as secret:
        assert error_of(fetch(host, secret.url("/"))).startswith("ErrorCode::Tls")
        assert secret.requests == []
    # And where it is vouched for, it works.
    trusting = Host(guest("probe"), "--outbound-allow", "127.0.0.1", environment={"SSL_CERT_FILE": str(certificate)})
    with trusting, Origin(context=context) as secret:
        assert fetch(trusting, secret.url("/")).body == b"origin\n"
        # A name that it is not made out to is another's.
        assert error_of(fetch(trusting, f"https://localhost:{secret.port}/")).startswith("ErrorCode::Tls")


def test_plain_http_where_tls_is_spoken(host):
    def answer(listener):
        accepted, _ = listener.accept()
        with accepted:
            accepted.recv(10)
            accepted.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        error = error_of(fetch(host, f"https://127.0.0.1:{listener.getsockname()[1]}/"))
    assert error.startswith(("ErrorCode::Tls", "ErrorCode::Connection"))


def test_many_calls_share_the_connections(host, origin):
    """A burst of calls, each with a request: all are answered."""
    answers = []

    def one():
        answers.append(fetch(host, origin.url("/slow/50")).status)

    threads = [threading.Thread(target=one) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 30
