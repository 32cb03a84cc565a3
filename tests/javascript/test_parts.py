# SPDX-License-Identifier: AGPL-3.0-only
"""Parts of the library that are not there until somebody needs them: a script that names them has them from the beginning,
and one that reaches them by a name that it puts together gets them then."""

import pytest
from differential import run_in_engine
from function import IN_NODE, Client, project, start
from host import ROOT, run

pytestmark = pytest.mark.skipif(IN_NODE, reason="what fn0 does")
LAZY = ("Intl", "CryptoKey", "SubtleCrypto", "URLPattern")
FORM = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'


@pytest.fixture(scope="module")
def parts():
    server = start(project(ROOT / "tests/javascript/functions"), "parts.ts")
    yield Client(server)
    server.stop()


@pytest.mark.parametrize(
    "way, answer",
    [
        ("intl", "12,345.678"),
        ("number", "1,234,567.5"),
        ("date", "1/1/1970"),
        ("subtle", 32),
        ("key", "CryptoKey"),
        ("pattern", "c"),
        ("replaced", [5, True, False]),
    ],
)
def test_a_part_comes_when_it_is_reached(parts, way, answer):
    for _ in range(2):
        assert parts.json(f"/{way}") == answer


def test_a_form_comes_apart(parts):
    for _ in range(2):
        assert parts.json("/multipart", FORM, {"Content-Type": "multipart/form-data; boundary=x"}) == 1


def test_what_is_logged_is_shown_whole(parts):
    parts.json("/log")
    assert parts.server.said()[-1] == "{ a: [ 1, Headers { b: 'c' } ] }"


def test_an_error_is_described_in_the_lines_of_the_source(parts):
    assert parts.get("/fail").status == 500
    text = "\n".join(parts.server.said())
    assert "TypeError: on purpose" in text and "parts.ts:" in text


def test_a_script_that_names_a_part_has_it_as_an_ordinary_property():
    names = ", ".join(LAZY)
    output, errors = run_in_engine(
        f"[{names}]; for (const name of {list(LAZY)}) {{ const found = Object.getOwnPropertyDescriptor(globalThis, name);"
        "console.log(name, typeof found.value, found.writable, found.enumerable, found.configurable); }"
    )
    assert errors == ""
    assert [line.split(" ", 1)[1] for line in output.splitlines()] == [
        "object true false true",
        *["function true false true"] * 3,
    ]


def test_a_part_is_in_the_component_of_who_names_it_only(tmp_path):
    sizes = []
    for number, word in enumerate(("1", "console", "crypto.subtle", "Intl", "URLPattern")):
        (tmp_path / f"{number}.js").write_text(
            f"globalThis.kept = {word}; export default {{ fetch: () => new Response() }};"
        )
        done = run("build", tmp_path / f"{number}.js", "-o", tmp_path / f"{number}.wasm")
        assert done.returncode == 0, done.stderr
        sizes.append((tmp_path / f"{number}.wasm").stat().st_size)
    assert all(size > sizes[0] + 30_000 for size in sizes[1:]), sizes
