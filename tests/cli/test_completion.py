# SPDX-License-Identifier: AGPL-3.0-only
"""`fn0 completion`: what the shells are told is complete, and they understand it."""

import os
import pty
import re
import select
import subprocess
import termios
import time

import pytest
from host import SLOWNESS, run

SHELLS = ("bash", "zsh", "fish")


def script(shell):
    result = run("completion", shell)
    assert result.returncode == 0 and result.stderr == ""
    return result.stdout


def commands():
    listed = run("--help").stdout.split("Commands:\n", 1)[1].split("\n\n", 1)[0]
    return [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2] != " "]


def complete(*words):
    """What bash offers for the last of these words."""
    asked = " ".join(f"'{word}'" for word in ("fn0", *words))
    text = (
        f"{script('bash')}\nCOMP_WORDS=({asked}); COMP_CWORD={len(words)}\n_fn0\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    result = subprocess.run(["bash", "--norc", "-c", text], capture_output=True, text=True, check=True)
    assert result.stderr == ""
    return result.stdout.split()


@pytest.mark.parametrize("shell", SHELLS)
def test_each_command_and_flag_is_there(shell):
    text = script(shell)
    assert "build-engine" not in text
    for command in commands():
        assert command in text
        for line in run(command, "--help").stdout.splitlines():
            flag = line.split()[0] if line.startswith("  -") else None
            if flag:
                assert flag in text or (shell == "fish" and f"-l {flag[2:]}" in text), f"{command} {flag}"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_understands_it(shell, tmp_path):
    path = tmp_path / "script"
    path.write_text(script(shell))
    result = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
    assert result.returncode == 0 and result.stderr == ""


def test_bash_completes():
    assert set(complete("")) == {*commands(), "--help", "--version"}
    assert complete("in") == ["init"]
    assert complete("init", "--t") == ["--template"]
    assert complete("init", "--template", "") == ["javascript", "typescript", "hono", "rust", "c", "python"]
    assert complete("serve", "--log-level", "w") == ["warning"]
    assert complete("serve", "--limits", "") == ["cloud", "none"]
    assert "--listen" in complete("test", "--") and "--functions" not in complete("test", "--")
    assert complete("doctor", "ru") == ["rust"]
    assert complete("completion", "z") == ["zsh"]
    assert complete("nonsense", "") == []


# What is typed, and what a shell makes of it.
ASKED = [
    (("in",), ["init"]),
    (("init", "--t"), ["--template"]),
    (("init", "--template", ""), ["javascript", "typescript", "hono", "rust", "c", "python"]),
    (("serve", "--log-level", "w"), ["warning"]),
    (("serve", "--limits", ""), ["cloud", "none"]),
    (("doctor", "ru"), ["rust"]),
    (("completion", "z"), ["zsh"]),
]


def fish_offers(words, home):
    """What fish itself offers, by its own command for it."""
    path = home / "script"
    path.write_text(script("fish"))
    line = " ".join(("fn0", *words))
    result = subprocess.run(
        ["fish", "--no-config", "-c", f"source {path}; complete --do-complete '{line}'"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HOME": str(home)},
    )
    assert result.stderr == ""
    # Each with its description behind it.
    return [offered.split("\t")[0] for offered in result.stdout.splitlines()]


@pytest.mark.parametrize("words, offered", ASKED)
def test_fish_completes(words, offered, tmp_path):
    assert sorted(fish_offers(words, tmp_path)) == sorted(offered)


def test_fish_completes_commands_and_flags(tmp_path):
    assert set(commands()) <= set(fish_offers(("",), tmp_path))
    flags = fish_offers(("test", "--"), tmp_path)
    assert "--listen" in flags and "--functions" not in flags


# What a terminal obeys.
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|[\x07\x08]")


class Zsh:
    """A zsh on a terminal, as a person has it."""

    def __init__(self, home):
        (home / "script").write_text(script("zsh"))
        (home / ".zshrc").write_text(
            "autoload -Uz compinit; compinit -u\nunsetopt zle_bracketed_paste list_beep\n"
            f"PROMPT='ready> '\nsource {home / 'script'}\n"
        )
        self.screen, end = pty.openpty()
        termios.tcsetwinsize(end, (50, 200))
        self.process = subprocess.Popen(
            ["zsh", "-i"],
            stdin=end,
            stdout=end,
            stderr=end,
            start_new_session=True,
            env={"HOME": str(home), "ZDOTDIR": str(home), "PATH": os.environ["PATH"], "TERM": "xterm"},
        )
        os.close(end)
        self.see("ready> ")

    def see(self, text):
        """All that is shown until there is `text`."""
        shown = ""
        until = time.monotonic() + 20 * SLOWNESS
        while text not in shown and time.monotonic() < until:
            if select.select([self.screen], [], [], 1)[0]:
                shown = CONTROL.sub("", shown + os.read(self.screen, 65536).decode(errors="replace"))
        assert text in shown, shown
        return shown

    def type(self, text):
        os.write(self.screen, text.encode())

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.screen)


@pytest.fixture
def zsh(tmp_path):
    running = Zsh(tmp_path)
    yield running
    running.end()


@pytest.mark.parametrize("words, offered", ASKED)
def test_zsh_completes(zsh, words, offered):
    before, last = ("fn0", *words[:-1]), words[-1]
    zsh.type(" ".join((*before, last)) + "\t")
    if len(offered) == 1:
        # It is written to its end, and a blank behind it.
        zsh.see(offered[0][len(last) :] + " ")
        return
    zsh.type("\t")
    shown = zsh.see(offered[-1])
    assert all(word in shown for word in offered)


def test_usage():
    for words in ((), ("csh",), ("bash", "zsh")):
        result = run("completion", *words)
        assert result.returncode == 2 and "bash, zsh or fish" in result.stderr
