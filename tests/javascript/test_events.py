# SPDX-License-Identifier: AGPL-3.0-only
"""Events, abort signals and DOMException beside Node's."""

from differential import compare

DIFFERENCES = {
    "Web IDL: every attribute and operation is enumerable": {
        "AbortSignal.reason": '"enumerable configurable get reason without setter"',
        "AbortSignal.throwIfAborted": '"enumerable writable configurable function throwIfAborted/0"',
        "AbortSignal.abort (static)": '"enumerable writable configurable function abort/0"',
        "AbortSignal.timeout (static)": '"enumerable writable configurable function timeout/1"',
        "AbortSignal.any (static)": '"enumerable writable configurable function any/1"',
    },
    "Web IDL: constants stand on the prototype too": {
        "constants": "[0, 2, 3]",
        "Event.NONE": '"enumerable number"',
        "Event.CAPTURING_PHASE": '"enumerable number"',
        "Event.AT_TARGET": '"enumerable number"',
        "Event.BUBBLING_PHASE": '"enumerable number"',
    },
    "Node's is not an interface of Web IDL's": {
        "interface MessageEvent": '[1, "MessageEvent", "Event", TypeError]',
        "MessageEvent.data": '"enumerable configurable get data without setter"',
        "MessageEvent.origin": '"enumerable configurable get origin without setter"',
        "MessageEvent.lastEventId": '"enumerable configurable get lastEventId without setter"',
        "MessageEvent.source": '"enumerable configurable get source without setter"',
        "MessageEvent.ports": '"enumerable configurable get ports without setter"',
        "MessageEvent.Symbol(Symbol.toStringTag)": '"configurable string"',
    },
    "the DOM standard has it, Node 20 does not": {
        "Event.returnValue": '"enumerable configurable get returnValue set returnValue"',
        "CustomEvent.initCustomEvent": '"enumerable writable configurable function initCustomEvent/1"',
        "passive listeners prevent nothing": "true",
        "an event that is dispatched twice": "DOMException InvalidStateError",
        "a timeout out of range": "[TypeError, TypeError]",
        "onabort takes functions alone": "[null, true]",
        "AbortSignal.any": '["why", "why", ["any", true, "nested", true]]',
    },
}


def test_events_are_as_in_node():
    compare("events", DIFFERENCES)
