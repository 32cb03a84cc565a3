# SPDX-License-Identifier: AGPL-3.0-only
"""A real browser without a screen: Debian's Chromium, driven by Selenium through Debian's chromedriver.

    def test_a_page(browser):
        browser.open(url)
        assert browser.text("h1") == "Hello"
        browser.click("button")
        browser.screenshot(path)
        assert browser.complaints() == []

Whatever else a test needs is Selenium's own, `browser.driver`. One browser serves a whole run of tests: each `open`
begins with an empty cache and without cookies, and forgets what was complained about before.
"""

import ctypes
import os
import signal
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By

CHROMIUM = "/usr/bin/chromium"
CHROMEDRIVER = "/usr/bin/chromedriver"
PR_SET_PDEATHSIG = 1

# It opens nothing but pages of our own on this machine, and may run as root, where its sandbox does not.
SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)


def _leave_the_terminal_and_die_with_parent():
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _mortal_chromium(folder):
    """A Chromium that the kernel ends when chromedriver goes: a killed chromedriver would leave it behind."""
    path = Path(folder) / "chromium"
    path.write_text(f'#!/bin/sh\nexec setpriv --pdeathsig TERM {CHROMIUM} "$@"\n')
    path.chmod(0o755)
    return str(path)


class Browser:
    def __init__(self, folder):
        """`folder` takes its profile and whatever it writes."""
        options = webdriver.ChromeOptions()
        options.binary_location = _mortal_chromium(folder)
        for switch in (*SWITCHES, f"--user-data-dir={folder}/profile", f"--crash-dumps-dir={folder}"):
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService(
            CHROMEDRIVER,
            log_output=f"{folder}/chromedriver.log",
            popen_kw={"preexec_fn": _leave_the_terminal_and_die_with_parent},
        )
        self.driver = webdriver.Chrome(options, service)
        self.driver.set_page_load_timeout(30)
        self.size = None  # of the window, in pixels; set by open

    def close(self):
        self.driver.quit()

    # ---- Pages

    def open(self, url, width=1280, height=800, scheme="light", scripts=True):
        """Loads a page as a new visitor, in a window of that size. `scheme`: "light" or "dark", what the person
        prefers. Without `scripts` the page's JavaScript does not run."""
        self.command("Network.clearBrowserCache")
        self.command("Network.clearBrowserCookies")
        self.command("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.size = (width, height)
        self.complaints()
        self.driver.get(url)

    @property
    def title(self):
        return self.driver.title

    @property
    def url(self):
        return self.driver.current_url

    def find(self, selector):
        """The one element of a CSS selector: Selenium's, which knows click(), send_keys(), text, …"""
        found = self.all(selector)
        assert len(found) == 1, f"{selector} is there {len(found)} times: {self.driver.page_source[:2000]}"
        return found[0]

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """What a person sees of it."""
        return self.find(selector).text

    def fill(self, selector, text):
        field = self.find(selector)
        field.clear()
        field.send_keys(text)

    def click(self, selector):
        """Clicks; a page that this leads to is loaded when it returns."""
        self.find(selector).click()

    def wait_for(self, selector, seconds=10):
        end = time.monotonic() + seconds
        while not self.all(selector):
            assert time.monotonic() < end, f"{selector} did not come: {self.driver.page_source[:2000]}"
            time.sleep(0.02)
        return self.find(selector)

    # ---- What it makes of them

    def complaints(self):
        """What the console has had to say since the page was opened or this was last asked: errors and warnings,
        of scripts as well as of what could not be loaded."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def screenshot(self, path):
        """Writes the window's content as a PNG."""
        assert self.driver.get_screenshot_as_file(str(path)), path

    def keep_screenshot(self, path):
        """A picture that the repository keeps, for a README: written anew by `make screenshots`, else only held to be
        there in the window's size, since no two versions of a browser draw the same."""
        if os.environ.get("UPDATE_SCREENSHOTS") == "1":
            self.screenshot(path)
        kept = Path(path).read_bytes()
        assert kept[:8] == b"\x89PNG\r\n\x1a\n", path
        size = tuple(int.from_bytes(kept[at : at + 4], "big") for at in (16, 20))
        assert size == self.size, f"{path} is {size}, not {self.size}: make screenshots"

    def command(self, method, **parameters):
        """A command of the Chrome DevTools Protocol."""
        return self.driver.execute_cdp_cmd(method, parameters)
