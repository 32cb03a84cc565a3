# SPDX-License-Identifier: AGPL-3.0-only
"""How large a function with next to nothing in it is, and its artifact: all that the engine brings. 2.5 and 5 MB
are aimed at (docs/decisions.md has what was reached); there is a little room for what is added to the engine."""

import pytest
from host import Host, run

HELLO = """\
export default {
    async fetch(request: Request): Promise<Response> {
        const name = new URL(request.url).searchParams.get("name") ?? "world";
        return new Response(`Hello, ${name}!\\n`);
    },
};
"""
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def hello(tmp_path_factory):
    folder = tmp_path_factory.mktemp("size")
    (folder / "hello.ts").write_text(HELLO)
    done = run("build", folder / "hello.ts", "-o", folder / "hello.wasm")
    assert done.returncode == 0, done.stderr
    return folder / "hello.wasm"


def test_the_component_of_a_hello(hello):
    assert hello.stat().st_size < 2.4 * MEGABYTE


def test_the_artifact_of_a_hello(hello, tmp_path):
    with Host(hello, cache=tmp_path / "cache") as host:
        assert host.get("/?name=you").body == b"Hello, you!\n"
    # Its own, and the one that the next script's will be made of.
    artifacts = list((tmp_path / "cache").glob("*.artifact"))
    assert len(artifacts) == 2
    assert all(artifact.stat().st_size < 5.15 * MEGABYTE for artifact in artifacts)
