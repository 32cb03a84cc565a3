# SPDX-License-Identifier: AGPL-3.0-only
"""`fn0 build SCRIPT`, with a guest of the tests' own in place of the engine and a script in place of the bundler."""

import json
import os
import re
import signal
import subprocess
import time

import pytest
from host import PROGRAM, SHARED_CACHE, Host, eventually, guest, run

# Copies the entry; what the entry begins with says how it misbehaves.
BUNDLER = """\
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
const [entry, flag, folder, mode = ""] = process.argv.slice(2);
if (flag !== "--out-dir" || !["", "--mode=development"].includes(mode)) process.exit(2);
const source = readFileSync(entry, "utf8");
if (source.startsWith("syntax")) {
    process.stderr.write(`${entry}:1:1: error: this is no script\\n    ${source}\\n`);
    process.exit(1);
}
console.log(mode === "" ? "bundling" : "bundling for development");
if (source.startsWith("crash")) process.exit(7);
if (source.startsWith("hang")) {
    writeFileSync(`${folder}/half`, "made");
    writeFileSync(process.env.HANGING, folder);
    await new Promise((resolve) => setTimeout(resolve, 60000));
}
copyFileSync(entry, `${folder}/main.js`);
if (!source.startsWith("mapless")) writeFileSync(`${folder}/main.js.map`, "{map}");
"""


class Project:
    """A folder with scripts, the SDK they are built with, and a folder for what lies between."""

    def __init__(self, folder):
        self.folder = folder / "project"
        self.sdk = folder / "sdk"
        self.between = folder / "between"
        for path in (self.folder, self.sdk / "builder", self.between, SHARED_CACHE):
            path.mkdir(parents=True, exist_ok=True)
        (self.sdk / "engine.wasm").write_bytes(guest("snapshot").read_bytes())
        (self.sdk / "builder/bundle.mjs").write_text(BUNDLER)
        self.environment = {
            **os.environ,
            "FN0_SDK": str(self.sdk),
            "TMPDIR": str(self.between),
            "HANGING": str(folder / "hanging"),
        }

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def words(self, *arguments, cache=SHARED_CACHE):
        return ["build", *arguments, f"--cache-dir={cache}"]

    def build(self, *arguments, cache=SHARED_CACHE, **environment):
        return run(
            *self.words(*arguments, cache=cache), cwd=self.folder, env={**self.environment, **environment}, seconds=60
        )

    def left(self):
        """What lies around that should not."""
        return [*self.between.iterdir(), *(path for path in self.folder.iterdir() if path.name.startswith("."))]


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def failed(result, status=1):
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    return result.stderr


def test_a_script_becomes_a_component_that_serves(project):
    project.write("hello.ts", "some source")
    result = project.build("hello.ts")
    assert result.returncode == 0, result.stderr
    assert re.fullmatch(
        r"hello\.wasm  \d+\.\d [KM]B  bundle \d+ ms(  compile the engine \(once\) \d+ ms)?  snapshot \d+ ms\n",
        result.stdout,
    )
    assert result.stderr == "bundling\n" and project.left() == []
    assert project.build("hello.ts", "--development").stderr == "bundling for development\n"
    with Host(project.folder / "hello.wasm") as host:
        assert host.get("/").text == "-|main.js|some source|{map}"


def test_the_engine_is_compiled_once(project, tmp_path):
    project.write("one.ts", "one")
    project.write("two.ts", "two")
    cache = tmp_path / "cache"
    first = json.loads(project.build("one.ts", "--json", cache=cache).stdout)
    second = json.loads(project.build("two.ts", "--json", cache=cache).stdout)
    assert first["compile_ms"] > 0 and second["compile_ms"] == 0
    assert first["component"] == "one.wasm" and first["bytes"] == (project.folder / "one.wasm").stat().st_size
    assert second["bundle_ms"] > 0 and second["snapshot_ms"] > 0


def test_what_fails_is_told_to_programs_too(project):
    result = project.build("gone.ts", "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout) == {"error": "cannot read gone.ts: No such file or directory"}


def test_the_same_source_gives_the_same_bytes(project):
    project.write("a.ts", "world")
    for name in ("one.wasm", "two.wasm"):
        assert project.build("a.ts", "-o", name).returncode == 0
    assert (project.folder / "one.wasm").read_bytes() == (project.folder / "two.wasm").read_bytes()


@pytest.mark.parametrize("ending", ["js", "jsx", "mjs", "ts", "tsx", "mts"])
def test_entries(project, ending):
    project.write(f"a.b.{ending}", "mapless")
    result = project.build(f"a.b.{ending}")
    assert result.returncode == 0 and result.stdout.startswith("a.b.wasm  ")


def test_where_the_component_goes(project, tmp_path):
    project.write("a.js", "mapless")
    assert project.build("a.js", "-o", tmp_path / "other.wasm").returncode == 0
    assert (tmp_path / "other.wasm").is_file()
    assert "no/such/folder" in failed(project.build("a.js", "-o", "no/such/folder/a.wasm"))
    assert "no file" in failed(project.build("a.js", "-o", tmp_path), status=2)


def test_a_source_that_cannot_be_bundled(project):
    project.write("a.ts", "syntax error here")
    errors = failed(project.build("a.ts"))
    assert "a.ts:1:1: error: this is no script\n    syntax error here\n" in errors
    assert errors.endswith("fn0: a.ts cannot be bundled: the reason is above\n")
    assert project.left() == [] and not (project.folder / "a.wasm").exists()


def test_a_bundler_that_crashes(project):
    project.write("a.ts", "crash")
    assert "bundle.mjs ended with status 7" in failed(project.build("a.ts"))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("throw TypeError: x is not a function\n    at a.ts:3:4\n", "TypeError: x is not a function\n    at a.ts:3:4"),
        ("exit SyntaxError: odd\n", "SyntaxError: odd"),
        ("spin", "after 100 ms of CPU time"),
        ("wait", "time stands still"),
        ("eat", "more than 128 MB of memory: InternalError: out of memory"),
    ],
)
def test_a_module_that_fails(project, source, told):
    project.write("a.ts", source)
    (project.folder / "a.wasm").write_text("old")
    errors = failed(project.build("a.ts", "--start-cpu=100ms"))
    assert "\nfn0: a.ts cannot be evaluated: " in errors and told in errors
    assert (project.folder / "a.wasm").read_text() == "old"
    assert project.left() == []


