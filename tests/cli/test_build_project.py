# SPDX-License-Identifier: AGPL-3.0-only
"""`fn0 build` in a project: the language's tool or a command of the author's, what is checked, and what is left undone."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from host import PROGRAM, ROOT, SANITIZED, SHARED_CACHE, SLOWNESS, Host, eventually, guest
from projects import Folder

# Copies the entry; a source that begins with "syntax" is none.
BUNDLER = """\
import { readFileSync, writeFileSync } from "node:fs";
const [entry, , folder] = process.argv.slice(2);
const source = readFileSync(entry, "utf8");
if (source.startsWith("syntax")) {
    process.stderr.write(`${entry}:1:1: error: this is no script\\n`);
    process.exit(1);
}
writeFileSync(`${folder}/main.js`, source);
"""


class Project(Folder):
    """A project whose JavaScript is built by a guest of the tests' own in place of the engine."""

    def __init__(self, path, text):
        super().__init__(path / "hello")
        self.write("fn0.toml", text)
        self.sdk = path / "sdk"
        (self.sdk / "builder").mkdir(parents=True)
        (self.sdk / "engine.wasm").write_bytes(guest("snapshot").read_bytes())
        (self.sdk / "builder/bundle.mjs").write_text(BUNDLER)
        SHARED_CACHE.mkdir(parents=True, exist_ok=True)

    def environment(self, **variables):
        return super().environment(**{"FN0_SDK": str(self.sdk), **variables})

    def build(self, *words, **options):
        return self.fn0("build", f"--cache-dir={SHARED_CACHE}", *words, **options)

    def built(self, *words, **options):
        """What a build that has to succeed says of itself."""
        result = self.build("--json", *words, **options)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)


def of_command(path, command):
    return Project(path, f'name = "hello"\ncomponent = "out/hello.wasm"\n[build]\ncommand = {json.dumps(command)}\n')


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path, 'name = "hello"\nmain = "src/index.ts"\n')
    made.write("src/index.ts", "log evaluated")
    return made


def failed(result, status=1):
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    return result.stderr


# ---- What is built ----


def test_a_script_becomes_the_projects_component(project):
    result = project.build()
    assert result.returncode == 0, result.stderr
    assert re.fullmatch(
        r"\.fn0/hello\.wasm  \d+\.\d KB  bundle \d+ ms(  compile the engine \(once\) \d+ ms)?  snapshot \d+ ms"
        r"(  compile \d+ ms)?  start \d+\.\d ms CPU, \d+\.\d [KM]B\n",
        result.stdout,
    )
    assert result.stderr == "evaluated\n"
    with Host(project.path / ".fn0/hello.wasm") as host:
        assert host.get("/").text.startswith("-|main.js|log evaluated|")


def test_what_is_made_is_hidden_from_git(project):
    project.built()
    subprocess.run(["git", "init", "--quiet"], cwd=project.path, check=True)
    status = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"], cwd=project.path, capture_output=True, text=True
    )
    assert sorted(status.stdout.split()) == ["??", "??", "fn0.toml", "src/index.ts"]


def test_it_works_below_the_folder_and_to_another_place(project):
    said = project.build(below="src")
    assert said.returncode == 0 and said.stdout.startswith("../.fn0/hello.wasm  ")
    said = project.build("-o", "other.wasm", below="src")
    assert said.returncode == 0 and said.stdout.startswith("other.wasm  ")
    assert (project.path / "src/other.wasm").is_file()


def test_a_command_makes_the_component(tmp_path):
    project = of_command(tmp_path, f"mkdir -p out; echo working; cp {guest('c')} out/hello.wasm")
    result = project.build()
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("out/hello.wasm  ") and "  build " in result.stdout
    assert result.stderr == "working\n"
    with Host(project.path / "out/hello.wasm") as host:
        assert host.get("/").status == 200


def test_rust_is_built_by_cargo(tmp_path):
    project = Project(tmp_path, 'name = "greeter"\n')
    shutil.copytree(ROOT / "examples/hello", project.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("target"))
    tools = {
        "CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS": f"--sysroot={(ROOT / 'build/deps/rust-sysroot').resolve()}",
        "CARGO_TARGET_DIR": str(ROOT / "build/test-target"),
    }
    result = project.build(seconds=300, **tools)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(".fn0/greeter.wasm  ")
    with Host(project.path / ".fn0/greeter.wasm") as host:
        assert host.get("/?name=Ada").text == "Hello, Ada!\n"
    source = project.path / "src/lib.rs"
    source.write_text(source.read_text() + "\nthis is no Rust\n")
    errors = failed(project.build(seconds=300, **tools))
    assert "src/lib.rs" in errors and errors.endswith("fn0: cargo could not build it: the reason is above\n")


