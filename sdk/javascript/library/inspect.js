// SPDX-License-Identifier: Apache-2.0
//
// Text of any value, as Node prints it.

import util from "node-inspect-extracted";
import { hooks } from "./native.js";

export const { inspect, formatWithOptions, getStringWidth } = util;

// For what interfaces print about themselves.
export const customInspect = Symbol.for("nodejs.util.inspect.custom");

// An error with its stack, causes and further properties; any other value as console.log shows it. Never throws.
export function describeError(value) {
  try {
    return inspect(value);
  } catch {
    return "an exception that cannot be described";
  }
}

hooks.describeError = describeError;
