# SPDX-License-Identifier: AGPL-3.0-only
"""What goes wrong around a person who writes functions, in a new project of each template: a tool that is missing, a
mistake in the source, a full disk, no network, Ctrl-C in the middle, a port in use. Each is said with what to do about
it, and nothing half-written is left."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from host import END_SECONDS, PROGRAM, SANITIZED, SHARED_CACHE, eventually
from projects import TEMPLATES, Place

pytestmark = [
    pytest.mark.timeout(900),  # what cargo builds for the first time takes minutes
    pytest.mark.skipif(SANITIZED, reason="these are tests of tools around the program"),
]

CACHE = f"--cache-dir={SHARED_CACHE}"

each_template = pytest.mark.parametrize("template", TEMPLATES)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "temporary").mkdir()
    return Place(tmp_path / "project")


def build(place, variables, *around, seconds=600):
    """`fn0 build`, perhaps by a program around it."""
    return subprocess.run(
        [*map(str, around), str(PROGRAM), "build", CACHE],
        cwd=place.path,
        env=place.environment(TMPDIR=str(place.path.parent / "temporary"), **variables),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


# What a build works with and uses again.
WORK = (".fn0/.gitignore", ".fn0/types", ".fn0/python/")


def check_nothing_is_left(place, before):
    """Neither a component nor a part of one, nor what stood between."""
    assert place.files() == before
    left = {str(path.relative_to(place.path)) for path in place.path.glob(".fn0/**/*") if path.is_file()}
    assert {name for name in left if not name.startswith(WORK)} == set(), left
    assert list((place.path.parent / "temporary").iterdir()) == []


# ---- A tool that is missing

MISSING = {
    "rust": ("cargo is not on PATH", "rustup"),
    "c": ("clang is not on PATH", "clang-22"),
    "python": ("componentize-py", "pip install componentize-py=="),
}


@each_template
def test_a_tool_that_is_missing(place, template):
    assert place.fn0("init", "--template", template).returncode == 0
    if template == "hono":
        (place.path / "node_modules").mkdir()
    before = place.files()
    result = build(place, {"PATH": str(place.path / "nowhere")})
    assert result.returncode == 1 and result.stdout == ""
    said, advice = MISSING.get(template, ("node is not on PATH", "https://nodejs.org"))
    assert said in result.stderr and advice in result.stderr
    assert result.stderr.startswith("fn0: ") and result.stderr.count("\n") == 1
    check_nothing_is_left(place, before)


def test_packages_that_are_missing(place):
    assert place.fn0("init", "--template", "hono").returncode == 0
    before = place.files()
    result = build(place, {})
    assert result.returncode == 1
    assert "src/index.ts:2:" in result.stderr or "src/index.ts:" in result.stderr
    assert '"hono"' in result.stderr and "npm install" in result.stderr
    check_nothing_is_left(place, before)


# ---- A mistake in the source

SOURCES = {"javascript": "src/index.js", "rust": "src/main.rs", "c": "src/main.c", "python": "src/app.py"}


@each_template
def test_a_mistake(place, template):
    variables = place.make(template)
    source = place.path / SOURCES.get(template, "src/index.ts")
    right = source.read_text()
    line = right.count("\n") + 1
    source.write_text(right + "this is (no language\n")
    before = place.files()
    result = build(place, variables)
    assert result.returncode == 1 and result.stdout == ""
    name = source.relative_to(place.path)
    where = {"python": rf'File ".*{name.name}", line {line}\b'}.get(template, rf"{name}:{line}:\d+")
    assert re.search(where, result.stderr), result.stderr
    # The line itself stands with it.
    assert "this is (no language" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("fn0: ")
    check_nothing_is_left(place, before)
    source.write_text(right)
    assert build(place, variables).returncode == 0


# ---- A full disk

SMALL = """\
set -e
mount -t tmpfs -o size="$1" none "$2"
cp -a . "$2"
cd "$2"
shift 2
status=0
"$@" || status=$?
find . -name node_modules -prune -o -name target -prune -o -name __pycache__ -prune -o -type f -print | sort | sed 's/^/left: /'
exit $status
"""

# Less than each component has; of Rust less than the first thing that rustc writes (its linker maps files, and crashes).
ROOM = {"c": "120k", "rust": "300k", "python": "4m"}


def with_mounts(script, *words):
    """What a command stands behind to be run by a script that may mount what nobody else sees."""
    return ("unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", *words)


@each_template
def test_a_full_disk(place, template, tmp_path):
    variables = dict(place.make(template))
    variables.pop("CARGO_TARGET_DIR", None)
    small = tmp_path / "small"
    small.mkdir()
    before = [f"./{name}" for name in place.files()]
    result = build(place, variables, *with_mounts(SMALL, ROOM.get(template, "1m"), small))
    assert result.returncode == 1
    assert re.search("no space left on device", result.stderr, re.IGNORECASE), result.stderr
    last = result.stderr.splitlines()[-1]
    assert last.startswith("fn0: ") and ("make room" in last or "the reason is above" in last), last
    left = [line.removeprefix("left: ") for line in result.stdout.splitlines()]
    left = [name for name in left if not name.removeprefix("./").startswith((*WORK, ".venv"))]
    assert left == before
    assert list(small.iterdir()) == []


def test_a_disk_that_fills_while_it_serves(place, tmp_path):
    """The old version goes on, and the next save is built when there is room again."""
    place.make("javascript")
    small = tmp_path / "small"
    small.mkdir()
    script = 'mount -t tmpfs -o size=12m none "$1" && cp -a . "$1" && cd "$1" && shift && exec "$@"'
    process = subprocess.Popen(
        [*with_mounts(script, small), PROGRAM, "dev", "--json", CACHE, "--listen=127.0.0.1:0"],
        cwd=place.path,
        env=place.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def next_event(kind):
        for line in process.stdout:
            event = json.loads(line)
            if event.get("event") == kind:
                return event
        raise AssertionError(process.communicate())

    try:
        url = next_event("ready")["url"]
        # As that process sees it.
        inside = Path(f"/proc/{process.pid}/root{small}")
        source = inside / "src/index.js"
        text = source.read_text()
        assert ask(url) == "Hello, world!\n"
        with contextlib.suppress(OSError), (inside / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(65536))
        with source.open("r+") as file:
            file.write(text.replace("${env.GREETING}", "Howdy, dear old"))
        failed = next_event("error")
        assert "No space left on device: make room on that disk" in failed["error"]
        assert ask(url) == "Hello, world!\n"
        (inside / "filler").unlink()
        with source.open("r+") as file:
            file.write(text.replace("${env.GREETING}", "Servus, du alte"))
        next_event("build")
        eventually(lambda: ask(url) == "Servus, du alte, world!\n", 20, "the new version")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=END_SECONDS)
        assert process.returncode == 0
    finally:
        process.kill()


def ask(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read().decode()


def test_no_room_for_what_stands_between(place, tmp_path):
    place.make("javascript")
    before = place.files()
    script = 'mount -t tmpfs -o size=4k none "$1" && touch "$1/x" && shift && exec "$@"'
    result = build(place, {}, *with_mounts(script, tmp_path / "temporary"))
    assert result.returncode == 1
    assert re.search("no space left on device", result.stderr, re.IGNORECASE), result.stderr
    check_nothing_is_left(place, before)


def test_no_room_for_a_project(place, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    script = 'mount -t tmpfs -o size=4k,nr_inodes=5 none "$1" && cd "$1" && shift && "$@"; echo $? && find . -type f'
    result = subprocess.run(
        [*with_mounts(script, small), PROGRAM, "init", "--template", "rust"],
        env=place.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.search("no space left on device", result.stderr, re.IGNORECASE), result.stderr
    # Whole or not at all.
    assert result.stdout == "1\n"


def test_no_room_for_artifacts(place, tmp_path):
    """They are kept in memory then: the component is made all the same."""
    place.make("c")
    small = tmp_path / "small"
    small.mkdir()
    script = 'mount -t tmpfs -o size=16k none "$1" && chmod 700 "$1" && shift && exec "$@"'
    result = subprocess.run(
        [*with_mounts(script, small), PROGRAM, "build", f"--cache-dir={small}"],
        cwd=place.path,
        env=place.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert (place.path / ".fn0/project.wasm").stat().st_size > 10000


# ---- No network

ALONE = ("unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")


@each_template
def test_no_network(place, template):
    variables = place.make(template)
    # What cargo needs is fetched once, like what npm and pip need.
    if template == "rust":
        assert build(place, variables).returncode == 0
        (place.path / "src/main.rs").touch()
    result = build(place, variables, *ALONE)
    assert result.returncode == 0, result.stderr
    tested = subprocess.run(
        [*ALONE, PROGRAM, "test", CACHE],
        cwd=place.path,
        env=place.environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_packages_that_cannot_be_fetched(place, tmp_path):
    variables = place.make("rust")
    before = place.files()
    result = build(place, {**variables, "CARGO_HOME": str(tmp_path / "cargo"), "CARGO_NET_RETRY": "0"}, *ALONE)
    assert result.returncode == 1
    assert "wstd" in result.stderr or "registry" in result.stderr or "index" in result.stderr
    assert result.stderr.splitlines()[-1] == "fn0: cargo could not build it: the reason is above"
    check_nothing_is_left(place, before)


# ---- Ctrl-C in the middle

# What has the tool wait: it reads a pipe that nobody writes to.
WAITING = {
    "javascript": ("src/slow.txt", 'import slow from "./slow.txt";\n'),
    "typescript": ("src/slow.txt", 'import slow from "./slow.txt";\n'),
    "hono": ("src/slow.txt", 'import slow from "./slow.txt";\n'),
    "rust": ("src/slow.rs", 'include!("slow.rs");\n'),
    "c": ("src/slow.h", '#include "slow.h"\n'),
    # componentize-py has no pipes: it runs for ever.
    "python": (None, "while True:\n    pass\n"),
}


def group_of(pid):
    """Those that a process has started, with theirs."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as file:
            for child in map(int, file.read().split()):
                found += [child, *group_of(child)]
    return found


