# SPDX-License-Identifier: AGPL-3.0-only
"""The examples, each copied to a folder of its own, in which `fn0` is called as its README says."""

import shutil
import subprocess

from host import ROOT, SHARED_CACHE
from projects import SKIPPED, Folder

# Where packages of npm are that the tests do not fetch, and its compiler of TypeScript.
MODULES = ROOT / "build/deps/javascript-tests/node_modules"
TYPESCRIPT = ROOT / "build/sdk/javascript/node_modules/typescript/bin/tsc"


class Example(Folder):
    def __init__(self, path, name):
        super().__init__(path / name)
        self.source = ROOT / "examples" / name
        shutil.copytree(self.source, self.path, ignore=shutil.ignore_patterns(*SKIPPED), dirs_exist_ok=True)
        if (self.path / "package.json").exists():
            (self.path / "node_modules").symlink_to(MODULES)
        SHARED_CACHE.mkdir(parents=True, exist_ok=True)

    def environment(self, **variables):
        fixed = {
            "FN0_SDK": str(ROOT / "build/sdk/javascript"),
            # The sysroot with the library for wasm32-wasip2 may be one of the project's own: see tools/rust-for-wasm.
            "CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS": f"--sysroot={(ROOT / 'build/deps/rust-sysroot').resolve()}",
            "CARGO_TARGET_DIR": str(ROOT / "build/examples-target"),
        }
        return super().environment(**{**fixed, **variables})

    def test(self, *words, seconds=60, **variables):
        return self.fn0("test", f"--cache-dir={SHARED_CACHE}", *words, seconds=seconds, **variables)

    def check_types(self):
        """What `npm run check` does."""
        return subprocess.run(["node", TYPESCRIPT], cwd=self.path, capture_output=True, text=True, check=False)
