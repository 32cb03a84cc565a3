# SPDX-License-Identifier: AGPL-3.0-only
"""The examples, each copied to a folder of its own, in which `fn0` is called as its README says."""

import json
import shutil
import subprocess

from host import ROOT, SHARED_CACHE
from projects import RUST, SKIPPED, Folder

SDK = ROOT / "build/sdk/javascript"


class Example(Folder):
    """examples/NAME in `path`, with the packages that the tests have instead of npm's."""

    def __init__(self, path, name):
        super().__init__(path / name)
        self.source = ROOT / "examples" / name
        shutil.copytree(self.source, self.path, ignore=shutil.ignore_patterns(*SKIPPED), dirs_exist_ok=True)
        if (self.path / "package.json").exists():
            (self.path / "node_modules").symlink_to(ROOT / "build/deps/javascript-tests/node_modules")
        SHARED_CACHE.mkdir(parents=True, exist_ok=True)

    def environment(self, **variables):
        # The machine may be busy with other tests.
        return super().environment(**{"FN0_SDK": str(SDK), "FN0_LIMITS_CPU": "5s", **RUST, **variables})

    def test(self, *words, seconds=120, **variables):
        return self.fn0("test", f"--cache-dir={SHARED_CACHE}", *words, seconds=seconds, **variables)

    def check_types(self):
        """What `npm run check` does."""
        words = ["node", SDK / "node_modules/typescript/bin/tsc"]
        checked = subprocess.run(words, cwd=self.path, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout

    def check_packages(self):
        """What is tested is what npm would install."""
        wanted = json.loads((self.source / "package.json").read_text())["dependencies"]
        locked = json.loads((self.source / "package-lock.json").read_text())["packages"]
        tested = json.loads((ROOT / "tests/javascript/package.json").read_text())["devDependencies"]
        for name, version in wanted.items():
            assert tested[name] == version == locked[f"node_modules/{name}"]["version"], name
