# SPDX-License-Identifier: AGPL-3.0-only
"""Static assets: files that a host answers with itself, so that no guest runs."""

import gzip
import os
import shutil
import time
from email.utils import formatdate, parsedate_to_datetime

import pytest
from host import SANITIZED, Host, eventually, guest
from wire import Connection

CSS = b"body { color: #333 }\n" * 100
LARGE_BYTES = 4 << 20
OLD = 1_000_000_000  # seconds: a time that is over


def put(path, content, modified=None):
    """Writes a file as careful tools do: aside, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.aside")
    aside.write_bytes(content)
    aside.rename(path)
    if modified is not None:
        os.utime(path, (modified, modified))


def fill(folder):
    put(folder / "app.css", CSS, OLD)
    put(folder / "app.css.gz", gzip.compress(CSS), OLD)
    put(folder / "app.css.br", b"what a brotli would be", OLD)
    put(folder / "app.css.zst", b"what a zstd would be", OLD)
    put(folder / "logo.svg", b"<svg/>", OLD)
    put(folder / "static/name-0123abcd.js", b"let a", OLD)
    put(folder / "docs/index.html", b"<h1>Docs</h1>", OLD)
    put(folder / "hello", b"a file, not the function", OLD)
    put(folder / "empty.txt", b"", OLD)
    put(folder / "with space \u00e4.txt", b"named", OLD)
    put(folder / "large.bin", os.urandom(LARGE_BYTES), OLD)
    put(folder / ".env", b"SECRET=1")
    put(folder / ".git/config", b"secret")
    put(folder / ".well-known/security.txt", b"Contact: mailto:a@example.com\n")
    put(folder.parent / "secret.txt", b"secret")
    (folder / "out.txt").symlink_to("../secret.txt")
    (folder / "etc").symlink_to("/etc")
    (folder / "again.css").symlink_to("app.css")
    os.mkfifo(folder / "pipe")


def deploy(tmp_path, name="probe", toml='[assets]\nfolder = "public"\nimmutable = "static/**"\n', component="probe"):
    """A component with its configuration beside it, and assets beside that."""
    shutil.copy(guest(component), tmp_path / f"{name}.wasm")
    (tmp_path / f"{name}.toml").write_text(toml)
    fill(tmp_path / "public")
    return tmp_path / f"{name}.wasm"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    component = deploy(tmp_path_factory.mktemp("site"))
    with Host(component, "--access-log") as host:
        # Validators are for files that were not changed just now.
        time.sleep(1.2)
        yield host


def header(*pairs):
    return list(pairs)


# ---- What is an asset


def test_a_file(site):
    answer = site.get("/app.css")
    assert answer.status == 200 and answer.body == CSS
    assert answer.header("content-type") == "text/css; charset=utf-8"
    assert answer.header("content-length") == str(len(CSS))
    assert answer.header("cache-control") == "public, max-age=0, must-revalidate"
    assert answer.header("vary") == "accept-encoding"
    assert answer.header("accept-ranges") == "bytes"
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("last-modified") == formatdate(OLD, usegmt=True)
    assert answer.header("etag").strip('"').isalnum() and not answer.header("etag").startswith("W/")
    assert parsedate_to_datetime(answer.header("date")) and answer.header("x-request-id")


@pytest.mark.parametrize(
    ("target", "body", "kind"),
    [
        ("/logo.svg", b"<svg/>", "image/svg+xml"),
        ("/docs/", b"<h1>Docs</h1>", "text/html; charset=utf-8"),
        ("/docs/index.html?x", b"<h1>Docs</h1>", "text/html; charset=utf-8"),
        ("/empty.txt", b"", "text/plain; charset=utf-8"),
        ("/with%20space%20%C3%A4.txt", b"named", "text/plain; charset=utf-8"),
        ("/%61pp.css", CSS, "text/css; charset=utf-8"),
        ("/again.css", CSS, "text/css; charset=utf-8"),
        ("/.well-known/security.txt", b"Contact: mailto:a@example.com\n", "text/plain; charset=utf-8"),
        ("/app.css.gz", gzip.compress(CSS, mtime=0), "application/gzip"),
        ("http://localhost/logo.svg", b"<svg/>", "image/svg+xml"),
    ],
)
def test_files_of_all_kinds(site, target, body, kind):
    answer = site.get(target)
    assert answer.status == 200 and answer.header("content-type") == kind
    assert answer.body == body or kind == "application/gzip" and gzip.decompress(answer.body) == CSS
    assert answer.header("content-encoding") is None


def test_a_file_stands_above_the_function(site):
    assert site.get("/hello").text == "a file, not the function"
    assert site.request("POST", "/hello", body=b"x").body == b"Hello, world!\n"
    # The function's own answer, with none of a file's fields.
    answer = site.request("OPTIONS", "/hello")
    assert answer.header("etag") is None and answer.header("accept-ranges") is None


def test_a_folder_without_its_slash(site):
    answer = site.get("/docs?a=b")
    assert answer.status == 307 and answer.header("location") == "/docs/?a=b"
    assert site.request("HEAD", "/docs").header("location") == "/docs/"
    # One without a page is none.
    assert site.get("/static").header("location") is None


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/docs/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/.%2e/secret.txt",
        "/docs/..%2f..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/%252e%252e/secret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/out.txt",
        "/etc/passwd",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/.env",
        "/%2eenv",
        "/.git/config",
        "/app.css%00",
        "/app.css%00.txt",
        "/app.css/",
        "//app.css",
        "/./app.css",
        "/docs//index.html",
        "/APP.CSS",
        "/app.css%",
        "/app.css%zz",
        "/pipe",
        "/static/",
        "/probe.wasm",
        "/../probe.wasm",
        "/../probe.toml",
    ],
)
def test_all_else_is_the_functions(site, target):
    """The probe has no such route, and says so."""
    answer = site.get(target)
    assert answer.status == 404, answer.body[:100]
    assert answer.header("etag") is None and b"secret" not in answer.body.replace(b"secret.txt", b"")
    assert answer.header("proxy-status") is None


# ---- Conditional requests


def test_not_modified(site):
    first = site.get("/app.css")
    tag, date = first.header("etag"), first.header("last-modified")
    for name, value in [
        ("If-None-Match", tag),
        ("If-None-Match", f'"x", W/{tag}'),
        ("If-None-Match", "*"),
        ("If-Modified-Since", date),
    ]:
        answer = site.get("/app.css", [(name, value)])
        assert answer.status == 304 and answer.body == b"", (name, value)
        assert answer.header("etag") == tag and answer.header("vary") and answer.header("cache-control")
        assert answer.header("content-length") is None
    assert site.get("/app.css", [("If-None-Match", '"x"'), ("If-Modified-Since", date)]).status == 200
    assert site.request("HEAD", "/app.css", [("If-None-Match", tag)]).status == 304
    assert site.get("/app.css", [("If-Match", '"x"')]).status == 412
    assert site.get("/app.css", [("If-Unmodified-Since", formatdate(OLD - 1, usegmt=True))]).status == 412
    # The same content under another name is another file.
    assert site.get("/hello").header("etag") != tag


def test_head(site):
    answer = site.request("HEAD", "/app.css")
    assert answer.status == 200 and answer.body == b""
    assert answer.header("content-length") == str(len(CSS)) and answer.header("etag")
    assert site.request("HEAD", "/app.css", [("Range", "bytes=0-1")]).status == 200


def test_many_on_one_connection(site):
    with site.connect() as connection:
        for _ in range(3):
            assert connection.get("/app.css").body == CSS
            assert connection.request("HEAD", "/app.css").status == 200
            assert connection.get("/app.css", [("If-None-Match", "*")]).status == 304
            assert connection.get("/app.css", [("Range", "bytes=99999-")]).status == 416
            assert connection.request("POST", "/hello", body=b"1").body == b"Hello, world!\n"
            # A body that nobody asked for is read past.
            assert connection.request("GET", "/logo.svg", body=b"unasked").body == b"<svg/>"


# ---- Ranges


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [("0-0", 0, 0), ("100-199", 100, 199), ("2090-", 2090, 2099), ("-10", 2090, 2099), ("0-99999", 0, 2099)],
)
def test_a_range(site, value, first, last):
    answer = site.get("/app.css", [("Range", f"bytes={value}")])
    assert answer.status == 206 and answer.body == CSS[first : last + 1]
    assert answer.header("content-range") == f"bytes {first}-{last}/2100"
    assert answer.header("content-length") == str(last - first + 1) and answer.header("etag")


def test_a_range_of_a_large_file(site):
    whole = site.get("/large.bin").body
    assert len(whole) == LARGE_BYTES
    answer = site.get("/large.bin", [("Range", "bytes=1000000-3000000")])
    assert answer.body == whole[1000000:3000001]
    assert site.get("/large.bin", [("Range", "bytes=-1")]).body == whole[-1:]


def test_ranges_that_are_none(site):
    answer = site.get("/app.css", [("Range", "bytes=2100-")])
    assert answer.status == 416 and answer.header("content-range") == "bytes */2100" and answer.body == b""
    # Several at a time are answered with all of it, and so is what cannot be understood.
    for value in ("bytes=0-1,5-6", "bytes=5-1", "lines=1-2", "bytes=a-b"):
        answer = site.get("/app.css", [("Range", value)])
        assert answer.status == 200 and answer.body == CSS, value


def test_if_range(site):
    tag = site.get("/app.css").header("etag")
    ranged = ("Range", "bytes=0-9")
    assert site.get("/app.css", [ranged, ("If-Range", tag)]).status == 206
    assert site.get("/app.css", [ranged, ("If-Range", '"x"')]).status == 200
    assert site.get("/app.css", [ranged, ("If-Range", f"W/{tag}")]).status == 200
    assert site.get("/app.css", [ranged, ("If-Range", formatdate(OLD, usegmt=True))]).status == 206
    assert site.get("/app.css", [ranged, ("If-Range", formatdate(OLD + 9, usegmt=True))]).status == 200


# ---- Precompressed files


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate, zstd", "zstd"),
        ("gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.9", "gzip"),
        ("*", "br"),
        ("br;q=0, *;q=0.1", "zstd"),
        ("identity;q=1, *;q=0", None),
        ("deflate", None),
        ("", None),
    ],
)
def test_a_precompressed_file(site, accepted, coding):
    answer = site.get("/app.css", [("Accept-Encoding", accepted)])
    assert answer.status == 200 and answer.header("content-encoding") == coding
    assert answer.header("content-type") == "text/css; charset=utf-8"
    assert answer.header("vary") == "accept-encoding"
    expected = {"br": b"what a brotli would be", "zstd": b"what a zstd would be", None: CSS}
    if coding == "gzip":
        assert gzip.decompress(answer.body) == CSS
    else:
        assert answer.body == expected[coding]


def test_each_coding_has_its_own_tag(site):
    tags = {site.get("/app.css", [("Accept-Encoding", coding)]).header("etag") for coding in ("", "gzip", "br", "zstd")}
    assert len(tags) == 4 and None not in tags
    gzipped = site.get("/app.css", [("Accept-Encoding", "gzip")]).header("etag")
    assert site.get("/app.css", [("Accept-Encoding", "gzip"), ("If-None-Match", gzipped)]).status == 304
    assert site.get("/app.css", [("If-None-Match", gzipped)]).status == 200
    # A range is one of what is sent.
    answer = site.get("/app.css", [("Accept-Encoding", "br"), ("Range", "bytes=5-5")])
    assert answer.status == 206 and answer.body == b"a" and answer.header("content-range") == "bytes 5-5/22"


def test_names_that_never_change(site):
    answer = site.get("/static/name-0123abcd.js")
    assert answer.header("cache-control") == "public, max-age=31536000, immutable"


# ---- What the host says


def test_the_access_log(site):
    answer = site.get("/logo.svg?secret")
    line = site.wait_for_line(message="request", request_id=answer.header("x-request-id"))
    assert line["path"] == "/logo.svg" and line["status"] == 200 and line["bytes"] == 6
    assert line["function"] == "probe" and line["served"] == "asset"
    assert "cpu_ms" not in line and "error" not in line
    answer = site.request("POST", "/hello", body=b"")
    line = site.wait_for_line(message="request", request_id=answer.header("x-request-id"))
    assert "served" not in line and "cpu_ms" in line


def test_no_call_is_run(start_host, tmp_path):
    component = deploy(tmp_path)
    put(tmp_path / "public/trap", b"a file where the function has a trap")
    host = start_host(component)
    for _ in range(20):
        assert host.get("/trap").text == "a file where the function has a trap"
    assert not host.lines(message="call failed")
    assert host.request("POST", "/trap", body=b"").status == 502
    assert host.wait_for_line(message="call failed")


def test_the_request_s_head_has_its_limit(start_host, tmp_path):
    component = deploy(tmp_path, toml='[assets]\nfolder = "public"\n[limits]\nrequest_header = "1KB"\n')
    host = start_host(component)
    answer = host.get("/app.css", [("X-Long", "a" * 1024)])
    assert answer.status == 431 and answer.error == "request_header_size"


# ---- Where they are


def test_each_function_has_its_own(start_host, tmp_path):
    functions = tmp_path / "functions"
    for name in ("one", "two", "three"):
        put(functions / f"{name}/page.txt", name.encode())
        shutil.copy(guest("hello"), functions / f"{name}.wasm")
    for name in ("one", "two"):
        (functions / f"{name}.toml").write_text(f'[assets]\nfolder = "{name}"\n')
    host = start_host(functions=functions)
    host.wait_for_line(message="functions loaded")
    for name in ("one", "two"):
        assert host.get("/page.txt", [("Host", f"{name}.localhost")]).text == name
        assert host.get("/other", [("Host", f"{name}.localhost")]).body == b"Hello, world!\n"
    assert host.get("/page.txt", [("Host", "three.localhost")]).body == b"Hello, world!\n"
    # The configuration is watched.
    (functions / "three.toml").write_text('[assets]\nfolder = "three"\n')
    eventually(lambda: host.get("/page.txt", [("Host", "three.localhost")]).text == "three")


def test_a_host_of_one_function_may_say_it(start_host, tmp_path):
    fill(tmp_path / "public")
    host = start_host(guest("hello"), config='[assets]\nfolder = "public"\n', folder=tmp_path)
    assert host.get("/app.css").body == CSS


def test_no_folder_of_others(start_host, tmp_path):
    functions = tmp_path / "functions"
    functions.mkdir()
    folders = {"a": "../public", "b": "/etc", "c": ".", "d": "", "e": "a/../../b"}
    for name, folder in folders.items():
        shutil.copy(guest("hello"), functions / f"{name}.wasm")
        (functions / f"{name}.toml").write_text(f'[assets]\nfolder = "{folder}"\n')
    host = start_host(functions=functions)
    for name in folders:
        line = host.wait_for_line(message="a function cannot be loaded", function=name)
        expected = f'{name}.toml:2: assets.folder: expected a folder below that of this file, like "public"'
        assert expected in line["reason"]


def test_a_folder_that_is_missing(start_host, tmp_path):
    component = deploy(tmp_path, component="hello", name="hello", toml='[assets]\nfolder = "later"\n')
    host = start_host(component)
    line = host.wait_for_line(message="the folder of assets is missing")
    assert line["function"] == "hello" and line["folder"] == str(tmp_path / "later") and line["level"] == "warning"
    assert host.get("/app.css").body == b"Hello, world!\n"
    (tmp_path / "public").rename(tmp_path / "later")
    assert host.get("/app.css").body == CSS


def test_what_cannot_be_read(start_host, tmp_path):
    component = deploy(tmp_path)
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (tmp_path / "public/app.css").chmod(0)
    host = start_host(component)
    answer = host.get("/app.css")
    assert answer.status == 500 and answer.error == "system" and b"public" not in answer.body
    assert host.wait_for_line(message="asset cannot be read")["reason"] == "Permission denied"


def test_before_the_first_version_is_there(start_host, tmp_path):
    """A file is not asked of the function because nobody knew better yet."""
    functions = tmp_path / "functions"
    functions.mkdir()
    deploy(functions)
    host = start_host(functions=functions, cache=tmp_path / "cache")
    with host.connect() as connection:
        answer = connection.get("/hello", [("Host", "probe.localhost")])
    assert answer.text == "a file, not the function"
    # It did wait: the host listens before its functions are ready.
    assert host.wait_for_line(message="function ready")["artifact"] == "compiled"


# ---- What changes


def test_changes_are_served_at_once(start_host, tmp_path):
    component = deploy(tmp_path)
    host = start_host(component)
    public = tmp_path / "public"
    tag = None
    for turn in range(30):
        # In place, renamed into place; of one length, with a time that is set back.
        content = b"%5d" % turn
        if turn % 2:
            put(public / "new.txt", content, OLD)
        else:
            (public / "new.txt").write_bytes(content)
        answer = host.get("/new.txt", [("If-None-Match", tag or '"x"')])
        assert answer.status == 200 and answer.body == content
        time.sleep(0.02 * (turn % 10))
        tag = host.get("/new.txt").header("etag")
    (public / "new.txt").unlink()
    assert host.get("/new.txt").status == 404
    assert len(host.lines(message="function ready")) == 1 and not host.lines(message="function swapped")


def test_a_compressed_file_that_is_older_is_not_sent(start_host, tmp_path):
    component = deploy(tmp_path)
    host = start_host(component)
    accepting = [("Accept-Encoding", "br, gzip")]
    assert host.get("/app.css", accepting).header("content-encoding") == "br"
    put(tmp_path / "public/app.css", b"changed")
    answer = host.get("/app.css", accepting)
    assert answer.body == b"changed" and answer.header("content-encoding") is None


def test_the_folder_is_replaced(start_host, tmp_path):
    """A link that is set to the next release, as one does it."""
    component = deploy(tmp_path)
    (tmp_path / "public").rename(tmp_path / "first")
    (tmp_path / "public").symlink_to("first")
    put(tmp_path / "second/app.css", b"second")
    host = start_host(component)
    assert host.get("/app.css").body == CSS
    (tmp_path / "next").symlink_to("second")
    (tmp_path / "next").rename(tmp_path / "public")
    assert host.get("/app.css").body == b"second"


def slow_reader(host, target, headers=()):
    """Has read the head, and takes nothing more for now."""
    connection = Connection("127.0.0.1", host.port, receive_buffer=4096)
    connection.send_head("GET", target, headers)
    connection.take_until(b"\r\n\r\n")
    return connection


def read_all(connection, bytes_max):
    """What still comes, up to the end of the connection or so much."""
    got = bytearray(connection.buffer)
    while len(got) < bytes_max:
        try:
            data = connection.socket.recv(1 << 20)
        except ConnectionResetError:
            break
        if not data:
            break
        got += data
    return bytes(got)


def test_a_file_that_is_replaced_while_it_is_sent(start_host, tmp_path):
    component = deploy(tmp_path)
    host = start_host(component)
    content = (tmp_path / "public/large.bin").read_bytes()
    with slow_reader(host, "/large.bin") as connection:
        put(tmp_path / "public/large.bin", b"new")
        assert read_all(connection, LARGE_BYTES) == content
    assert host.get("/large.bin").body == b"new"
    assert not host.lines(message="asset cut")


@pytest.mark.parametrize("how", ["truncated", "overwritten"])
def test_a_file_that_is_written_to_while_it_is_sent(start_host, tmp_path, how):
    """Whoever gets it can tell that it is not whole."""
    component = deploy(tmp_path)
    host = start_host(component, "--access-log")
    path = tmp_path / "public/large.bin"
    with slow_reader(host, "/large.bin") as connection:
        if how == "truncated":
            os.truncate(path, LARGE_BYTES // 2)
        else:
            with path.open("r+b") as file:
                file.seek(LARGE_BYTES - 100)
                file.write(b"!")
        got = read_all(connection, LARGE_BYTES + 1)
        assert len(got) < LARGE_BYTES
    line = host.wait_for_line(message="asset cut")
    assert line["path"] == "/large.bin" and line["reason"] == "it was written to while it was sent"
    assert host.wait_for_line(message="request", path="/large.bin")["error"] == "response_incomplete"
    assert host.get("/large.bin").status == 200


def test_a_client_that_goes(start_host, tmp_path):
    component = deploy(tmp_path)
    host = start_host(component, "--access-log")
    descriptors = len(os.listdir(f"/proc/{host.process.pid}/fd"))
    for end in (Connection.close, Connection.reset):
        for _ in range(10):
            end(slow_reader(host, "/large.bin"))
    eventually(lambda: len(os.listdir(f"/proc/{host.process.pid}/fd")) <= descriptors, what="closed descriptors")
    assert host.wait_for_line(message="request", path="/large.bin")["error"] == "client_gone"
    assert host.get("/app.css").status == 200


def test_a_host_that_ends(start_host, tmp_path):
    """Running transfers are waited for, and cut when the time is over."""
    component = deploy(tmp_path)
    host = start_host(component, "--drain-time=500ms")
    connection = slow_reader(host, "/large.bin")
    host.stop()
    connection.close()


# ---- Much of it


@pytest.mark.skipif(SANITIZED, reason="its memory is not that of the program")
def test_a_gigabyte_takes_no_memory(start_host, tmp_path):
    component = deploy(tmp_path)
    with (tmp_path / "public/huge.bin").open("wb") as file:
        file.truncate(1 << 30)
        file.seek((1 << 30) - 3)
        file.write(b"end")
    host = start_host(component)
    host.get("/app.css")
    before = host.resident_bytes()
    most = 0
    with host.connect() as connection:
        connection.send_head("GET", "/huge.bin")
        head = connection.take_until(b"\r\n\r\n")
        assert b"Content-Length: 1073741824" in head
        count, last = len(connection.buffer), b""
        while count < 1 << 30:
            last = connection.socket.recv(1 << 20)
            assert last
            if count >> 27 != (count + len(last)) >> 27:
                most = max(most, host.resident_bytes())
            count += len(last)
        assert count == 1 << 30 and last.endswith(b"end")
    assert most - before < 2 << 20, (before, most)
    answer = host.get("/huge.bin", [("Range", f"bytes={(1 << 30) - 3}-")])
    assert answer.status == 206 and answer.body == b"end"


@pytest.mark.skipif(SANITIZED, reason="its memory is not that of the program")
def test_slow_readers_take_little_memory_and_hinder_nobody(start_host, tmp_path):
    component = deploy(tmp_path)
    host = start_host(component)
    host.get("/large.bin")
    before = host.resident_bytes()
    readers = [slow_reader(host, "/large.bin") for _ in range(100)]
    try:
        eventually(host.is_quiet, 20, "a quiet host")
        # What http gathers for each, and 64 KiB that were read.
        assert host.resident_bytes() - before < 100 * 256 * 1024
        assert host.get("/app.css").body == CSS
        assert host.request("POST", "/hello", body=b"").body == b"Hello, world!\n"
    finally:
        for reader in readers:
            reader.close()


def test_many_at_a_time(site):
    connections = [site.connect() for _ in range(50)]
    content = site.get("/large.bin").body
    for connection in connections:
        connection.send_head("GET", "/large.bin")
    for connection in connections:
        assert connection.response().body == content
        connection.close()
