# SPDX-License-Identifier: AGPL-3.0-only
"""The cache of compiled artifacts, as hosts that start again see it."""

import os
import shutil
import signal
import stat
import time
from pathlib import Path

import pytest
from host import SANITIZED, Host, eventually, guest, run


def artifacts(cache):
    return sorted(cache.glob("*.artifact"))


def ready(host, count=1):
    return eventually(lambda: (lines := host.lines(message="function ready"))[count - 1 :] and lines, 60, "ready")[-1]


def test_a_restart_compiles_nothing(start_host, tmp_path):
    cache = tmp_path / "cache"
    host = start_host(guest("probe"), cache=cache)
    assert ready(host)["artifact"] == "compiled"
    assert host.get("/").status == 200
    host.stop()
    assert len(artifacts(cache)) == 1
    before = artifacts(cache)[0].stat().st_ino
    host = start_host(guest("probe"), cache=cache)
    line = ready(host)
    assert line["artifact"] == "cached" and line["compile_ms"] == 0
    assert host.get("/").status == 200
    assert artifacts(cache)[0].stat().st_ino == before


def test_modes(start_host, tmp_path):
    # Where nobody says another it is the user's, and is made with its parents.
    host = start_host(guest("hello"), cache=None, environment={"XDG_CACHE_HOME": str(tmp_path / "home" / "cache")})
    ready(host)
    cache = tmp_path / "home" / "cache" / "fn0"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert stat.S_IMODE((cache / "key").stat().st_mode) == 0o600
    assert [stat.S_IMODE(path.stat().st_mode) for path in artifacts(cache)] == [0o400]


def test_a_cache_that_is_removed_meanwhile(start_host, tmp_path):
    """It is made again when something is compiled next, and a restart finds it."""
    cache, functions = tmp_path / "cache", tmp_path / "functions"
    functions.mkdir()
    shutil.copy(guest("hello"), functions / "one.wasm")
    host = start_host(functions=functions, cache=cache)
    ready(host)
    shutil.rmtree(cache)
    shutil.copy(guest("wat/minimal"), functions / "two.wasm")
    ready(host, 2)
    assert len(artifacts(cache)) == 1
    assert host.get("/", [("Host", "one.localhost")]).status == 200
    assert len(host.lines(message="the cache folder was gone and is made again", folder=str(cache))) == 1
    assert not host.lines(message="an artifact cannot be cached: the next start will compile it again")
    host.stop()
    host = start_host(functions=functions, cache=cache)
    ready(host, 2)
    assert {line["function"]: line["artifact"] for line in host.lines(message="function ready")} == {
        "one": "compiled",
        "two": "cached",
    }


