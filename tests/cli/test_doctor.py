# SPDX-License-Identifier: AGPL-3.0-only
"""`fn0 doctor`: which languages' tools are here, with tools of the tests' own on PATH."""

import json

import pytest
from projects import Folder


class Machine(Folder):
    """A machine that has the tools that a test gives it, and nothing else but sh."""

    def __init__(self, path):
        super().__init__(path / "machine")
        self.has("node", "echo v20.11.1")
        self.has("cargo", 'echo "cargo 1.95.0 (f2d3ce0bd 2026-03-21)"')
        self.has("rustc", f"echo {self.path}/bin")
        self.write("bin/sh", "").unlink()
        (self.path / "bin/sh").symlink_to("/bin/sh")
        for name in ("engine.wasm", "builder/bundle.mjs"):
            self.write(f"sdk/{name}", "")

    def has(self, name, script):
        self.write(f"bin/{name}", f"#!/bin/sh\n{script}\n").chmod(0o755)

    def lacks(self, name):
        (self.path / "bin" / name).unlink()

    def doctor(self, *words, **variables):
        fixed = {"PATH": str(self.path / "bin"), "FN0_SDK": str(self.path / "sdk")}
        return self.fn0("doctor", *words, **{**fixed, **variables})

    def found(self, language):
        said = json.loads(self.doctor("--json", language).stdout)["languages"]
        assert [row["language"] for row in said] == [language]
        return said[0]["ready"], {tool["name"]: tool for tool in said[0]["tools"]}


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_all_is_there(machine):
    result = machine.doctor()
    assert result.returncode == 0 and result.stderr == ""
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["JavaScript", "ready"] in lines and ["TypeScript", "ready"] in lines and ["Rust", "ready"] in lines
    assert ["node", "20.11.1"] in lines and ["cargo", "1.95.0"] in lines and ["wasm32-wasip2", "there"] in lines
    assert "\033" not in result.stdout
    # One column for all.
    columns = {len(line) - len(line.lstrip().split(None, 1)[1]) for line in result.stdout.splitlines()}
    assert len(columns) == 1


def test_what_is_missing_is_said_with_what_to_do(machine):
    machine.lacks("node")
    machine.has("rustc", "echo /nowhere")
    text = machine.doctor().stdout
    assert "node            missing: install Node.js 20 or newer" in text
    assert "wasm32-wasip2   missing: run 'rustup target add wasm32-wasip2'" in text
    assert "Rust              not ready" in text
    ready, tools = machine.found("rust")
    assert not ready and tools["cargo"]["ready"] and not tools["wasm32-wasip2"]["ready"]
    assert tools["wasm32-wasip2"]["version"] is None and "rustup" in tools["wasm32-wasip2"]["advice"]


def test_what_is_too_old(machine):
    machine.has("node", "echo v18.20.0")
    assert "node            18.20.0 is too old: install Node.js 20 or newer" in machine.doctor().stdout
    ready, tools = machine.found("typescript")
    assert not ready and tools["node"]["version"] == "18.20.0" and tools["SDK"]["ready"]


def test_what_is_broken_is_missing(machine):
    machine.has("cargo", "echo cargo 1.95.0; exit 1")
    assert not machine.found("rust")[0]
    machine.has("cargo", "exit 0")
    assert not machine.found("rust")[0]


def test_the_sdk(machine):
    result = machine.doctor("javascript", FN0_SDK="/nowhere")
    assert result.returncode == 1
    assert "SDK             missing: the JavaScript SDK is not in /nowhere: engine.wasm is missing" in result.stdout


def test_the_status_is_about_what_was_asked_for(machine):
    machine.lacks("cargo")
    assert machine.doctor().returncode == 0
    assert machine.doctor("javascript").returncode == 0
    assert machine.doctor("javascript", "rust").returncode == 1
    result = machine.doctor("rost")
    assert result.returncode == 2 and "unknown language 'rost': did you mean 'rust'?" in result.stderr