# ---- What is left undone ----


def test_nothing_to_do_takes_no_time(project):
    assert project.built()["fresh"] is False
    took = []
    for _ in range(5):
        begin = time.monotonic()
        result = project.build()
        took.append(time.monotonic() - begin)
        assert result.returncode == 0 and result.stdout.endswith("  up to date\n")
        assert result.stderr == ""
    assert min(took) < 0.1 * SLOWNESS


@pytest.mark.parametrize(
    "change",
    [
        lambda project: project.write("src/index.ts", "log other"),
        lambda project: project.write("src/more.ts", ""),
        lambda project: (project.path / ".fn0/hello.wasm").unlink(),
        lambda project: (project.path / ".fn0/hello.wasm").write_text("touched"),
        lambda project: project.write("fn0.toml", 'name = "hello"\nmain = "./src/index.ts"\n'),
        lambda project: (project.sdk / "engine.wasm").touch(),
    ],
)
def test_what_makes_it_build_again(project, change):
    project.built()
    change(project)
    assert project.built()["fresh"] is False
    assert project.built()["fresh"] is True


@pytest.mark.parametrize(
    "change",
    [
        lambda project: project.write(".env", "A=1"),
        lambda project: project.write("node_modules/a/index.js", ""),
        lambda project: project.write("fn0.toml", 'name = "hello"\nmain = "src/index.ts"\nlimits.cpu = "1s"\n'),
    ],
)
def test_what_does_not(project, change):
    project.built()
    change(project)
    assert project.built()["fresh"] is True


def test_force(project):
    project.built()
    assert project.built("--force")["fresh"] is False


def test_a_build_that_fails_is_tried_again(project):
    project.built()
    project.write("src/index.ts", "syntax")
    failed(project.build())
    failed(project.build())
    project.write("src/index.ts", "log evaluated")
    assert project.built()["fresh"] is False


def test_json(project):
    said = project.built()
    assert said["component"] == str(project.path / ".fn0/hello.wasm")
    assert said["bytes"] == (project.path / ".fn0/hello.wasm").stat().st_size
    assert said["memory_bytes"] > 0 and said["tool_ms"] > 0 and said["snapshot_ms"] > 0
    assert project.built() == {"component": said["component"], "bytes": said["bytes"], "fresh": True}


# ---- What fails ----


def test_a_source_that_is_wrong(project):
    project.built()
    old = (project.path / ".fn0/hello.wasm").read_bytes()
    project.write("src/index.ts", "syntax error")
    assert failed(project.build(below="src")) == (
        "src/index.ts:1:1: error: this is no script\nfn0: src/index.ts cannot be bundled: the reason is above\n"
    )
    project.write("src/index.ts", "throw Error: odd")
    assert "fn0: src/index.ts cannot be evaluated: Error: odd" in failed(project.build())
    assert (project.path / ".fn0/hello.wasm").read_bytes() == old


@pytest.mark.parametrize(
    ("component", "said"),
    [
        ("wat/no-export", "out/hello.wasm: "),
        ("wat/unknown-import", "out/hello.wasm: "),
        ("wat/core-module", "out/hello.wasm: "),
        ("wat/start-trap", "out/hello.wasm: it fails to start: "),
        ("wat/start-spin", "out/hello.wasm: it takes more than 200 ms of CPU time before its handler is first entered"),
    ],
)
def test_a_component_that_no_host_can_run(tmp_path, component, said):
    project = of_command(tmp_path, f"mkdir -p out; cp {guest(component)} out/hello.wasm")
    errors = failed(project.build("--start-cpu=200ms"))
    assert errors.startswith(f"fn0: {said}"), errors


def test_commands_that_fail(tmp_path):
    project = of_command(tmp_path, "echo odd >&2; exit 3")
    assert failed(project.build()) == "odd\nfn0: [build] command ended with status 3: echo odd >&2; exit 3\n"
    project.write("fn0.toml", 'name = "a"\ncomponent = "a.wasm"\n[build]\ncommand = "kill -9 $$"\n')
    assert "[build] command ended with signal 9" in failed(project.build())
    project.write("fn0.toml", 'name = "a"\ncomponent = "a.wasm"\n[build]\ncommand = "true"\n')
    assert failed(project.build(), status=2).startswith(
        "fn0: fn0.toml: [build] command has not made the component a.wasm"
    )


def test_tools_that_are_missing(project, tmp_path):
    assert "node is not on PATH" in failed(project.build(PATH=str(tmp_path)))
    assert "engine.wasm is missing" in failed(project.build(FN0_SDK=str(tmp_path)))
    project.write("fn0.toml", 'name = "hello"\n')
    project.write("Cargo.toml", '[package]\nname = "hello"\n')
    errors = failed(project.build(PATH=str(tmp_path)))
    assert "cargo is not on PATH" in errors and "rustup target add wasm32-wasip2" in errors


