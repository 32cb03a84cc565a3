# SPDX-License-Identifier: AGPL-3.0-only
"""`fn0 completion`: what the shells are told is complete, and they understand it."""

import shutil
import subprocess

import pytest
from host import run

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
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
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


def test_usage():
    for words in ((), ("csh",), ("bash", "zsh")):
        result = run("completion", *words)
        assert result.returncode == 2 and "bash, zsh or fish" in result.stderr
