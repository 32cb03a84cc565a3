# SPDX-License-Identifier: AGPL-3.0-only
"""structuredClone and message channels beside Node's."""

import pytest
from differential import compare, compare_sections, generated_values

DIFFERENCES = {
    "HTML: these are serializable; Node 20 clones their own properties": {
        "DOMException": '[true, "AbortError", "m", 20]',
        "a file": '[true, "n", 5, "text"]',
    },
    "HTML: any platform object that is not serializable is a DataCloneError": {
        "refused: a port that is not transferred": "throws DOMException DataCloneError",
        "refused inside: a port that is not transferred": "throws DOMException DataCloneError",
        "refused: a stream": "throws DOMException DataCloneError",
        "refused inside: a stream": "throws DOMException DataCloneError",
        "refused: an event": "throws DOMException DataCloneError",
        "refused inside: an event": "throws DOMException DataCloneError",
        "refused: a form": "throws DOMException DataCloneError",
        "refused inside: a form": "throws DOMException DataCloneError",
        "a detached buffer": "[DOMException DataCloneError, DOMException DataCloneError]",
        "what cannot be transferred": "[DOMException DataCloneError, DOMException DataCloneError, TypeError, TypeError]",
    },
    "HTML: a port that only has listeners waits for start(); Node starts it": {
        "messages wait for the start": "[0, [1]]",
    },
}


def test_clones_and_messages_are_as_in_node():
    compare("clone", DIFFERENCES)


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_generated_values_are_cloned_as_in_node(seed):
    """The clone is seen through the console, whose own test says that it prints as Node's."""
    helpers, expressions = generated_values(seed, 1000)
    parts = "\n".join(
        f"console.log('## {number}'); console.log(structuredClone({expression}));"
        for number, expression in enumerate(expressions)
    )
    compare_sections(f"{helpers}\n{parts}", "generated")
