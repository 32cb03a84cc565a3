# SPDX-License-Identifier: AGPL-3.0-only
"""`fn0 config`: what fn0.toml and all that stands above it say, and where each value comes from."""

import json

import pytest
from projects import Folder

FILE = """\
name = "hello"
main = "src/index.ts"

[limits]
cpu = "50ms"

[environment]
GREETING = "good \\"day\\""
"""


@pytest.fixture
def folder(tmp_path):
    made = Folder(tmp_path / "hello")
    made.write("fn0.toml", FILE)
    return made


def lines(result):
    assert result.returncode == 0, result.stderr
    return [tuple(part.strip() for part in line.split("  ") if part) for line in result.stdout.splitlines()]


def test_what_is_said_is_shown_with_its_place(folder):
    assert lines(folder.fn0("config")) == [
        ("name", '"hello"', "fn0.toml:1"),
        ("main", '"src/index.ts"', "fn0.toml:2"),
        ("limits.cpu", '"50 ms"', "fn0.toml:5"),
        ("environment.GREETING", '"good \\"day\\""', "fn0.toml:8"),
    ]


def test_resolved_shows_the_defaults_too(folder):
    rows = lines(folder.fn0("config", "--resolved"))
    assert ("language", '"typescript"', "default") in rows
    assert ("component", '".fn0/hello.wasm"', "default") in rows
    assert ("build.watch", '["**"]', "default") in rows
    assert ("limits.memory", '"128 MB"', "default") in rows
    assert ("limits.outgoing_requests", "50", "default") in rows
    assert ("limits.response_body", '"none"', "default") in rows
    assert ("limits.cpu", '"50 ms"', "fn0.toml:5") in rows
    assert not [row for row in rows if row[0] in ("build.command", "outbound.hosts", "workers")]


def test_the_columns_are_aligned(folder):
    places = {line.rindex("  ") for line in folder.fn0("config", "--resolved").stdout.splitlines()}
    assert len(places) == 1


def test_flag_environment_dotenv_file_in_this_order(folder):
    words = ["config", "--env", "A=flag"]
    folder.write(".env", "A=dotenv\nFN0_LIMITS_CPU=2s\nFN0_LIMITS_MEMORY=1MB\n")
    rows = lines(folder.fn0(*words, FN0_LIMITS_CPU="3s", FN0_OUTBOUND_HOSTS="a.example, b.example"))
    assert ("limits.cpu", '"3 s"', "FN0_LIMITS_CPU") in rows
    assert ("limits.memory", '"1 MB"', ".env:3") in rows
    assert ("outbound.hosts", '["a.example", "b.example"]', "FN0_OUTBOUND_HOSTS") in rows
    assert ("environment.A", "********", "--env") in rows
    rows = lines(folder.fn0("config", "--limits", "none"))
    assert ("limits.cpu", '"none"', "--limits") in rows


def test_secrets_are_not_shown(folder):
    folder.write(".env", "TOKEN=sesame\nGREETING=open\n")
    for words in (["config"], ["config", "--resolved"], ["config", "--json"]):
        result = folder.fn0(*words, "--env=KEY=sesame", FN0_ENVIRONMENT_OTHER="sesame")
        assert result.returncode == 0
        assert "sesame" not in result.stdout and "open" not in result.stdout
        assert "TOKEN" in result.stdout and "KEY" in result.stdout and "OTHER" in result.stdout
    assert ("environment.TOKEN", "********", ".env:1") in lines(folder.fn0("config"))


def test_json(folder):
    folder.write(".env", "TOKEN=sesame\n")
    result = folder.fn0("config", "--resolved", "--json", FN0_LIMITS_CPU="1s")
    said = json.loads(result.stdout)
    assert said["folder"] == str(folder.path)
    values = {value.pop("key"): value for value in said["values"]}
    assert values["name"] == {"value": "hello", "source": "file", "path": "fn0.toml", "line": 1}
    assert values["limits.cpu"] == {"value": "1 s", "source": "environment", "name": "FN0_LIMITS_CPU"}
    assert values["limits.outgoing_requests"] == {"value": 50, "source": "default"}
    assert values["build.watch"] == {"value": ["**"], "source": "default"}
    assert values["environment.TOKEN"] == {
        "value": None,
        "secret": True,
        "source": "dotenv",
        "path": ".env",
        "line": 1,
        "name": "TOKEN",
    }


def test_it_works_below_the_folder(folder):
    (folder.path / "src/deep").mkdir(parents=True)
    folder.write(".env", "A=1")
    rows = lines(folder.fn0("config", below="src/deep"))
    assert ("name", '"hello"', "../../fn0.toml:1") in rows
    assert ("environment.A", "********", "../../.env:1") in rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('nane = "a"\n', 'fn0: fn0.toml:1: nane: unknown key; did you mean "name"?'),
        ('name = "A b"\n', 'fn0: fn0.toml:1: name: expected a name of a-z, 0-9 and \'-\', like "hello", not "A b"'),
        ('name = "a"\n', "fn0: fn0.toml: there is nothing to build: "),
        ('name = "a"\nmain = "a.php"\n', "fn0: fn0.toml: main: the name a.php does not tell the language"),
        ("name = \n", "fn0: fn0.toml:1: column "),
        ("workers = 2\n", "fn0: fn0.toml:1: workers: only a host's configuration may say this"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(folder, text, said):
    folder.write("fn0.toml", text)
    result = folder.fn0("config")
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr.startswith(said)


def test_mistakes_above_the_file(folder):
    result = folder.fn0("config", FN0_LIMITS_CPU="soon")
    assert result.returncode == 2 and result.stderr.startswith("fn0: FN0_LIMITS_CPU: expected a duration")
    folder.write(".env", "FN0_LIMIT_CPU=1s\n")
    result = folder.fn0("config")
    assert result.returncode == 2
    assert result.stderr.startswith(
        "fn0: .env:1: FN0_LIMIT_CPU: no key has this variable; did you mean FN0_LIMITS_CPU?"
    )


def test_without_a_project(tmp_path):
    result = Folder(tmp_path / "empty").fn0("config")
    assert result.returncode == 1
    assert result.stderr.startswith("fn0: no project here: fn0.toml is not in this folder, nor in a folder above it")


def test_usage(folder):
    assert folder.fn0("config", "--help").returncode == 0
    for words in (["config", "there"], ["config", "--listen", "127.0.0.1:0"], ["config", "--resolvd"]):
        result = folder.fn0(*words)
        assert result.returncode == 2 and result.stdout == ""
    assert "'--resolved'" in result.stderr
