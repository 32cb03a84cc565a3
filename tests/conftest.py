# SPDX-License-Identifier: AGPL-3.0-only
"""What every test of the whole program may ask for."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "lib"))

from host import Host, guest  # noqa: E402


@pytest.fixture
def start_host(tmp_path):
    """A function that starts hosts and stops them when the test is over."""
    hosts = []

    def start(*words, **options):
        options.setdefault("folder", tmp_path)
        host = Host(*words, **options)
        hosts.append(host)
        return host

    yield start
    for host in hosts:
        host.stop()


@pytest.fixture(scope="module")
def probe():
    """One host for a whole file of tests: the probe with two workers and the limits of the cloud, but for the CPU
    time, which a busy machine makes uneven."""
    with Host(guest("probe"), workers=2, listen=("127.0.0.1:0", "[::1]:0")) as host:
        yield host


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A real browser (tests/lib/browser.py), one for all tests; none is started where none is asked for."""
    from browser import Browser

    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()