def test_a_rust_target_that_is_missing(tmp_path):
    """cargo and rustc are there, the library for WebAssembly is not."""
    project = Project(tmp_path, 'name = "hello"\n')
    project.write("Cargo.toml", '[package]\nname = "hello"\n')
    for name, script in (("cargo", "exit 101"), ("rustc", f"echo {tmp_path}/nowhere")):
        project.write(f"bin/{name}", f"#!/bin/sh\n{script}\n").chmod(0o755)
    errors = failed(project.build(PATH=f"{project.path}/bin:{os.environ['PATH']}"))
    assert errors == ("fn0: Rust cannot build for wasm32-wasip2 yet: run 'rustup target add wasm32-wasip2'\n")


def test_manifests_that_are_wrong(tmp_path):
    project = Project(tmp_path, 'name = "hello"\n')
    project.write("bin/cargo", "#!/bin/sh\nexit 0\n").chmod(0o755)
    path = {"PATH": f"{project.path}/bin:{os.environ['PATH']}"}
    project.write("Cargo.toml", "[workspace]\n")
    assert "Cargo.toml: it names no package" in failed(project.build(**path), status=2)
    project.write("Cargo.toml", '[package]\nname = "a-b"\n')
    assert "cargo made no component a_b.wasm" in failed(project.build(**path), status=2)
    project.write("Cargo.toml", "[package\n")
    assert "Cargo.toml:1: column" in failed(project.build(**path), status=2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_and_all_that_it_started(tmp_path, number):
    project = of_command(tmp_path, "echo $$ > started; sleep 300 & sleep 300; true")
    process = subprocess.Popen(
        [str(PROGRAM), "build"],
        cwd=project.path,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        started = project.path / "started"
        eventually(lambda: started.exists() and started.read_text(), seconds=20, what="the command's start")
        process.send_signal(number)
        # Both streams are at their end when nobody holds them any more.
        output, errors = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 128 + number
    assert output == "" and errors == ""


def test_a_full_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    small = tmp_path / "small"
    small.mkdir()
    if os.system(f"mount -t tmpfs -o size=64k tmpfs {small} 2>/dev/null") != 0:
        pytest.skip("cannot mount here")
    try:
        project = Project(tmp_path / "p", f'name = "hello"\nmain = "a.ts"\ncomponent = "{small}/a.wasm"\n')
        project.write("a.ts", "one")
        (small / "a.wasm").write_text("old")
        assert "No space left" in failed(project.build())
        assert (small / "a.wasm").read_text() == "old"
        assert [path.name for path in small.iterdir()] == ["a.wasm"]
    finally:
        os.system(f"umount {small}")


def test_what_fails_is_told_to_programs_too(project):
    project.write("src/index.ts", "syntax")
    failed = project.build("--json")
    assert failed.returncode == 1
    assert json.loads(failed.stdout) == {"error": "src/index.ts cannot be bundled: the reason is above"}
    assert "src/index.ts:1:1: error" in failed.stderr


# ---- Artifacts


def artifacts(cache):
    """Of what is in a cache, by its name: what was compiled, without the MAC behind it."""
    return {path.name: path.read_bytes()[:-64] for path in cache.glob("*.artifact")}


@pytest.mark.skipif(SANITIZED, reason="compiling the engine takes minutes")
def test_an_artifact_made_of_another_is_the_same_as_a_compiled_one(tmp_path):
    project = Folder(tmp_path / "hello")
    project.write("fn0.toml", 'name = "hello"\nmain = "index.js"\n')
    source = 'export default { fetch() { return new Response("%s"); } };\n'

    def build(cache, word):
        project.write("index.js", source % word)
        return json.loads(project.fn0("build", "--force", "--json", f"--cache-dir={tmp_path / cache}").stdout)

    compiled = build("one", "first")
    relinked = build("one", "second, which is longer")
    build("other", "second, which is longer")
    assert relinked["compile_ms"] < compiled["compile_ms"] / 4
    one, other = artifacts(tmp_path / "one"), artifacts(tmp_path / "other")
    # The engine for snapshots, the kind that others are made of, and each script.
    assert len(other) == 3 and len(one) == 4
    component = hashlib.sha256((project.path / ".fn0/hello.wasm").read_bytes()).hexdigest()
    (made,) = {name for name in one if name.startswith(component)}
    assert one[made] == other[made]
    # It was made of the first script's, which is not the same.
    assert len([name for name in one if name not in other]) == 1
    assert made not in {name for name in one if one[name] != other.get(name)}
