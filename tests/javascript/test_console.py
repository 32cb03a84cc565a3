# SPDX-License-Identifier: AGPL-3.0-only
"""What the console prints, beside Node's."""

import pytest
from differential import SCRIPTS, compare_sections, generated_values

DIFFERENCES = {
    "newer releases of Node have brackets around hidden properties only": {
        "keys in quotes": """\
{
  '5': 2,
  'a-b': 1,
  '': 5,
  valid_1: 6,
  '$': 7,
  Symbol(k): 3,
  Symbol(): 4
}
""",
        "names that are tagged": """\
{ a: 1, Symbol(Symbol.toStringTag): 'mine' } Point { x: 1, Symbol(Symbol.toStringTag): 'other' }
""",
        "buffers": "ArrayBuffer { [Uint8Contents]: <01 02>, [byteLength]: 2 }\n",
        "data views": """\
DataView {
  [byteLength]: 1,
  [byteOffset]: 1,
  [buffer]: ArrayBuffer { [Uint8Contents]: <01 02>, [byteLength]: 2 }
}
""",
    },
    "newer releases of Node show that there is a proxy": {
        "proxies": "Proxy({ a: 1 }) Proxy([Function: f]) Proxy([ 1 ])\n",
    },
    "what is in an iterator cannot be seen without taking it out": {
        "iterators": "[Map Iterator] {  } [Set Iterator] {  } [Map Iterator] {  } Object [Array Iterator] {}\n",
    },
    "Console: an assertion's values are printed as they are": {
        "assert (errors)": """\
Assertion failed
Assertion failed: why not
Assertion failed { a: 1 }
Assertion failed
""",
    },
    "Node gives these to its own channel for warnings": {
        "count (errors)": "Warning: Count for 'never' does not exist\n",
        "time (errors)": """\
Warning: No such label 'never' for console.timeEnd()
Warning: No such label 'never' for console.timeLog()
Warning: Label 'twice' already exists for console.time()
""",
    },
}


def test_console_prints_what_node_prints():
    compare_sections((SCRIPTS / "console.js").read_text(encoding="utf-8"), "console", DIFFERENCES)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_console_prints_generated_values_as_node_does(seed):
    helpers, expressions = generated_values(seed, 1000)
    parts = "\n".join(
        f"console.log('## {number}'); console.log({expression});" for number, expression in enumerate(expressions)
    )
    compare_sections(f"{helpers}\n{parts}", "generated")
