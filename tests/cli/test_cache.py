# SPDX-License-Identifier: AGPL-3.0-only
"""Compiled once: the artifacts of a host are found again after a restart, and nobody else's are run."""

import os
import signal
import stat
import time

import pytest
from host import Host, guest


def artifact(host):
    """Whether the host compiled its component or found it compiled."""
    return host.lines(message="function ready")[0]["artifact"]


def files_of(cache):
    return [path for path in cache.rglob("*") if path.is_file()]


def largest(cache):
    return max(files_of(cache), key=lambda path: path.stat().st_size)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def serve(cache, component="hello", **options):
    with Host(guest(component), cache=cache, **options) as host:
        assert host.get("/").status == 200
    return host


def test_a_restart_compiles_nothing(cache):
    assert artifact(serve(cache)) == "compiled"
    assert artifact(serve(cache)) == "cached"
    assert artifact(serve(cache, workers=2)) == "cached"


def test_the_folder_is_its_owners_alone(cache):
    cache.parent.mkdir(exist_ok=True)
    with Host(guest("hello"), f"--cache-dir={cache}", cache=None) as host:
        host.get("/")
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in files_of(cache))


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME"] + ["HOME"] * (os.geteuid() != 0))
def test_without_a_folder_it_is_the_users(tmp_path, variable):
    environment = {"XDG_CACHE_HOME": "", "HOME": str(tmp_path), variable: str(tmp_path)}
    with Host(guest("hello"), cache=None, environment=environment) as host:
        host.get("/")
    assert files_of(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]),
        lambda path: flip(path, path.stat().st_size // 2),
        lambda path: flip(path, path.stat().st_size - 1),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        lambda path: path.write_bytes(os.urandom(path.stat().st_size)),
    ],
)
def test_an_artifact_that_is_not_ours_is_not_run(cache, damage):
    serve(cache)
    damage(largest(cache))
    host = serve(cache)
    assert artifact(host) == "compiled"
    assert artifact(serve(cache)) == "cached"


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 0x40
    path.write_bytes(bytes(content))


def test_an_artifact_of_another_component_is_not_run(cache):
    """Renamed to the name of another's."""
    serve(cache, "hello")
    before = set(files_of(cache))
    one = largest(cache)
    serve(cache, "c")
    (other,) = (path for path in set(files_of(cache)) - before if path.stat().st_size > 10_000)
    one.write_bytes(other.read_bytes())
    host = serve(cache, "hello")
    assert artifact(host) == "compiled"


def test_an_artifact_of_another_host_is_not_run(cache, tmp_path):
    """It has another key."""
    serve(cache)
    serve(tmp_path / "other")
    largest(cache).write_bytes(largest(tmp_path / "other").read_bytes())
    assert artifact(serve(cache)) == "compiled"


def test_killed_while_it_writes_nothing_is_lost(cache):
    """Whatever moment it is: the next start serves, and the one after that compiles nothing."""
    for delay in (0.05, 0.15, 0.25, 0.3, 0.35, 0.4, 0.5):
        host = Host(guest("probe"), cache=cache, ready=False)
        time.sleep(delay)
        host.signal(signal.SIGKILL)
        host.wait()
    serve(cache, "probe")
    assert artifact(serve(cache, "probe")) == "cached"


def test_several_hosts_share_a_folder(cache):
    hosts = [Host(guest("probe"), cache=cache, ready=False) for _ in range(4)]
    for host in hosts:
        host.wait_until_ready()
        assert host.get("/hello").status == 200
    for host in hosts:
        host.stop()
    assert artifact(serve(cache, "probe")) == "cached"


def test_the_folder_is_bounded(cache):
    """What was used longest ago goes."""
    bound = 1024 * 1024 * 3 // 2
    for patch in range(6):
        with Host(guest(f"versions/c-0.2.{patch}"), "--cache-bytes-max", f"{bound}B", cache=cache) as host:
            host.get("/")
    assert sum(path.stat().st_size for path in files_of(cache)) <= bound + 4096
    with Host(guest("versions/c-0.2.5"), "--cache-bytes-max", f"{bound}B", cache=cache) as host:
        assert artifact(host) == "cached"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a full file system of its own")
def test_a_folder_that_cannot_be_written_is_no_error():
    """The artifact stays in memory; the next start compiles again."""
    with Host(guest("hello"), "--cache-dir=/proc/1/nowhere", cache=None, ready=False) as host:
        if host._ready.wait(30) and host.addresses:
            assert host.get("/").status == 200
        else:
            assert "/proc/1/nowhere" in str(host.log)
            host.stop = lambda: None


def test_a_cold_start_with_a_cached_artifact_is_quick(cache):
    """Host up, function never called: the first byte of the first answer."""
    serve(cache, "probe")
    with Host(guest("probe"), cache=cache) as host, host.connect() as connection:
        started = time.monotonic()
        connection.get("/hello")
        assert time.monotonic() - started < 0.1
