# SPDX-License-Identifier: AGPL-3.0-only
"""Folders in which `fn0` is called as the person who writes functions calls it."""

import os
import sys

from host import ROOT, SHARED_CACHE, run

TEMPLATES = ("javascript", "typescript", "hono", "rust", "c", "python")

# Where packages of npm are that the tests do not fetch.
MODULES = {
    "typescript": ROOT / "build/sdk/javascript/node_modules",
    "hono": ROOT / "build/deps/javascript-tests/node_modules",
}

# With what Rust is built here.
RUST = {
    "CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS": f"--sysroot={(ROOT / 'build/deps/rust-sysroot').resolve()}",
    "CARGO_TARGET_DIR": str(ROOT / "build/test-target"),
}

# What tools leave in a project.
SKIPPED = (".git", ".fn0", ".venv", "node_modules", "target", "__pycache__")


class Folder:
    """A project's folder, and `fn0` in it. The environment has nothing of fn0's in it but what is asked for."""

    def __init__(self, path):
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def environment(self, **variables):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FN0_")}
        return {**kept, **variables}

    def fn0(self, *words, below=".", seconds=60, **variables):
        return run(*words, cwd=self.path / below, env=self.environment(**variables), seconds=seconds)

    def files(self):
        """All files, but those below hidden folders that tools fill."""
        found = (path.relative_to(self.path) for path in self.path.rglob("*") if path.is_file())
        return sorted(str(path) for path in found if path.parts[0] not in SKIPPED)

    def bring_componentize_py(self):
        """The project's own .venv, as far as a build looks at it: that of the tests."""
        script = "import sys; from componentize_py import script; sys.exit(script())"
        path = self.write(".venv/bin/componentize-py", f"#!/bin/sh\nexec {sys.executable} -c '{script}' \"$@\"\n")
        path.chmod(0o755)


class Place(Folder):
    """Where projects are made of templates, with the SDKs of this build."""

    def environment(self, **variables):
        fixed = {
            "FN0_TEMPLATES": str(ROOT / "templates"),
            "FN0_SDK": str(ROOT / "build/sdk/javascript"),
            "FN0_SDK_C": str(ROOT / "build/sdk/c"),
            "FN0_SDK_PYTHON": str(ROOT / "build/sdk/python"),
        }
        return super().environment(**{**fixed, **variables})

    def make(self, template):
        """A new project with all that it needs, and the variables that build it."""
        result = self.fn0("init", "--template", template)
        assert result.returncode == 0, result.stderr
        if template in MODULES:
            (self.path / "node_modules").symlink_to(MODULES[template])
        if template == "python":
            self.bring_componentize_py()
        SHARED_CACHE.mkdir(parents=True, exist_ok=True)
        return RUST if template == "rust" else {}
