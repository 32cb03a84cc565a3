# SPDX-License-Identifier: AGPL-3.0-only
"""TITLE"""

from differential import compare

DIFFERENCES = {}


def test_encoding_is_as_in_node():
    compare("encoding", DIFFERENCES)
