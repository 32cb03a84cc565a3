# SPDX-License-Identifier: AGPL-3.0-only
"""Numbers and dates in American English, beside Node's."""

import re

import pytest
from differential import ROOT, compare, run_in_engine

DIFFERENCES = {
    "not offered: ranges": {
        "NumberFormat.formatRange": "absent",
        "NumberFormat.formatRangeToParts": "absent",
        "DateTimeFormat.formatRange": "absent",
        "DateTimeFormat.formatRangeToParts": "absent",
        "PluralRules.selectRange": "absent",
        "RelativeTimeFormat.formatToParts": "absent",
    },
}


def test_numbers_and_dates_are_written_as_in_node():
    compare("locale", DIFFERENCES)


@pytest.mark.parametrize(
    "call",
    [
        "(1).toLocaleString('en-US', { notation: 'compact' })",
        "new Intl.NumberFormat('en-US', { style: 'unit', unit: 'meter' })",
        "new Date(0).toLocaleString('en-US', { timeZone: 'Europe/Berlin' })",
        "new Intl.DateTimeFormat('en-US', { era: 'short' })",
    ],
)
def test_what_needs_more_data_is_refused(call):
    output, errors = run_in_engine(
        f"try {{ console.log({call}); }} catch (error) {{ console.log(error.name, error.message); }}"
    )
    assert output.startswith("RangeError ") and " here" in output, errors


def test_other_locales_fall_back_to_american_english():
    output, errors = run_in_engine("""
        console.log((1234.5).toLocaleString("de-DE"), new Intl.NumberFormat("de").resolvedOptions().locale);
        console.log(JSON.stringify(Intl.NumberFormat.supportedLocalesOf(["de", "en-GB", "en-US", "en"])));
        console.log(typeof Intl.Collator, typeof Intl.Segmenter, typeof Intl.DisplayNames);
    """)
    assert errors == ""
    assert output.splitlines() == ["1,234.5 en-US", '["en-US","en"]', "undefined undefined undefined"]


def test_docs_say_what_there_is_of_intl():
    table = re.search(r"^\| of `Intl` \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)", (ROOT / "docs/javascript.md").read_text(), re.M)
    rows = [line.strip("|").split("|")[:2] for line in table.group(1).splitlines()]
    offered = {name for cell, how in rows if how.strip() != "absent" for name in re.findall(r"`(\w+)`", cell)}
    output, errors = run_in_engine("console.log(Object.getOwnPropertyNames(Intl).join(' '));")
    assert set(output.split()) == offered, errors
