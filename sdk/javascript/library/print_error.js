// SPDX-License-Identifier: Apache-2.0
//
// Errors that nobody caught go where the console's go, with its indentation where there is one.

import { native } from "./native.js";

// Half a surrogate pair cannot be written as UTF-8.
let print = (text) => native.logWrite("error", text.toWellFormed());

// For the console, when that is there.
export function setErrorPrinter(printer) {
  print = printer;
}

export function printError(text) {
  print(text);
}
