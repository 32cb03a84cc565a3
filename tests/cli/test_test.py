# SPDX-License-Identifier: AGPL-3.0-only
"""`fn0 test`: the function in the real host, requests by whatever command the project names."""

import json
import signal
import socket
import subprocess
import sys

import pytest
from host import PROGRAM, SHARED_CACHE, eventually, guest
from origin import Origin
from projects import Folder

# Asks the function, and ends with 3 when the answer is not what is wanted.
CLIENT = """\
import os, sys, urllib.request
with urllib.request.urlopen(os.environ["FN0_URL"] + "/") as answer:
    text = answer.read().decode()
print("answer:", text.strip(), *sys.argv[1:])
sys.exit(0 if text == "Hello, world!\\n" else 3)
"""


class Project(Folder):
    def __init__(self, path, component="hello", command="python3 client.py", more=""):
        super().__init__(path / "project")
        quoted = json.dumps(command.replace("python3", sys.executable))
        test = f"[test]\ncommand = {quoted}\n" if command else ""
        build = json.dumps(f"cp {guest(component)} a.wasm")
        self.write("fn0.toml", f'name = "a"\ncomponent = "a.wasm"\n[build]\ncommand = {build}\n{test}{more}')
        self.write("client.py", CLIENT)
        SHARED_CACHE.mkdir(parents=True, exist_ok=True)

    def words(self, *words):
        return ("test", f"--cache-dir={SHARED_CACHE}", *words)

    def test(self, *words, **options):
        return self.fn0(*self.words(*words), **options)


def test_tests_that_pass(tmp_path):
    project = Project(tmp_path)
    result = project.test()
    assert result.returncode == 0, result.stderr
    assert result.stdout == "answer: Hello, world!\n"
    assert result.stderr.startswith("a.wasm  ") and "\na serves at http://127.0.0.1:" in result.stderr
    # Nothing is built the second time.
    again = project.test(below=".")
    assert again.returncode == 0 and again.stderr.startswith("a serves at ")


def test_json(tmp_path):
    project = Project(tmp_path)
    passed = project.test("--json")
    said = json.loads(passed.stdout)
    assert passed.returncode == 0 and (said["function"], said["passed"], said["error"]) == ("a", True, "")
    assert said["url"].startswith("http://127.0.0.1:") and said["command"].endswith("client.py")
    assert "answer: Hello, world!\n" in passed.stderr
    project = Project(tmp_path, command="exit 3")
    failed = project.test("--json")
    said = json.loads(failed.stdout)
    assert failed.returncode == 1 and not said["passed"]
    assert said["error"] == "the tests of a ended with status 3" and f"fn0: {said['error']}\n" in failed.stderr


def test_words_for_the_tests(tmp_path):
    result = Project(tmp_path).test("--", "--verbose", "two words")
    assert result.returncode == 0 and result.stdout == "answer: Hello, world! --verbose two words\n"


def test_tests_that_fail(tmp_path):
    project = Project(tmp_path, command="python3 client.py; exit 3")
    result = project.test()
    assert result.returncode == 1
    assert result.stderr.endswith("fn0: the tests of a ended with status 3\n")
    project = Project(tmp_path, command="kill -9 $$")
    assert project.test().stderr.endswith("fn0: the tests of a ended with signal 9\n")


def test_the_functions_limits_and_environment_hold(tmp_path):
    command = (
        'python3 -c "import os, urllib.request as u; '
        "print(u.urlopen(os.environ['FN0_URL'] + '/environment').read().decode())\""
    )
    project = Project(tmp_path, component="probe", command=command, more='[environment]\nGREETING = "hi"\n')
    project.write(".env", "TOKEN=sesame\n")
    result = project.test("--env", "FLAG=1")
    assert result.returncode == 0, result.stderr
    variables = json.loads(result.stdout)["variables"]
    assert sorted(variables) == [["FLAG", "1"], ["GREETING", "hi"], ["TOKEN", "sesame"]]


def test_assets_are_served(tmp_path):
    command = (
        'python3 -c "import os, urllib.request as u; '
        "print(u.urlopen(os.environ['FN0_URL'] + '/a.txt').read().decode())\""
    )
    project = Project(tmp_path, command=command, more='[assets]\nfolder = "public"\n')
    project.write("public/a.txt", "a file")
    result = project.test()
    assert result.returncode == 0 and result.stdout == "a file\n", result.stderr


def test_what_the_project_allows_is_within_reach(tmp_path):
    with Origin() as origin:
        command = (
            'python3 -c "import os, urllib.request as u; '
            f"print(u.urlopen(os.environ['FN0_URL'] + '/fetch?url={origin.url()}').read().decode())\""
        )
        project = Project(tmp_path, component="probe", command=command, more="[limits]\ncpu = '1s'\n")
        result = project.test()
        assert result.returncode == 1 and "HTTP Error 502" in result.stderr and not origin.requests
        project = Project(
            tmp_path, "probe", command, f"[limits]\ncpu = '1s'\n[outbound]\nallow = '{origin.authority}'\n"
        )
        result = project.test()
        assert result.returncode == 0 and result.stdout == "origin\n\n", result.stderr
        # A variable and a flag stand above the file.
        assert project.test(FN0_OUTBOUND_ALLOW="10.0.0.0/8").returncode == 1
        assert project.test("--outbound-allow", origin.authority, FN0_OUTBOUND_ALLOW="10.0.0.0/8").returncode == 0


def test_a_function_that_fails_says_why(tmp_path):
    command = "python3 -c \"import os, urllib.request as u; u.urlopen(os.environ['FN0_URL'] + '/trap')\""
    result = Project(tmp_path, component="probe", command=command).test()
    assert result.returncode == 1
    assert "call failed" in result.stderr


def test_what_cannot_be_tested(tmp_path):
    project = Project(tmp_path, command="")
    result = project.test()
    assert result.returncode == 2 and "fn0.toml: [test] command is missing" in result.stderr
    project = Project(tmp_path, component="wat/no-export", command="echo never")
    result = project.test()
    assert result.returncode == 1 and result.stdout == ""
    assert Folder(tmp_path / "empty").fn0("test").returncode == 1
    assert project.test("--functions", "x").returncode == 2
    assert project.test("--listen", "here").returncode == 2


def test_another_address(tmp_path):
    result = Project(tmp_path).test("--listen", "127.0.0.2:0")
    assert result.returncode == 0 and "serves at http://127.0.0.2:" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_host_and_tests(tmp_path, number):
    project = Project(tmp_path, command="touch started; exec sleep 300")
    process = subprocess.Popen(
        [str(PROGRAM), *project.words()],
        cwd=project.path,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        eventually((project.path / "started").exists, seconds=30, what="the tests' start")
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 128 + number and output == ""


def test_a_port_that_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = Project(tmp_path).test("--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert result.returncode == 1 and "the port is in use" in result.stderr
