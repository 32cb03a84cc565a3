# SPDX-License-Identifier: AGPL-3.0-only
"""examples/rest-api: its own tests, with its stand-in of a store and with etcd; a tester of OpenAPI documents; its page."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys

import pytest
from dev import Dev
from host import ROOT, SANITIZED, eventually

from examples import Example

ETCD = ROOT / "build/deps/etcd/usr/bin/etcd"

pytestmark = pytest.mark.skipif(SANITIZED, reason="these are tests of the example")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True


@contextlib.contextmanager
def running(port, *words, **options):
    """A store, until it is not needed any more; the variables by which the function finds it."""
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, **options)
    try:
        eventually(lambda: answers(port) or process.poll() is not None, 20, "the store")
        assert process.poll() is None
        yield store_at(port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def store_at(port):
    authority = f"127.0.0.1:{port}"
    return {"FN0_ENVIRONMENT_STORE_URL": f"http://{authority}", "FN0_OUTBOUND_ALLOW": authority}


@pytest.fixture
def example(tmp_path):
    return Example(tmp_path, "rest-api")


@pytest.fixture
def served(example):
    """`fn0 dev`, and `npm run store`."""
    port = free_port()
    with (
        running(port, "node", "store/server.js", port, cwd=example.path) as variables,
        Dev(example, **variables) as dev,
    ):
        yield dev


def test_its_own_tests_pass(example):
    """They start the stand-in themselves."""
    result = example.test(**store_at(free_port()))
    assert result.returncode == 0, result.stdout + result.stderr
    example.check_types()
    example.check_packages()


def test_with_etcd(example):
    """The same tests."""
    port, other = free_port(), free_port()
    words = (
        *("--data-dir", example.path / "etcd", "--log-level", "error", "--logger", "zap"),
        *("--listen-client-urls", f"http://127.0.0.1:{port}", "--advertise-client-urls", f"http://127.0.0.1:{port}"),
        *("--listen-peer-urls", f"http://127.0.0.1:{other}"),
        *("--initial-advertise-peer-urls", f"http://127.0.0.1:{other}"),
        *("--initial-cluster", f"default=http://127.0.0.1:{other}"),
    )
    environment = {**os.environ, "ETCD_UNSUPPORTED_ARCH": os.uname().machine.replace("aarch64", "arm64")}
    with running(port, ETCD, *words, env=environment) as variables:
        result = example.test(**variables)
    assert result.returncode == 0, result.stdout + result.stderr


def test_it_does_what_its_document_says(example, served):
    """Schemathesis with all its checks: examples, limits, invented requests, and sequences of them by the links."""
    words = (
        *("--config-file", example.path / "schemathesis.toml", "run", "--checks", "all", "--no-color"),
        *("--phases", "examples,coverage,fuzzing,stateful", "--seed", "1", "--max-examples", "10"),
        f"{served.url}/openapi.json",
    )
    result = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", *map(str, words)],
        cwd=example.path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert int(re.search(r"(\d+) generated", result.stdout)[1]) > 200, result.stdout
    assert not [line for line in served.requests() if int(line["status"]) >= 500]


def test_without_a_store(example):
    with Dev(example, **store_at(free_port())) as dev:
        answer = dev.get("/tasks")
        assert (answer.status, answer.header("retry-after")) == (503, "1")
        problem = json.loads(answer.body)
        assert problem["type"] == "/#unavailable" and "127.0.0.1" not in problem["detail"]
        dev.wait_for("did not do range: fetch failed: connection refused")


def test_the_page(served, browser):
    url = f"{served.url}/"
    browser.open(url)
    assert browser.text("h1") == "Tasks API 1.0.0"
    browser.fill("#new input", "Water the plants")
    browser.click("#new button")
    browser.wait_for("#tasks li")
    assert browser.text("#tasks li span") == "Water the plants"
    # What goes over the wire is shown.
    assert "POST /tasks" in browser.text("#wire") and "201 Created" in browser.text("#wire")
    browser.click("#tasks input")
    browser.wait_for("#tasks li.done")
    assert "If-Match: " in browser.text("#wire")
    # It is kept.
    browser.open(url)
    browser.wait_for("#tasks li.done")
    browser.click("#tasks button")
    eventually(lambda: not browser.all("#tasks li"), what="that the task is gone")
    # Operations open, and problems have their places.
    browser.click("#changeTask summary")
    assert "application/merge-patch+json" in browser.text("#changeTask")
    assert browser.find("#precondition-failed").is_displayed()
    assert browser.complaints() == []


def test_one_change_too_late(served, browser):
    """Two people: what the first one did is not undone by the second."""
    browser.open(served.url)
    browser.fill("#new input", "Water the plants")
    browser.click("#new button")
    browser.wait_for("#tasks li")
    browser.driver.execute_async_script("""
        const done = arguments[0];
        fetch("/tasks").then((answer) => answer.json()).then(({ items: [task] }) => fetch("/tasks/" + task.id, {
            method: "PATCH", body: '{"notes":"with rain"}',
            headers: { "If-Match": "*", "Content-Type": "application/merge-patch+json" },
        })).then(() => done());
    """)
    browser.click("#tasks input")
    browser.wait_for("#wire .s4")
    assert "412" in browser.text("#wire")
    assert not browser.find("#tasks input").is_selected()
    # The browser's console says that a request was refused, as it does of any.
    assert all("412" in complaint for complaint in browser.complaints())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_screenshot(example, served, browser, scheme):
    browser.open(served.url, width=1160, height=880, scheme=scheme)
    for title in ("Water the plants", "Write to Ada", "Repair the bicycle", "Buy tea"):
        browser.fill("#new input", title)
        browser.click("#new button")
        eventually(lambda title=title: title in browser.text("#tasks"), what=title)
    browser.all("#tasks input")[1].click()
    browser.wait_for("#tasks li.done")
    name = "screenshot.png" if scheme == "light" else "screenshot-dark.png"
    browser.keep_screenshot(example.source / name)
