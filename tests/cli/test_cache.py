# SPDX-License-Identifier: AGPL-3.0-only
"""Compiled once: the artifacts of a host are found again after a restart, and nobody else's are run."""

import time

import pytest
from host import Host, guest


def artifact(host):
    """Whether the host compiled its component or found it compiled."""
    return host.lines(message="function ready")[0]["artifact"]


def files_of(cache):
    """The artifacts; what else lies there belongs to nobody alone."""
    return list(cache.glob("*.artifact"))


def largest(cache):
    return max(files_of(cache), key=lambda path: path.stat().st_size)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def serve(cache, component="hello", **options):
    with Host(guest(component), cache=cache, **options) as host:
        assert host.get("/").status == 200
    return host


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


def test_a_cold_start_with_a_cached_artifact_is_quick(cache):
    """Host up, function never called: the first byte of the first answer."""
    serve(cache, "probe")
    with Host(guest("probe"), cache=cache) as host, host.connect() as connection:
        started = time.monotonic()
        connection.get("/hello")
        assert time.monotonic() - started < 0.1
