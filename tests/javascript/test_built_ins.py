# SPDX-License-Identifier: AGPL-3.0-only
"""Built-ins that the engine has short ways for, beside Node's."""

from differential import compare

DIFFERENCES = {
    "ECMA-262: replacing asks for the property `flags`; V8 looks at the expression itself": {
        "an expression with its own flags": '"ba"',
    },
}


def test_built_ins_are_as_in_node():
    compare("built_ins", DIFFERENCES)
