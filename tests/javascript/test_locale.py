# SPDX-License-Identifier: AGPL-3.0-only
"""Numbers and dates in American English, beside Node's."""

import pytest
from differential import compare, run_in_engine

DIFFERENCES = {}


def test_numbers_and_dates_are_written_as_in_node():
    compare("locale", DIFFERENCES)


@pytest.mark.parametrize(
    "call",
    [
        "(1).toLocaleString('en-US', { notation: 'compact' })",
        "(1).toLocaleString('en-US', { style: 'unit', unit: 'meter' })",
        "new Date(0).toLocaleString('en-US', { timeZone: 'Europe/Berlin' })",
        "new Date(0).toLocaleString('en-US', { era: 'short' })",
    ],
)
def test_what_needs_intl_is_refused(call):
    output, errors = run_in_engine(
        f"try {{ console.log({call}); }} catch (error) {{ console.log(error.name, error.message); }} console.log(typeof Intl);"
    )
    refused, intl = output.splitlines()
    assert refused.startswith("RangeError ") and "there is no Intl" in refused, errors
    assert intl == "undefined"
