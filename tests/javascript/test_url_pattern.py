# SPDX-License-Identifier: AGPL-3.0-only
"""URLPattern against the data of the Web Platform Tests."""

import json
import os
from pathlib import Path

import pytest
from differential import run_in_engine

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests/javascript/wpt/url_pattern.js"
DATA = Path(os.environ.get("FN0_WPT_DATA", ROOT.parent / "shared/data/wpt")) / "urlpatterntestdata.json"
CASES_AT_LEAST = 360

# The cases that fail, by the reason.
FAILING = {
    "the package gives a group's name only characters of Unicode's basic plane, and encodes others": [
        '[{"pathname":":a\U000e0100b"}] []',
        '[{"pathname":"test/:a\U00010450b"}] [{"pathname":"test/foo"}]',
        '[{"pathname":"/:\U00020000"}] [{"pathname":"/foo"}]',
    ],
    "the package compiles regular expressions with the flag u, the standard with v": [
        '[{"pathname":"/([[a-z]--a])"}] [{"pathname":"/a"}]',
        '[{"pathname":"/([[a-z]--a])"}] [{"pathname":"/z"}]',
        '[{"pathname":"/([\\\\d&&[0-1]])"}] [{"pathname":"/0"}]',
        '[{"pathname":"/([\\\\d&&[0-1]])"}] [{"pathname":"/3"}]',
    ],
    "the package refuses hosts and ports that the standard's parser would cut at their first delimiter": [
        '[{"protocol":"http","port":"80 "}] [{"protocol":"http","port":"80"}]',
        '[{"hostname":"bad#hostname"}] [{"hostname":"bad"}]',
        '[{"hostname":"bad/hostname"}] [{"hostname":"bad"}]',
        '[{"hostname":"bad\\\\\\\\hostname"}] [{"hostname":"badhostname"}]',
        '[{"hostname":"bad\\nhostname"}] [{"hostname":"badhostname"}]',
        '[{"hostname":"bad\\rhostname"}] [{"hostname":"badhostname"}]',
        '[{"hostname":"bad\\thostname"}] [{"hostname":"badhostname"}]',
        '[{"protocol":"http","hostname":"example.com/ignoredpath"}] ["http://example.com/"]',
        '[{"protocol":"http","hostname":"example.com\\\\?ignoredsearch"}] ["http://example.com/"]',
        '[{"protocol":"http","hostname":"example.com#ignoredhash"}] ["http://example.com/"]',
    ],
    "the package does not cut an input's port where the standard's parser ends": [
        '[{"port":"80"}] [{"port":"8\\t0"}]',
        '[{"port":"80"}] [{"port":"80x"}]',
        '[{"port":"80"}] [{"port":"80?x"}]',
        '[{"port":"80"}] [{"port":"80\\\\x"}]',
    ],
    "the package takes the host of a constructor string to begin before a group that is closed behind it": [
        '["https://{sub.}?example{.com/}foo"] ["https://example.com/foo"]',
    ],
}


def failing_cases(data):
    """Runs the script: how many cases there were, and what is wrong in those that fail."""
    text = f"const DATA = {json.dumps(data)};\n{SCRIPT.read_text(encoding='utf-8')}"
    output, errors = run_in_engine(text, "wpt-url-pattern")
    *lines, last = output.splitlines() or [""]
    assert last.isdigit(), f"the script did not come to its end: {errors}"
    return int(last), dict(json.loads(line) for line in lines)


def test_url_pattern_passes_the_web_platform_tests():
    if not DATA.is_file():
        pytest.skip(f"the data of the Web Platform Tests is not in {DATA.parent}")
    count, failing = failing_cases(json.loads(DATA.read_text(encoding="utf-8")))
    listed = {name for names in FAILING.values() for name in names}
    assert count > CASES_AT_LEAST
    assert failing.keys() == listed, "\n".join(f"{name}: {failing.get(name)}" for name in failing.keys() ^ listed)


def test_a_wrong_answer_would_be_seen():
    data = [
        {"pattern": [{"pathname": "/a"}], "inputs": [{"pathname": "/a"}], "expected_match": None},
        {
            "pattern": [{"pathname": "/:a"}],
            "inputs": [{"pathname": "/b"}],
            "expected_match": {"pathname": {"input": "/b", "groups": {"a": "c"}}},
        },
        {"pattern": [{"pathname": "/a"}], "expected_obj": {"pathname": "/b"}},
        {"pattern": [{"pathname": "/c"}], "expected_obj": "error"},
    ]
    count, failing = failing_cases(data)
    assert (count, len(failing)) == (4, 4)