@pytest.mark.parametrize("template", WAITING)
def test_ctrl_c_in_the_middle(place, template):
    variables = place.make(template)
    name, line = WAITING[template]
    source = place.path / SOURCES.get(template, "src/index.ts")
    source.write_text(line + source.read_text() + ("console.log(slow);\n" if ".txt" in line else ""))
    if name:
        os.mkfifo(place.path / name)
    before = place.files()
    process = subprocess.Popen(
        [str(PROGRAM), "build", CACHE],
        cwd=place.path,
        env=place.environment(TMPDIR=str(place.path.parent / "temporary"), **variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    try:
        # It opens when somebody reads.
        pipe = eventually(lambda: open_to_write(place.path / name, process), 600, "the tool") if name else None
        if not name:
            eventually(lambda: group_of(process.pid), 60, "the tool")
            time.sleep(1)
        tools = group_of(process.pid)
        assert tools
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=END_SECONDS)
        if pipe is not None:
            os.close(pipe)
    finally:
        process.kill()
    assert process.returncode == 130 and output == ""
    eventually(lambda: not any(os.path.exists(f"/proc/{tool}/exe") for tool in tools), 10, "the end of the tools")
    check_nothing_is_left(place, before)


def open_to_write(path, process):
    assert process.poll() is None, process.communicate()
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        time.sleep(0.02)
        return None


# ---- A port in use


@each_template
def test_a_port_in_use(place, template):
    place.make(template)
    before = place.files()
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        result = place.fn0("dev", CACHE, f"--listen={address}")
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr == (
        f"fn0: cannot listen on {address}: the port is in use by another process. "
        "Another one: --listen 127.0.0.1:0 takes what is free\n"
    )
    # Told before anything is built.
    assert place.files() == before and not list(place.path.glob(".fn0/**/*.wasm"))
