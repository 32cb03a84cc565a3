# SPDX-License-Identifier: AGPL-3.0-only
"""Blob, File and FormData beside Node's."""

from differential import compare, run_in_engine

DIFFERENCES = {
    "File API: bytes() is enumerable as all others": {
        "Blob.bytes": '"enumerable writable configurable function bytes/0"',
    },
    "Web IDL: the argument is optional": {
        "interface FormData": '[0, "FormData", "Object", TypeError]',
        "FormData.constructor": '"writable configurable function FormData/0"',
    },
    "Web IDL: lastModified is a whole number, the parts are no optional argument": {
        "file": '["n.txt", 5, 3, "t/x", "abc", true, "[object File]"]',
        "file arguments": "[TypeError, TypeError, TypeError, TypeError]",
    },
    "File API: a lone carriage return ends a line too": {
        "blob line endings": r'"a\nb\nc\n"',
    },
}


def test_forms_are_as_in_node():
    compare("forms", DIFFERENCES)


def test_slices_convert_what_they_are_given():
    """Node 20 ends itself over these."""
    output, errors = run_in_engine("""
        const blob = new Blob(["0123456789"]);
        const ranges = [[NaN, 3], ["1", "3"], [1.5, 3.5], [2.5, 4.5], [undefined, 4], [3, undefined], [null, 2], [-Infinity, Infinity]];
        for (const range of ranges) {
            console.log(await blob.slice(...range).text());
        }
    """)
    assert output.split() == ["012", "12", "23", "23", "0123", "3456789", "01", "0123456789"], errors


MULTIPART_DIFFERENCES = {
    "RFC 2046: a boundary begins a line": {
        "reading what looks like a boundary": r'[["a", "a--X\r\n-X\r\n--Y\r--X\n--X"]]',
    },
}


def test_forms_are_written_and_read_as_in_node():
    compare("multipart", MULTIPART_DIFFERENCES, hooks=True)
