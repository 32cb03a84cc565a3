# SPDX-License-Identifier: AGPL-3.0-only
"""examples/ssr in the real host: its own tests, and its pages in a real browser."""

import re
import subprocess
import time

import pytest
from dev import Dev
from host import PROGRAM, SANITIZED, SHARED_CACHE, eventually
from wire import Connection

from examples import Example

pytestmark = pytest.mark.skipif(SANITIZED, reason="a test of the example")


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return Example(tmp_path_factory.mktemp("examples"), "ssr")


@pytest.fixture(scope="module")
def dev(example):
    with Dev(example) as dev:
        yield dev


def test_its_own_tests_pass(example):
    result = example.test()
    assert result.returncode == 0, result.stdout + result.stderr
    assert "pass 12\n" in result.stdout
    example.check_types()
    example.check_packages()


def test_it_is_served_as_its_readme_says(example, start_host):
    """Word for word, with the project's own limits left out: the default ones of a host are enough for a page."""
    readme = (example.source / "README.md").read_text()
    block = readme.split("## Serving it\n", 1)[1].split("    mkdir", 1)[1].split("\n\n", 1)[0]
    *lines, serve = [line.strip() for line in ("mkdir" + block).splitlines()]
    assert serve == "fn0 serve site/moon.wasm"
    script = "\n".join(lines).replace("fn0 build", f"{PROGRAM} build --cache-dir={SHARED_CACHE}")
    done = subprocess.run(
        ["sh", "-ec", script], cwd=example.path, env=example.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    host = start_host(example.path / "site/moon.wasm")
    assert "Which moon" in host.get("/birthday").text
    assert host.get("/style.css").body == (example.source / "public/style.css").read_bytes()


def test_a_visit(browser, dev):
    browser.open(f"{dev.url}/moon/2026-11-20")
    assert browser.title == "Friday, 20 November 2026 · Moonlight" and browser.text("h1") == "Waxing gibbous"
    browser.wait_for("#coming .cards a")
    assert [one.text for one in browser.all("#coming strong")][4:] == [
        "Beaver Moon",
        "Cold Moon",
        "Wolf Moon",
        "Snow Moon",
    ]
    assert browser.all(".waiting") == []
    browser.follow(".days a:last-child")
    assert browser.url == f"{dev.url}/moon/2026-11-21"
    browser.follow("nav a[href='/calendar']")
    assert re.fullmatch(r"\w+ \d{4}", browser.text("h1")) and browser.text("nav a[aria-current]") == "Calendar"
    assert len(browser.all(".grid a")) >= 28 and len(browser.all(".grid a[aria-current]")) == 1
    browser.follow(".calendar a[rel=next]")
    assert browser.all(".grid a[aria-current]") == []
    assert browser.complaints() == []


def test_the_form(browser, dev):
    browser.open(f"{dev.url}/birthday")
    # The browser's own checks keep it from being sent.
    browser.click("form button")
    assert browser.url == f"{dev.url}/birthday" and browser.all(".problem") == []
    browser.fill("#name", "Ada <b>")
    browser.driver.execute_script("document.querySelector('#born').value = '1990-05-17'")
    browser.follow("form button")
    assert browser.text("h1") == "Ada <b>, yours is a last quarter."
    assert browser.url == f"{dev.url}/birthday/1990-05-17?name=Ada%20%3Cb%3E"
    assert browser.complaints() == []


def test_the_form_without_scripts(browser, dev):
    browser.open(f"{dev.url}/birthday", scripts=False)
    browser.fill("#name", "Ada")
    browser.find("#born").send_keys("01012099")
    # As a browser would that checks nothing itself.
    browser.command("Emulation.setScriptExecutionDisabled", value=False)
    browser.driver.execute_script("document.querySelector('form').noValidate = true")
    browser.command("Emulation.setScriptExecutionDisabled", value=True)
    browser.follow("form button")
    assert browser.text("#wrong-date") == "That day is still to come."
    assert browser.find("#name").get_attribute("value") == "Ada"
    assert browser.find("#born").get_attribute("aria-describedby") == "wrong-date"
    assert [one for one in browser.complaints() if "422" not in one] == []


def test_without_scripts_there_is_a_way(browser, dev):
    browser.open(f"{dev.url}/moon/2026-11-20", scripts=False)
    assert browser.text("h1") == "Waxing gibbous" and "Without scripts" in browser.text(".waiting")
    browser.follow(".waiting a")
    assert browser.url == f"{dev.url}/almanac/2026-11-20" and len(browser.all(".cards a")) == 8


def test_what_is_not_there_and_what_is_broken(browser, dev):
    browser.open(f"{dev.url}/nowhere")
    assert browser.text("h1") == "No such page" and browser.text("code") == "/nowhere"
    browser.open(f"{dev.url}/broken")
    assert browser.text("h1") == "Something broke"
    eventually(lambda: "somebody asked for it" in dev.text and "src/index.tsx:" in dev.text)


def test_assets_are_kept_and_asked_for(browser, dev):
    browser.open(f"{dev.url}/birthday")
    fonts = browser.driver.execute_script("return getComputedStyle(document.body).fontFamily")
    assert fonts.startswith("Inter")
    browser.driver.refresh()
    eventually(lambda: re.search(r"GET +/style.css +304 .* asset\n", dev.text))


def test_a_stylesheet_that_is_saved_is_there(browser, dev, example):
    style = example.path / "public/style.css"
    original = style.read_text()
    browser.open(f"{dev.url}/birthday")
    try:
        style.write_text(original + "h1 { color: rgb(1, 2, 3); }\n")
        browser.driver.refresh()
        colour = browser.driver.execute_script("return getComputedStyle(document.querySelector('h1')).color")
        assert colour == "rgb(1, 2, 3)"
    finally:
        style.write_text(original)


def test_it_comes_in_order(dev):
    """The page at once, with all that its head needs; what takes time behind it."""
    with Connection("127.0.0.1", dev.port) as connection:
        begun = time.monotonic()
        connection.send_head("GET", "/moon/2026-11-20")
        early = connection.take_until(b"Asking the almanac")
        assert b"/style.css" in early and b"<h1>Waxing gibbous</h1>" in early and b"Beaver Moon" not in early
        came = time.monotonic()
        connection.take_until(b"Beaver Moon")
        assert time.monotonic() - came > 0.2, came - begun


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_small_windows_and_dark_ones(browser, dev, scheme):
    for path in ("/moon/2026-11-20", "/calendar/2026-11", "/birthday", "/nowhere"):
        browser.open(dev.url + path, width=360, height=640, scheme=scheme)
        wide = browser.driver.execute_script("return document.documentElement.scrollWidth")
        assert wide <= 360, (path, wide)
    ground = browser.driver.execute_script("return getComputedStyle(document.documentElement).backgroundColor")
    assert ground == {"light": "rgb(243, 241, 234)", "dark": "rgb(11, 16, 32)"}[scheme]


@pytest.mark.parametrize(("name", "scheme"), [("screenshot.png", "light"), ("screenshot-dark.png", "dark")])
def test_screenshot(browser, dev, example, name, scheme):
    browser.open(f"{dev.url}/moon/2026-11-20", width=1280, height=960, scheme=scheme)
    browser.wait_for("#coming .cards a")
    browser.keep_screenshot(example.source / name)
