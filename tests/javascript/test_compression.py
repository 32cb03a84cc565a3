# SPDX-License-Identifier: AGPL-3.0-only
"""CompressionStream and DecompressionStream beside Node's."""

from differential import compare

DIFFERENCES = {
    "Node's error is not the standard's TypeError": {
        "gzip cut off": "throws TypeError",
        "gzip of nothing": "throws TypeError",
        "gzip that is none": "throws TypeError",
        "gzip damaged": "throws TypeError",
        "deflate cut off": "throws TypeError",
        "deflate of nothing": "throws TypeError",
        "deflate that is none": "throws TypeError",
        "deflate damaged": "throws TypeError",
        "deflate-raw cut off": "throws TypeError",
        "deflate-raw of nothing": "throws TypeError",
        "deflate-raw that is none": "throws TypeError",
        "deflate-raw damaged": "throws TypeError",
    },
    "Node passes over what follows the end": {
        "gzip followed by more": "throws TypeError",
        "gzip followed by another chunk": "throws TypeError",
        "deflate followed by more": "throws TypeError",
        "deflate followed by another chunk": "throws TypeError",
        "deflate-raw followed by more": "throws TypeError",
        "deflate-raw followed by another chunk": "throws TypeError",
    },
    "Node's streams take no ArrayBuffer, DataView or wrong chunk: they are left open": {
        "gzip of views": "Uint8Array@0(1 2 3 4 5 6 7 8 3 4 5 6)",
        "gzip of null": "throws TypeError",
        "gzip of [1]": "throws TypeError",
        "deflate of views": "Uint8Array@0(1 2 3 4 5 6 7 8 3 4 5 6)",
        "deflate of null": "throws TypeError",
        "deflate of [1]": "throws TypeError",
        "deflate-raw of views": "Uint8Array@0(1 2 3 4 5 6 7 8 3 4 5 6)",
        "deflate-raw of null": "throws TypeError",
        "deflate-raw of [1]": "throws TypeError",
    },
    "Node takes strings too, as its own streams do": {
        'gzip of "text"': "throws TypeError",
        'deflate of "text"': "throws TypeError",
        'deflate-raw of "text"': "throws TypeError",
    },
    "Node's conversion takes no object": {
        "a format that is converted": "true",
    },
}


def test_compression_is_as_in_node():
    compare("compression", DIFFERENCES)
