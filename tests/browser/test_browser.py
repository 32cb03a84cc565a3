# SPDX-License-Identifier: AGPL-3.0-only
"""The browser of the tests itself: that it sees what a person sees, complains, forgets, and leaves nothing behind."""

import http.server
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from host import eventually

PAGE = b"""<!doctype html><html lang="en"><title>A page</title>
<style>@media (prefers-color-scheme: dark) { h1 { visibility: hidden } }</style>
<h1>Hello</h1><form><input name="a"><button>Send</button></form><output></output>
<script>document.querySelector("output").textContent = "script; " + document.cookie; document.cookie = "a=1"</script>
"""


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path != "/none" else 404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.replace(b"</form>", b'</form><img src="/none">') if self.path == "/bad" else PAGE)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_person_s_way(browser, site, tmp_path):
    browser.open(site, width=640, height=480)
    assert browser.title == "A page" and browser.text("h1") == "Hello" and browser.text("output") == "script;"
    browser.fill("input", "two words")
    browser.click("button")
    assert browser.url == f"{site}/?a=two+words" and browser.text("output") == "script; a=1"
    browser.screenshot(tmp_path / "page.png")
    picture = (tmp_path / "page.png").read_bytes()
    assert picture[16:24] == (640).to_bytes(4, "big") + (480).to_bytes(4, "big") and len(picture) > 1000


def test_a_new_visitor_s_wishes(browser, site):
    browser.open(site, scripts=False)
    assert browser.text("output") == "" and browser.text("h1") == "Hello"
    browser.open(site, scheme="dark")
    assert browser.text("output") == "script;" and browser.text("h1") == ""


def test_complaints(browser, site):
    browser.open(f"{site}/bad")
    assert [one for one in browser.complaints() if "/none" in one and "404" in one]
    browser.driver.execute_script("console.error('of a script')")
    assert "of a script" in browser.complaints()[-1]
    browser.open(site)
    assert [one for one in browser.complaints() if "favicon" not in one] == []


def test_nothing_is_left_of_tests_that_were_killed(tmp_path):
    script = "import os, sys; from browser import Browser; Browser(sys.argv[1]); os._exit(0)"
    library = Path(__file__).resolve().parents[1] / "lib"
    subprocess.run([sys.executable, "-c", script, tmp_path], check=True, cwd=library, timeout=60)

    def alive():
        lines = [path.joinpath("cmdline") for path in Path("/proc").glob("[0-9]*")]
        return [one for one in lines if str(tmp_path).encode() in read(one)]

    eventually(lambda: not alive(), seconds=10, what="the browser's end")


def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""
