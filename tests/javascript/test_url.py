# SPDX-License-Identifier: AGPL-3.0-only
"""URL and URLSearchParams against the data of the Web Platform Tests, and beside Node's."""

import json
import os
from pathlib import Path

import pytest
from differential import compare, run_in_engine

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests/javascript/wpt/url.js"
DATA = Path(os.environ.get("FN0_WPT_DATA", ROOT.parent / "shared/data/wpt"))
FILES = ("urltestdata", "setters_tests", "toascii", "percent-encoding")
CASES_AT_LEAST = 1200

# The cases that fail: name and reason.
FAILING = {}


def failing_cases(data):
    """Runs the script: how many cases there were, and what is wrong in those that fail."""
    text = f"const DATA = {json.dumps(data)};\n{SCRIPT.read_text(encoding='utf-8')}"
    output, errors = run_in_engine(text, "wpt-url")
    *lines, last = output.splitlines() or [""]
    assert last.isdigit(), f"the script did not come to its end: {errors}"
    return int(last), dict(json.loads(line) for line in lines)


def test_url_passes_the_web_platform_tests():
    if not DATA.is_dir():
        pytest.skip(f"the data of the Web Platform Tests is not in {DATA}")
    data = {name: json.loads((DATA / f"{name}.json").read_text(encoding="utf-8")) for name in FILES}
    count, failing = failing_cases(data)
    assert count > CASES_AT_LEAST
    assert failing.keys() == FAILING.keys(), "\n".join(f"{name}: {wrong}" for name, wrong in failing.items())


def test_a_wrong_answer_would_be_seen():
    data = {
        "urltestdata": [
            {"input": "http://a/b", "base": None, "href": "http://a/c"},
            {"input": "http://a/", "failure": True},
        ],
        "setters_tests": {"port": [{"href": "http://a/", "new_value": "8", "expected": {"port": "9"}}]},
        "toascii": [{"input": "a.com", "output": None}],
        "percent-encoding": [{"input": "a", "output": {"utf-8": "b"}}],
    }
    count, failing = failing_cases(data)
    assert (count, len(failing)) == (5, 5)


DIFFERENCES = {
    "object URLs belong to documents": {
        "URL.createObjectURL (static)": "absent",
        "URL.revokeObjectURL (static)": "absent",
    },
    "the standard converts null to a string": {"made of null": '"null="'},
}


def test_urls_are_as_in_node():
    compare("url", DIFFERENCES)
