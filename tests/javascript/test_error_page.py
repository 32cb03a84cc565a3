# SPDX-License-Identifier: AGPL-3.0-only
"""What a client is shown of an error in development, and that it is shown nothing in production."""

import html
import json
import re
from html.parser import HTMLParser

import pytest
from bundler import PACKAGES
from function import IN_NODE, Client, project, start
from host import ROOT, Host, run

pytestmark = pytest.mark.skipif(IN_NODE, reason="what fn0 does")

SOURCE = (ROOT / "tests/javascript/functions/failing.ts").read_text().splitlines()
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
PATHS = ("/nested", "/text", "/undefined", "/aggregate", "/circular", "/hostile", "/proxy")


def line_of(words):
    return next(number for number, line in enumerate(SOURCE, 1) if words in line)


@pytest.fixture(scope="module")
def folder():
    return project(ROOT / "tests/javascript/functions")


@pytest.fixture(scope="module")
def development(folder):
    server = start(folder, "failing.ts", {"FN0_MODE": "development"}, "--development")
    yield Client(server)
    server.stop()


@pytest.fixture(scope="module")
def production(folder):
    server = start(folder, "failing.ts", {"FN0_MODE": "production"})
    yield Client(server)
    server.stop()


def test_the_first_error_costs_no_more_than_others(tmp_path):
    """However large the script is: its map is not read for it. (It once took 250 ms, of the 10 that a call has.)"""
    lines = ['import * as z from "zod";', "", "export default {", "    fetch() {"]
    lines += ["        if (!z.string().safeParse(7).success) throw new Error('no string');", "    },", "};"]
    (tmp_path / "large.ts").write_text("\n".join(lines))
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    done = run("build", tmp_path / "large.ts", "-o", tmp_path / "large.wasm")
    assert done.returncode == 0, done.stderr
    with Host(tmp_path / "large.wasm", "--limits=none", "--access-log") as host:
        assert host.get("/").status == 500
        spent = host.wait_for_line(message="request")["cpu_ms"]
        said = [line["line"] for line in host.lines(message="output")]
    assert any("at fetch (large.ts:5:" in line for line in said), said
    assert spent < 40


class Page(HTMLParser):
    """The tags of a page, each closed that has to be, and its text."""

    VOID = {"meta", "br"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attributes)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        # What HTML lets one leave open.
        while self.open[-1] != tag and self.open[-1] in ("p", "li"):
            self.open.pop()
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_a_browser_gets_a_page(development):
    answer = development.get("/nested?id=7", BROWSER)
    assert (answer.status, answer.header("content-type")) == (500, "text/html;charset=UTF-8")
    page = Page(answer.text)
    assert page.open == [] and "script" not in page.tags
    assert 'RangeError: no order <script>alert("7")</script> & more' in page.text
    assert "caused by" in page.text and "SyntaxError: " in page.text
    assert "GET http://" in page.text and "/nested?id=7" in page.text
    assert answer.header("x-request-id") in page.text
    thrown = line_of("throw new RangeError")
    assert re.search(rf"find \S*failing\.ts:{thrown}:\d+", page.text)
    marked = re.search(r"<mark>(.*?)</mark>", answer.text, re.S)[1]
    assert SOURCE[thrown - 1].strip() in html.unescape(re.sub(r"<.*?>", "", marked))
    for number in range(thrown - 4, thrown + 5):
        assert f"{number}  {SOURCE[number - 1]}\n" in page.text
    assert len(answer.body) < 16_000


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accept", [BROWSER["Accept"], "application/json", "text/plain"])
def test_every_error_is_shown(development, path, accept):
    answer = development.get(path, {"Accept": accept})
    assert answer.status == 500 and answer.body
    if answer.header("content-type").startswith("text/html"):
        assert Page(answer.text).open == []
    assert development.get("/nested").status == 500


def test_what_an_error_gathers_is_shown(development):
    text = Page(development.get("/aggregate", BROWSER).text).text
    assert "AggregateError: all failed" in text and "Error: the first" in text and "'the second'" in text


def test_what_is_no_error_is_shown(development):
    assert "'<b>only text</b>'" in Page(development.get("/text", BROWSER).text).text


def test_who_asks_for_json_gets_a_problem(development):
    answer = development.get("/nested", {"Accept": "application/json"})
    assert answer.header("content-type") == "application/problem+json"
    problem = json.loads(answer.body)
    assert (problem["status"], problem["request_id"]) == (500, answer.header("x-request-id"))
    assert problem["detail"].startswith("RangeError: no order")
    assert any(frame.startswith("find (") and "failing.ts:" in frame for frame in problem["stack"])
    assert problem["causes"][0]["relation"] == "caused by"


@pytest.mark.parametrize(
    "accept, kind",
    [
        (None, "text/plain"),
        ("*/*", "text/plain"),
        ("text/html", "text/html"),
        ("text/html;q=0", "text/plain"),
        ("application/problem+json, text/html;q=0.9", "application/problem+json"),
        ("application/json;q=0.5, TEXT/HTML ; q=0.9", "text/html"),
        ("image/png", "text/plain"),
    ],
)
def test_the_answer_is_of_the_kind_that_is_accepted(development, accept, kind):
    answer = development.get("/nested", {"Accept": accept} if accept else {})
    assert answer.header("content-type").split(";")[0] == kind
    assert b"no order" in answer.body


@pytest.mark.parametrize("accept", [BROWSER["Accept"], "application/json", "*/*"])
def test_in_production_nothing_is_shown(production, accept):
    for path in PATHS:
        answer = production.get(path, {"Accept": accept})
        assert (answer.status, answer.body) == (500, b"Internal Server Error\n")


def test_a_component_for_production_has_no_sources(folder, tmp_path):
    found = []
    for options in ((), ("--development",)):
        done = run("build", folder / "failing.ts", "-o", tmp_path / "failing.wasm", *options)
        assert done.returncode == 0, done.stderr
        found.append(b"Errors of all kinds, for the page" in (tmp_path / "failing.wasm").read_bytes())
    assert found == [False, True]
