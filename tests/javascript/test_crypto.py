# SPDX-License-Identifier: AGPL-3.0-only
"""crypto beside Node's."""

from differential import compare

DIFFERENCES = {
    "Web IDL refuses what is no view before the method runs": {
        "random values for [object Array] 0": "throws TypeError",
        "random values for [object Null] undefined": "throws TypeError",
        "random values for [object ArrayBuffer] undefined": "throws TypeError",
    },
    "Node takes base64 that is none, and keys whose numbers do not fit together": {
        "a JSON Web Key of HMAC": '[["secret", true, "[[\\"hash\\",{\\"name\\":\\"SHA-256\\"}],[\\"length\\",32],[\\"name\\",\\"HMAC\\"]]", ["sign"]], "AQIDBA==", [DOMException DataError, DOMException DataError, DOMException DataError, DOMException DataError, DOMException DataError, DOMException DataError, DOMException DataError]]',
        "a pair of RSA": '[["public", true, "[[\\"hash\\",{\\"name\\":\\"SHA-256\\"}],[\\"modulusLength\\",2048],[\\"name\\",\\"RSA-PSS\\"],[\\"publicExponent\\",{\\"0\\":1,\\"1\\":0,\\"2\\":1}]]", ["verify"]], ["private", true, "[[\\"hash\\",{\\"name\\":\\"SHA-256\\"}],[\\"modulusLength\\",2048],[\\"name\\",\\"RSA-PSS\\"],[\\"publicExponent\\",{\\"0\\":1,\\"1\\":0,\\"2\\":1}]]", ["sign"]], ["alg", "d", "dp", "dq", "e", "ext", "key_ops", "kty", "n", "p", "q", "qi"], true, DOMException DataError]',
    },
    "Node calls errors InvalidAccessException and Error": {
        "usages of HMAC": "[DOMException InvalidAccessError, DOMException InvalidAccessError, DOMException SyntaxError, DOMException SyntaxError, TypeError, DOMException DataError, DOMException NotSupportedError, TypeError, TypeError, DOMException NotSupportedError, TypeError, DOMException InvalidAccessError, TypeError, DOMException OperationError, DOMException SyntaxError]",
    },
    "Node refuses an iv of AES-GCM under 12 bytes": {
        "published vector of AES-GCM with 16, iv of 8": '["3612d2e79e3b0785561be14aaca2fccb", true]',
        "published vector of AES-GCM with 24, iv of 8": '["65dcc57fcf623a24094fcca40d3533f8", true]',
        "published vector of AES-GCM with 32, iv of 8": '["3a337dbf46a792c45e454913fe2ea8f2", true]',
    },
    "Node calls it InvalidAccessException": {
        "wrapping that is not allowed": "[DOMException InvalidAccessError, DOMException InvalidAccessError, DOMException OperationError, DOMException NotSupportedError]",
    },
}


def test_crypto_is_as_in_node():
    compare("crypto", DIFFERENCES)
