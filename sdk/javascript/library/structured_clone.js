// SPDX-License-Identifier: Apache-2.0
//
// structuredClone, and MessageChannel, which clones: a part.

import { defineLazily, part } from "./part.js";
import { defineGlobalFunction, requireArguments } from "./web_idl.js";

defineGlobalFunction("structuredClone", function structuredClone(value, options = undefined) {
  requireArguments(arguments.length, 1, "structuredClone");
  const { cloneWithTransfer, toTransferList } = part("clone");
  return cloneWithTransfer(value, toTransferList(options)).clone;
});
defineLazily("MessageChannel", "clone");
defineLazily("MessagePort", "clone");
