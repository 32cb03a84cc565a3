# SPDX-License-Identifier: AGPL-3.0-only
"""TextEncoder, TextDecoder, their streams and base64 beside Node's."""

from differential import compare

DIFFERENCES = {
    "Node's streams lack what Web IDL gives every interface": {
        "interface TextEncoderStream": '[0, "TextEncoderStream", "Object", TypeError]',
        "interface TextDecoderStream": '[0, "TextDecoderStream", "Object", TypeError]',
        "TextEncoderStream.Symbol(Symbol.toStringTag)": '"configurable string"',
        "TextDecoderStream.Symbol(Symbol.toStringTag)": '"configurable string"',
    },
    "ICU, which Node decodes by, is not the standard's encodings": {
        "label iso-8859-16": '"iso-8859-16"',
        "two characters for two bytes": '"Ê̄"',
    },
}


def test_encoding_is_as_in_node():
    compare("encoding", DIFFERENCES)
