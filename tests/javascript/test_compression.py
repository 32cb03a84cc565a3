# SPDX-License-Identifier: AGPL-3.0-only
"""TITLE"""

from differential import compare

DIFFERENCES = {}


def test_compression_is_as_in_node():
    compare("compression", DIFFERENCES)
