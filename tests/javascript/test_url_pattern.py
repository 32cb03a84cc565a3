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
    assert count > CASES_AT_LEAST
    assert failing == {}


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


def test_flag_v_is_for_what_u_refuses():
    output, errors = run_in_engine("""
        console.log(new URLPattern({ pathname: "/a-b/([[0-9]--5])" }).test({ pathname: "/a-b/5" }));
        console.log(new URLPattern({ pathname: "/x/([[0-9]--5])" }, { ignoreCase: true }).test({ pathname: "/X/4" }));
        console.log(new URLPattern({ pathname: "/a-b/([0-9-]+)" }).test({ pathname: "/a-b/5-5" }));
        try { new URLPattern({ pathname: "/([z-a])" }); } catch (error) { console.log(error.name); }
    """)
    assert (output.splitlines(), errors) == (["false", "true", "true", "TypeError"], "")


@pytest.mark.parametrize(
    "init", ["hostname: 'a b'", "hostname: 'a<b'", "hostname: '%'", "hostname: '/a'", "port: 'x80'", "port: '65536'"]
)
def test_hosts_and_ports_that_are_none_are_refused(init):
    output, errors = run_in_engine(
        f"try {{ new URLPattern({{ {init} }}); console.log('taken'); }} catch (error) {{ console.log(error.name); }}"
    )
    assert (output, errors) == ("TypeError\n", "")
