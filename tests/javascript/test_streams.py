# SPDX-License-Identifier: AGPL-3.0-only
"""Streams beside Node's."""

from differential import compare

DIFFERENCES = {
    "the package keeps the state of a stream in properties of the object": {"own properties": "5"},
}


def test_streams_are_as_in_node():
    compare("streams", DIFFERENCES)
