# SPDX-License-Identifier: AGPL-3.0-only
"""How large a function with next to nothing in it is, and its artifact: all that the engine brings. What keeps them
small is in docs/decisions.md."""

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
    assert hello.stat().st_size < 2.3 * MEGABYTE


def test_the_artifact_of_a_hello(hello, tmp_path):
    with Host(hello, cache=tmp_path / "cache") as host:
        assert host.get("/?name=you").body == b"Hello, you!\n"
    # The component's, and the same one for other scripts.
    sizes = {artifact.stat().st_size for artifact in (tmp_path / "cache").glob("*.artifact")}
    assert len(sizes) == 1 and sizes.pop() < 5 * MEGABYTE
