# SPDX-License-Identifier: AGPL-3.0-only
"""examples/image-resizing: its own tests, and its page."""

import pytest
from dev import Dev
from host import SANITIZED, eventually

from examples import Example

# What cargo builds for the first time takes minutes.
pytestmark = [
    pytest.mark.skipif(SANITIZED, reason="these are tests of the example"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return Example(tmp_path_factory.mktemp("examples"), "image-resizing")


@pytest.fixture(scope="module")
def served(example):
    with Dev(example, ready=False) as dev:
        eventually(lambda: "\n" in dev.output or dev.process.poll() is not None, 600, "the address")
        yield dev


def fact(browser):
    return browser.text("#facts")


def wait_for_fact(browser, text):
    eventually(lambda: text in fact(browser), 20, f"{text!r} in place of {fact(browser)!r}")


def choose(browser, name, value):
    """As by a person's hand: the page hears of it."""
    browser.driver.execute_script(
        "const field = document.forms[0].elements[arguments[0]]; field.value = arguments[1];"
        "document.forms[0].dispatchEvent(new Event('input', { bubbles: true }));",
        name,
        value,
    )


def shown_size(browser):
    return browser.driver.execute_script(
        "const one = document.getElementById('picture'); return one.complete && [one.naturalWidth, one.naturalHeight]"
    )


def test_its_own_tests_pass(example):
    result = example.test(seconds=800)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "test result: ok. 16 passed" in result.stdout


def test_the_sample_on_the_page(served, browser):
    browser.open(served.url)
    assert browser.text("h1") == "Pictures in the size you need"
    wait_for_fact(browser, "760 × 507")
    assert "WEBP" in fact(browser) and "encode" in browser.text("#key")
    eventually(lambda: shown_size(browser) == [760, 507], what="the picture")
    choose(browser, "w", "200")
    choose(browser, "h", "200")
    choose(browser, "fit", "cover")
    choose(browser, "format", "jpeg")
    wait_for_fact(browser, "200 × 200")
    wait_for_fact(browser, "JPEG")
    eventually(lambda: shown_size(browser) == [200, 200], what="the picture")
    assert browser.text("#url").endswith("/?url=/sample.jpg&w=200&h=200&fit=cover&format=jpeg")
    assert browser.complaints() == []


def test_a_file_on_the_page(served, browser, example):
    browser.open(served.url)
    wait_for_fact(browser, "760")
    browser.driver.execute_script("document.querySelector('[name=from][value=file]').click()")
    browser.find("[name=file]").send_keys(str(example.path / "src/sample.jpg"))
    choose(browser, "w", "120")
    wait_for_fact(browser, "120 × 80")
    assert browser.text("#url").startswith("POST ")
    # What is none is said in place of the picture.
    browser.find("[name=file]").send_keys(str(example.path / "Cargo.toml"))
    eventually(lambda: "415: this is no picture" in browser.text("#problem"), what="the problem")
    assert not browser.find("#picture").is_displayed()


def test_an_address_on_the_page(served, browser):
    url = served.url
    browser.open(url)
    browser.driver.execute_script("document.querySelector('[name=from][value=url]').click()")
    browser.fill("[name=url]", f"{url}/sample.jpg")
    wait_for_fact(browser, "760 × 507")
    eventually(lambda: "fetch" in browser.text("#key"), what="the time of the fetch")
    browser.fill("[name=url]", f"{url}/nowhere.jpg")
    eventually(lambda: browser.text("#problem").startswith("404: "), what="the problem")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_screenshot(example, served, browser, scheme):
    browser.open(served.url, width=1160, height=900, scheme=scheme)
    wait_for_fact(browser, "760 × 507")
    eventually(lambda: shown_size(browser) == [760, 507], what="the picture")
    eventually(lambda: browser.find("#picture").value_of_css_property("opacity") == "1", what="all of it")
    name = "screenshot.png" if scheme == "light" else "screenshot-dark.png"
    browser.keep_screenshot(example.source / name)
