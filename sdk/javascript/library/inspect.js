// SPDX-License-Identifier: Apache-2.0
//
// Text of any value, as Node prints it: a part.

import { classOf } from "./brand.js";
import { customInspect } from "./inspection.js";
import { hooks } from "./native.js";
import { part } from "./part.js";

export const inspect = (value, options) => part("inspect").inspect(value, options);

const PLAIN_KEYS = ["stack", "message"];

// Of most errors Node shows the stack and nothing more, for which the part is not needed; null for other values. (The part
// takes several milliseconds where the script does not name it, and errors are what such a script does not expect.)
function stackOfPlainError(value) {
  if (classOf(value) !== "Error" || customInspect in value || Symbol.toStringTag in value) {
    return null;
  }
  const prototype = Object.getPrototypeOf(value);
  const { name, stack } = value;
  const isPlain =
    Reflect.ownKeys(value).every((key) => PLAIN_KEYS.includes(key)) &&
    prototype !== null &&
    Object.hasOwn(prototype, "constructor") &&
    prototype.constructor.name === name &&
    typeof stack === "string" &&
    stack.startsWith(name) &&
    stack.includes("\n    at ");
  return isPlain ? stack : null;
}

// An error with its stack, causes and further properties; any other value as console.log shows it. Never throws.
export function describeError(value) {
  try {
    return stackOfPlainError(value) ?? inspect(value);
  } catch {
    return "an exception that cannot be described";
  }
}

hooks.describeError = describeError;
hooks.errorPage = (error, request) => part("inspect").errorPage(error, request);
