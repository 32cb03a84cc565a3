# SPDX-License-Identifier: AGPL-3.0-only
"""Functions in Rust: what docs/rust.md says of routes."""

import json
import shutil

import pytest
from host import ROOT, SANITIZED, SHARED_CACHE, Host
from projects import RUST, Folder

AXUM = ROOT / "tests/cli/axum"


def test_the_documentation_has_what_is_tested():
    text = (ROOT / "docs/rust.md").read_text()

    def indented(code):
        return "".join(f"    {line}\n" if line else "\n" for line in code.splitlines())

    main = (AXUM / "src/main.rs").read_text().split("\n\n", 1)[1]
    assert indented(main) in text
    manifest = (AXUM / "Cargo.toml").read_text()
    assert indented(manifest[manifest.index("[dependencies]") : manifest.index("\n[profile")]) in text


# What cargo builds for the first time takes minutes.
@pytest.mark.timeout(900)
@pytest.mark.skipif(SANITIZED, reason="this is a test of a crate")
def test_routes_of_axum(tmp_path):
    shutil.copytree(AXUM, tmp_path / "notes")
    project = Folder(tmp_path / "notes")
    SHARED_CACHE.mkdir(parents=True, exist_ok=True)
    built = project.fn0("build", f"--cache-dir={SHARED_CACHE}", seconds=900, **RUST)
    assert built.returncode == 0, built.stderr
    with Host(project.path / ".fn0/notes.wasm") as host:
        assert host.get("/").text == "Hello, world!\n"
        assert host.get("/?name=A%20b").text == "Hello, A b!\n"
        assert json.loads(host.get("/notes/7").body) == {"text": "note 7"}
        assert host.get("/notes/x").status == 400 and host.get("/nowhere").status == 404
        assert host.request("DELETE", "/notes").status == 405
        kind = [("content-type", "application/json")]
        made = host.request("POST", "/notes", headers=kind, body=b'{"text": "new"}')
        assert made.status == 201 and json.loads(made.body) == {"text": "new"}
        assert host.request("POST", "/notes", headers=kind, body=b"{}").status == 422
        assert host.request("POST", "/notes", body=b"{}").status == 415
