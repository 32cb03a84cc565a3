# SPDX-License-Identifier: AGPL-3.0-only
"""`fn0 init`: a new project of a template, whose own test then passes by `fn0 test`."""

import os
import pty
import select
import subprocess
import time

import pytest
from host import PROGRAM, ROOT, SANITIZED, SHARED_CACHE, SLOWNESS
from projects import MODULES, TEMPLATES, Place

# A file that the language's tool may leave.
LEFT = {"rust": "target/x", "c": ".fn0/linked.wasm", "python": "__pycache__/x"}


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "Some Place")


def git(folder, *words):
    return subprocess.run(["git", *words], cwd=folder.path, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_project_is_whole(place, template):
    result = place.fn0("init", "--template", template)
    assert result.returncode == 0, result.stderr
    assert sorted(result.stdout.splitlines()) == place.files()
    assert {".gitignore", "README.md", "fn0.toml"} < set(place.files())
    assert any(name.startswith("src/") for name in place.files())
    assert any(name.startswith(("test/", "tests/")) for name in place.files())
    for name in place.files():
        text = (place.path / name).read_text()
        assert "fn0-project-name" not in text and "SPDX" not in text, name
    assert "The function some-place is made." in result.stderr
    assert place.fn0("config").stdout.splitlines()[0].split()[1] == '"some-place"'


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_tools_make_is_not_for_git(place, template):
    place.fn0("init", "--template", template)
    for name in (".env", ".fn0/x.wasm", LEFT.get(template, "node_modules/x")):
        place.write(name, "")
    git(place, "init", "--quiet")
    git(place, "add", ".")
    assert sorted(git(place, "ls-files").split()) == [name for name in place.files() if name != ".env"]


# What cargo builds for the first time takes minutes.
@pytest.mark.timeout(900)
@pytest.mark.skipif(SANITIZED, reason="these are tests of the templates")
@pytest.mark.parametrize("template", TEMPLATES)
def test_its_own_test_passes(place, template):
    variables = place.make(template)
    result = place.fn0("test", f"--cache-dir={SHARED_CACHE}", seconds=900, **variables)
    assert result.returncode == 0, result.stdout + result.stderr
    # Nor is anything wrong with its types, where they are checked.
    assert "warning: " not in result.stderr, result.stderr
    if template in MODULES:
        checked = subprocess.run(
            ["node", ROOT / "build/sdk/javascript/node_modules/typescript/bin/tsc"],
            cwd=place.path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stdout


def test_in_another_folder_and_with_another_name(place):
    result = place.fn0("init", "a/b", "--template=javascript", "--name", "other")
    assert result.returncode == 0, result.stderr
    assert "a/b/fn0.toml" in result.stdout.splitlines() and "  cd a/b\n" in result.stderr
    assert 'name = "other"' in (place.path / "a/b/fn0.toml").read_text()


def test_nothing_is_overwritten(place):
    place.write("README.md", "mine")
    result = place.fn0("init", "--template", "hono")
    assert result.returncode == 2 and result.stdout == ""
    assert "README.md is there already, and nothing is overwritten: nothing was made" in result.stderr
    assert place.files() == ["README.md"] and (place.path / "README.md").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "which template? --template javascript|typescript|hono|rust|c|python"),
        (("--template", "javscript"), "there is no template 'javscript': did you mean 'javascript'?"),
        (("--template", "cobol"), "there is no template 'cobol', only javascript|"),
        (("--template", "rust", "--name", "A B"), "--name: expected a name of a-z, 0-9 and '-'"),
        (("--template", "rust", "a", "b"), "one folder, not also 'b'"),
        (("--template", "rust", "---"), "unknown option '---'"),
        (("--template", "rust", "--", "ä"), "makes no name for a function: say --name"),
    ],
)
def test_usage(place, words, said):
    result = place.fn0("init", *words)
    assert result.returncode == 2 and said in result.stderr
    assert place.files() == []


def test_templates_that_are_missing(place, tmp_path):
    result = place.fn0("init", "--template=rust", FN0_TEMPLATES=str(tmp_path / "none"))
    assert result.returncode == 1 and "none/rust is missing" in result.stderr


@pytest.mark.skipif(SANITIZED, reason="the templates are beside the program that is built first")
def test_templates_are_beside_the_program(place):
    result = place.fn0("init", "--template=rust", FN0_TEMPLATES="")
    assert result.returncode == 0, result.stderr


class Terminal:
    """`fn0 WORDS` with a person at a terminal."""

    def __init__(self, place, *words):
        self.screen, terminal = pty.openpty()
        self.process = subprocess.Popen(
            [str(PROGRAM), *words],
            cwd=place.path,
            env=place.environment(),
            stdin=terminal,
            stdout=subprocess.DEVNULL,
            stderr=terminal,
            start_new_session=True,
        )
        os.close(terminal)
        self.seen = ""

    def see(self, text):
        """Waits for a text, and takes what was seen up to it."""
        end = time.monotonic() + 20 * SLOWNESS
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.screen], [], [], 0.1)[0]:
                self.seen += os.read(self.screen, 4096).decode()
        before, self.seen = self.seen.split(text, 1)
        return before

    def type(self, text):
        os.write(self.screen, text.encode())

    def end(self):
        try:
            return self.process.wait(timeout=20 * SLOWNESS)
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self.screen)


def test_it_asks_on_a_terminal(place):
    terminal = Terminal(place, "init")
    offered = terminal.see("Number or name: ")
    assert all(template in offered for template in TEMPLATES)
    terminal.type("cobol\n")
    terminal.see("Number or name: ")
    terminal.type("3\n")
    terminal.see("In which folder? (Enter: this one) ")
    terminal.type(" new \n")
    terminal.see("The function new is made.")
    assert terminal.end() == 0
    assert "hono" in (place.path / "new/package.json").read_text()


def test_it_asks_for_nothing_that_was_said(place):
    terminal = Terminal(place, "init", "--template", "rust")
    assert "?" not in terminal.see("The function some-place is made.")
    assert terminal.end() == 0
    place.path.joinpath("x").mkdir()
    terminal = Terminal(place, "init", "x")
    terminal.see("Number or name: ")
    terminal.type("javascript\n")
    terminal.see("The function x is made.")
    assert terminal.end() == 0


def test_whoever_leaves_has_nothing(place):
    terminal = Terminal(place, "init")
    terminal.see("Number or name: ")
    terminal.type("\x04")
    terminal.see("nothing was made")
    assert terminal.end() == 1
    assert place.files() == []
