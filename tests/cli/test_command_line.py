# SPDX-License-Identifier: AGPL-3.0-only
"""What is said to people before anything is served: help, version, and what is wrong with what they typed."""

import os
import re

import pytest
from host import Host, guest, run

OK, FAILED, USAGE = 0, 1, 2


def test_help():
    result = run("--help")
    assert result.returncode == OK and result.stderr == ""
    assert "Usage: fn0 COMMAND" in result.stdout and "serve" in result.stdout


@pytest.mark.parametrize("words", [("serve", "--help"), ("serve", "-h"), ("serve", "x.wasm", "--help")])
def test_help_of_serve(words):
    result = run(*words)
    assert result.returncode == OK
    for flag in ("--listen", "--workers", "--config", "--functions", "--cache-dir", "--limits", "--access-log"):
        assert flag in result.stdout
    assert all(len(line) <= 100 for line in result.stdout.splitlines())


def test_version():
    result = run("--version")
    assert result.returncode == OK
    assert re.fullmatch(r"fn0 \d+\.\d+\.\d+\n", result.stdout)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "a command is missing"),
        (("sevre",), "unknown command 'sevre': did you mean 'serve'?"),
        (("--verison",), "unknown option '--verison': did you mean '--version'?"),
        (("serve",), "COMPONENT.wasm or --functions DIR"),
        (("serve", "--lissen", "127.0.0.1:0", "x.wasm"), "unknown option '--lissen': did you mean '--listen'?"),
        (("serve", "-p", "x.wasm"), "unknown option '-p'"),
        (("serve", "--listen"), "option '--listen' needs a value"),
        (("serve", "--access-log=yes", "x.wasm"), "option '--access-log' takes no value"),
        (("serve", "a.wasm", "b.wasm"), "b.wasm"),
        (("serve", "--functions", "/tmp", "a.wasm"), "not both"),
        (("serve", "--listen", "here", "x.wasm"), "--listen"),
        (("serve", "--listen", "127.0.0.1:99999", "x.wasm"), "--listen"),
        (("serve", "--workers", "0", "x.wasm"), "--workers"),
        (("serve", "--workers", "many", "x.wasm"), "--workers"),
        (("serve", "--log-level", "loud", "x.wasm"), "--log-level"),
        (("serve", "--drain-time", "30", "x.wasm"), "--drain-time"),
        (("serve", "--limits", "some", "x.wasm"), "--limits"),
        (("serve", "--outbound-allow", "everything", "x.wasm"), "--outbound-allow"),
    ],
)
def test_usage(words, said):
    result = run(*words)
    assert result.returncode == USAGE
    assert result.stdout == ""
    first, *rest = result.stderr.splitlines()
    assert first.startswith("fn0: ") and said in first
    assert len(rest) <= 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lisen = 1\n", ":1: "),
        ("[net]\nlisten = 8080\n", ":2: net.listen"),
        ("[net]\n\nlistenn = []\n", ":3: "),
        ("[limits]\ncpu = 10\n", ":2: limits.cpu"),
        ('[limits]\ncpu = "10 parsecs"\n', ":2: limits.cpu"),
        ('[limits]\nmemory = "1XB"\n', ":2: limits.memory"),
        ("[limits]\noutgoing_requests = -1\n", ":2: limits.outgoing_requests"),
        ('[limits.max]\nspeed = "1"\n', ":2: "),
        ("[log]\naccess = 1\n", ":2: log.access"),
        ('[instance]\nreuse = "maybe"\n', ":2: instance.reuse"),
        ("this is no TOML\n", ":1: "),
        ('component = "a.wasm"\nfunctions = "b"\n', "not both"),
        ('[net]\ntrusted_proxies = ["somebody"]\n', ":2: net.trusted_proxies"),
    ],
)
def test_configuration(tmp_path, text, said):
    """The file, the line, the key, and what was expected."""
    path = tmp_path / "host.toml"
    path.write_text(text)
    result = run("serve", "--config", path, *([] if "component" in text else [guest("hello")]))
    assert result.returncode == USAGE
    assert result.stderr.startswith("fn0: ") and said in result.stderr
    if "both" not in said:
        assert str(path) in result.stderr


def test_a_configuration_that_is_not_there(tmp_path):
    result = run("serve", "--config", tmp_path / "nothing.toml", guest("hello"))
    assert result.returncode in (FAILED, USAGE)
    assert "nothing.toml" in result.stderr


def test_every_flag_has_its_key(tmp_path):
    """What a file says, flags may say, and flags stand above the file."""
    config = f"""
component = "{guest("probe")}"
workers = 1
[net]
listen = ["127.0.0.1:0", "[::1]:0"]
[log]
access = true
level = "info"
[environment]
FROM = "the file"
"""
    with Host(
        None, "--env", "FROM=the flag", config=config, folder=tmp_path, listen=(), workers=None, log_level="debug"
    ) as host:
        assert [address for address, _ in host.addresses] == ["127.0.0.1", "[::1]"]
        assert b"the flag" in host.get("/environment").body
        host.wait_for_line(message="request")
        assert host.lines(level="debug")


def test_a_component_that_is_not_there(tmp_path):
    result = run("serve", "--listen", "127.0.0.1:0", tmp_path / "nothing.wasm")
    assert result.returncode == FAILED
    assert "nothing.wasm" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("folder", ["functions", "/tmp"])
def test_a_folder_instead_of_a_component(tmp_path, folder):
    (tmp_path / "functions").mkdir()
    result = run("serve", "--listen", "127.0.0.1:0", tmp_path / folder)
    assert result.returncode == FAILED
    said = f"{tmp_path / folder}: it is a folder, not a component: --functions serves folders"
    assert result.stderr.splitlines()[-1] == f"fn0: {said}"


def test_a_pipe_instead_of_a_component(tmp_path):
    os.mkfifo(tmp_path / "pipe.wasm")
    result = run("serve", "--listen", "127.0.0.1:0", tmp_path / "pipe.wasm")
    assert result.returncode == FAILED
    assert result.stderr.splitlines()[-1] == f"fn0: {tmp_path / 'pipe.wasm'}: it is not a plain file"


def test_a_folder_that_is_not_there(tmp_path):
    result = run("serve", "--listen", "127.0.0.1:0", "--functions", tmp_path / "nothing")
    assert result.returncode == FAILED
    assert str(tmp_path / "nothing") in result.stderr
