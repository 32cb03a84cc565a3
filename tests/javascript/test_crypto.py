# SPDX-License-Identifier: AGPL-3.0-only
"""TITLE"""

from differential import compare

DIFFERENCES = {}


def test_crypto_is_as_in_node():
    compare("crypto", DIFFERENCES)