@pytest.mark.parametrize("damage", ["content", "end", "shorter", "another"])
def test_what_this_host_did_not_make_is_compiled_again(start_host, tmp_path, damage):
    cache = tmp_path / "cache"
    host = start_host(guest("hello"), cache=cache)
    ready(host)
    host.stop()
    path = artifacts(cache)[0]
    content = bytearray(path.read_bytes())
    if damage == "content":
        content[len(content) // 2] ^= 1
    elif damage == "end":
        content[-1] ^= 1
    elif damage == "shorter":
        del content[-4096:]
    else:
        # Made by another host, with another key.
        other = start_host(guest("hello"), cache=tmp_path / "other")
        ready(other)
        other.stop()
        content = artifacts(tmp_path / "other")[0].read_bytes()
    path.unlink()
    path.write_bytes(content)
    host = start_host(guest("hello"), cache=cache)
    assert ready(host)["artifact"] == "compiled"
    assert len(host.lines(level="warning", message="a cached artifact is not trusted and is removed")) == 1
    assert host.get("/").status == 200
    host.stop()
    # What it has written instead is sound.
    host = start_host(guest("hello"), cache=cache)
    assert ready(host)["artifact"] == "cached"


def test_compiled_functions_are_kept(start_host, tmp_path):
    """They lie beside the artifacts, for nobody else, and a file of them that is damaged harms nothing."""
    cache = tmp_path / "cache"
    code = cache / "functions.code"
    for damaged in (False, False, True):
        if damaged:
            content = bytearray(code.read_bytes())
            content[len(content) // 4 : len(content) * 3 // 4] = bytes(len(content) * 3 // 4 - len(content) // 4)
            code.write_bytes(content)
        host = start_host(guest("probe"), cache=cache)
        assert ready(host)["artifact"] == "compiled"
        assert host.get("/").status == 200
        assert not host.lines(level="warning")
        host.stop()
        assert code.stat().st_mode & 0o777 == 0o600
        for path in artifacts(cache):
            path.unlink()


def test_two_hosts_share_a_cache(start_host, tmp_path):
    cache = tmp_path / "cache"
    hosts = [start_host(guest("probe"), cache=cache, ready=False) for _ in range(2)]
    for host in hosts:
        host.wait_until_ready()
        ready(host)
        assert host.get("/").status == 200
        assert not host.lines(level="warning")
    assert len(artifacts(cache)) == 1


def test_a_kill_loses_nothing(start_host, tmp_path):
    cache = tmp_path / "cache"
    host = start_host(guest("c"), cache=cache)
    ready(host)
    host.stop()
    children = set()
    for round in range(12):
        for path in artifacts(cache):
            if path.stat().st_size > 500000:
                path.unlink()
        host = Host(guest("probe"), cache=cache, ready=False)
        # From the start until after the artifact has been written.
        time.sleep(0.02 + round * (0.4 if SANITIZED else 0.1))
        children |= set(children_of(host.process.pid))
        host.signal(signal.SIGKILL)
        host.wait()
    # A compile ends with its host.
    eventually(lambda: not any(compiles(child) for child in children), 5, "the end of the compiles")
    for name in ("c", "probe"):
        host = start_host(guest(name), cache=cache)
        ready(host)
        assert name != "c" or ready(host)["artifact"] == "cached"
        assert host.get("/").status == 200
        assert not host.lines(level="warning")
        host.stop()
    assert sorted(path.suffix for path in cache.iterdir() if path.name != "functions.code") == [
        "",
        ".artifact",
        ".artifact",
    ]


def children_of(pid):
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        return [int(word) for task in tasks for word in Path(f"/proc/{pid}/task/{task}/children").read_text().split()]
    except FileNotFoundError:
        return []


def compiles(pid):
    try:
        return b"fn0-compile" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def test_the_longest_unused_go(start_host, tmp_path):
    cache = tmp_path / "cache"
    size = {}
    for name in ("hello", "c", "wat/minimal"):
        host = start_host(guest(name), "--cache-bytes-max=600KB", cache=cache)
        ready(host)
        host.stop()
        size[name] = sum(path.stat().st_size for path in artifacts(cache))
    # All three would fit; the probe needs more than is left by them, and is itself larger than the bound.
    assert size["wat/minimal"] > size["c"] > size["hello"]
    host = start_host(guest("c"), "--cache-bytes-max=300KB", cache=cache)
    assert ready(host)["artifact"] == "cached"
    host.stop()
    assert sum(path.stat().st_size for path in artifacts(cache)) <= 300 * 1024
    host = start_host(guest("hello"), "--cache-bytes-max=300KB", cache=cache)
    assert ready(host)["artifact"] == "compiled"


def test_no_room_in_the_cache_is_a_warning(start_host, tmp_path):
    cache = tmp_path / "cache"
    host = start_host(guest("probe"), "--cache-bytes-max=100KB", cache=cache)
    assert ready(host)["artifact"] == "compiled"
    assert "102400" in host.wait_for_line(level="warning")["reason"]
    assert host.get("/").status == 200
    assert artifacts(cache) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_full_disk_is_a_warning(start_host, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    if os.system(f"mount -t tmpfs -o size=64k,mode=700 tmpfs {cache} 2>/dev/null") != 0:
        pytest.skip("no mount here")
    try:
        host = start_host(guest("hello"), cache=cache)
        assert ready(host)["artifact"] == "compiled"
        assert "No space left" in host.wait_for_line(level="warning")["reason"]
        assert host.get("/").status == 200
        assert [path.name for path in cache.iterdir()] == ["key"]
        host.stop()
    finally:
        os.system(f"umount {cache}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_folder_that_forbids_execution(start_host, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    if os.system(f"mount -t tmpfs -o noexec,size=64m,mode=700 tmpfs {cache} 2>/dev/null") != 0:
        pytest.skip("no mount here")
    try:
        for artifact in ("compiled", "cached"):
            host = start_host(guest("hello"), cache=cache)
            assert ready(host)["artifact"] == artifact
            assert host.get("/").status == 200
            host.stop()
    finally:
        os.system(f"umount {cache}")


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_may_write_is_refused(tmp_path, mode):
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(mode)
    ended = run("serve", "--listen=127.0.0.1:0", f"--cache-dir={cache}", guest("hello"))
    assert ended.returncode == 1
    assert str(cache) in ended.stderr and "chmod 700" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_a_folder_of_another_user_is_refused(tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir(0o700)
    shutil.chown(cache, 65534)
    ended = run("serve", "--listen=127.0.0.1:0", f"--cache-dir={cache}", guest("hello"))
    assert ended.returncode == 1
    assert "belongs to user 65534" in ended.stderr


@pytest.mark.timeout(300)
@pytest.mark.skipif(SANITIZED, reason="sanitizers keep memory")
def test_compiling_leaves_no_memory_behind(start_host, tmp_path):
    host = start_host(guest("javascript-handler"), cache=tmp_path / "cache")
    line = eventually(lambda: host.lines(message="function ready"), 200, "the compile")[0]
    assert line["artifact"] == "compiled"
    assert host.get("/").status == 200
    assert host.resident_bytes() < 60 << 20
    assert host.is_quiet(1)