def test_more_time_may_be_allowed(project):
    project.write("a.ts", "spin")
    started = time.monotonic()
    assert "after 1.5 s of CPU time" in failed(project.build("a.ts", "--start-cpu", "1.5s"))
    assert time.monotonic() - started > 1.5
    assert "--start-cpu soon is no time" in failed(project.build("a.ts", "--start-cpu=soon"), status=2)


def test_what_a_module_prints_is_shown(project):
    project.write("a.ts", "log seen\n<7>detail")
    result = project.build("a.ts")
    assert result.returncode == 0 and result.stderr == "bundling\nseen\ndetail\n"


def test_what_is_missing_is_said(project, tmp_path):
    project.write("a.ts", "one")
    assert "node is not on PATH" in failed(project.build("a.ts", PATH=str(tmp_path)))
    errors = failed(project.build("a.ts", FN0_SDK=str(tmp_path / "none")))
    assert "none: engine.wasm is missing" in errors and "make build" in errors and "FN0_SDK" in errors
    (project.sdk / "builder/bundle.mjs").unlink()
    assert "builder/bundle.mjs is missing" in failed(project.build("a.ts"))


def test_an_sdk_that_is_none(project):
    project.write("a.ts", "one")
    (project.sdk / "engine.wasm").write_bytes(guest("hello").read_bytes())
    assert "wizer-initialize" in failed(project.build("a.ts"))
    (project.sdk / "engine.wasm").write_text("text")
    assert "the engine: is a text file" in failed(project.build("a.ts"))


def test_command_lines(project):
    assert "no project here" in failed(project.build())
    assert "--force is for projects" in failed(project.build("a.ts", "--force"), status=2)
    assert "not also 'b.ts'" in failed(project.build("a.ts", "b.ts"), status=2)
    assert "hello.wasm is no script" in failed(project.build("hello.wasm"), status=2)
    assert "missing.ts" in failed(project.build("missing.ts"))
    assert "did you mean '--start-cpu'?" in failed(project.build("a.ts", "--start-cp", "1s"), status=2)
    assert "fn0 build [options] [SCRIPT]" in run("build", "--help").stdout
    assert "build-engine" not in run("--help").stdout


@pytest.mark.parametrize(
    ("number", "source"), [(signal.SIGINT, "hang"), (signal.SIGTERM, "hang"), (signal.SIGINT, "spin")]
)
def test_a_signal_leaves_nothing_behind(project, number, source):
    project.write("a.ts", source)
    (project.folder / "a.wasm").write_text("old")
    process = subprocess.Popen(
        [str(PROGRAM), *project.words("a.ts", "--start-cpu=60s")],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        if source == "hang":
            eventually(lambda: os.path.exists(project.environment["HANGING"]), seconds=20, what="the bundler's start")
        else:
            eventually(lambda: _spinning(process.pid), seconds=20, what="the snapshot's start")
        process.send_signal(number)
        output, errors = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 128 + number, errors
    assert output == "" and errors in ("", "bundling\n")
    assert project.left() == []
    assert (project.folder / "a.wasm").read_text() == "old"


def _spinning(parent):
    """Whether a child of `parent` takes a snapshot and has computed for a while."""
    children = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True).stdout
    for line in children.splitlines():
        number, words = line.split(None, 1)
        if " snapshot " in words:
            fields = open(f"/proc/{number}/stat").read().rsplit(")", 1)[1].split()
            return int(fields[11]) > 0.2 * os.sysconf("SC_CLK_TCK")
    return False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_full_disk_leaves_the_old_component(project, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if os.system(f"mount -t tmpfs -o size=32k tmpfs {small} 2>/dev/null") != 0:
        pytest.skip("cannot mount here")
    try:
        (small / "a.wasm").write_text("old")
        project.write("a.ts", "one")
        errors = failed(project.build("a.ts", "-o", small / "a.wasm"))
        assert "the component is made, but not written" in errors and "No space left" in errors
        assert (small / "a.wasm").read_text() == "old"
        assert [path.name for path in small.iterdir()] == ["a.wasm"]
    finally:
        os.system(f"umount {small}")


def test_an_engine_with_its_library(project, tmp_path):
    """The library's stage, and a function on top of it."""
    library = tmp_path / "library.js"
    library.write_text("the library")
    result = run(
        "build-engine", guest("snapshot"), library, "-o", project.sdk / "engine.wasm", f"--cache-dir={SHARED_CACHE}"
    )
    assert result.returncode == 0, result.stderr
    project.write("a.ts", "the function")
    assert project.build("a.ts").returncode == 0
    with Host(project.folder / "a.wasm") as host:
        assert host.get("/").text == "the library|main.js|the function|{map}"
    assert run("build-engine", library, "-o", "x").returncode == 2
