// SPDX-License-Identifier: Apache-2.0

import { hooks } from "./native.js";
import { makeSlot } from "./slot.js";
import { defineConstants, defineInterface, isObject, toDOMString } from "./web_idl.js";

// The names that have a legacy code, at the index of the code; the gaps are names that are gone.
const LEGACY = [
  null,
  ["IndexSizeError", "INDEX_SIZE_ERR"],
  [null, "DOMSTRING_SIZE_ERR"],
  ["HierarchyRequestError", "HIERARCHY_REQUEST_ERR"],
  ["WrongDocumentError", "WRONG_DOCUMENT_ERR"],
  ["InvalidCharacterError", "INVALID_CHARACTER_ERR"],
  [null, "NO_DATA_ALLOWED_ERR"],
  ["NoModificationAllowedError", "NO_MODIFICATION_ALLOWED_ERR"],
  ["NotFoundError", "NOT_FOUND_ERR"],
  ["NotSupportedError", "NOT_SUPPORTED_ERR"],
  ["InUseAttributeError", "INUSE_ATTRIBUTE_ERR"],
  ["InvalidStateError", "INVALID_STATE_ERR"],
  ["SyntaxError", "SYNTAX_ERR"],
  ["InvalidModificationError", "INVALID_MODIFICATION_ERR"],
  ["NamespaceError", "NAMESPACE_ERR"],
  ["InvalidAccessError", "INVALID_ACCESS_ERR"],
  [null, "VALIDATION_ERR"],
  ["TypeMismatchError", "TYPE_MISMATCH_ERR"],
  ["SecurityError", "SECURITY_ERR"],
  ["NetworkError", "NETWORK_ERR"],
  ["AbortError", "ABORT_ERR"],
  ["URLMismatchError", "URL_MISMATCH_ERR"],
  ["QuotaExceededError", "QUOTA_EXCEEDED_ERR"],
  ["TimeoutError", "TIMEOUT_ERR"],
  ["InvalidNodeTypeError", "INVALID_NODE_TYPE_ERR"],
  ["DataCloneError", "DATA_CLONE_ERR"],
];

const codes = new Map();
const constants = {};
for (const [code, entry] of LEGACY.entries()) {
  if (entry !== null) {
    constants[entry[1]] = code;
    if (entry[0] !== null) {
      codes.set(entry[0], code);
    }
  }
}

const State = makeSlot();

// An exception is an error to the engine too: it has a stack, and inspection shows it as one. So it starts as an Error.
export class DOMException {
  constructor(message = "", options = "Error") {
    const state = { message: toDOMString(message), name: "Error" };
    const exception = Reflect.construct(Error, [], new.target);
    if (isObject(options)) {
      if (options.name !== undefined) {
        state.name = toDOMString(options.name);
      }
      if ("cause" in options) {
        Object.defineProperty(exception, "cause", { value: options.cause, writable: true, configurable: true });
      }
    } else {
      state.name = toDOMString(options);
    }
    new State(exception, state);
    return exception;
  }

  get name() {
    return State.get(this).name;
  }

  get message() {
    return State.get(this).message;
  }

  get code() {
    return codes.get(State.get(this).name) ?? 0;
  }
}

Object.setPrototypeOf(DOMException.prototype, Error.prototype);
defineInterface("DOMException", DOMException);
defineConstants(DOMException, constants);

export function isDOMException(value) {
  return State.has(value);
}

export function domException(name, message) {
  return new DOMException(message, name);
}

hooks.createDOMException = (message, name) => domException(name, message);
