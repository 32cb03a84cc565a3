// SPDX-License-Identifier: Apache-2.0
//
// What the constructors of Request and Response take for a body, beyond the strings and buffers that are C's business:
// https://fetch.spec.whatwg.org/#concept-bodyinit-extract

import { hooks, native } from "./native.js";
import { isReadableStream } from "./streams.js";

const { URLSearchParams } = globalThis;
const paramsToString = URLSearchParams.prototype.toString;
const paramsClass = native.classIdentifier(new URLSearchParams());

function isURLSearchParams(value) {
  return native.classIdentifier(value) === paramsClass;
}

const others = [];

// `extract` answers as extractBody does, for interfaces of parts.
export function registerBody(extract) {
  others.push(extract);
}

// undefined for what is none of these: that becomes a string.
export function extractBody(value) {
  if (isReadableStream(value)) {
    return { source: value, type: null, length: null };
  }
  for (const extract of others) {
    const body = extract(value);
    if (body !== undefined) {
      return body;
    }
  }
  if (isURLSearchParams(value)) {
    // Percent-encoded, so each character is a byte.
    const source = Reflect.apply(paramsToString, value, []);
    return { source, type: "application/x-www-form-urlencoded;charset=UTF-8", length: source.length };
  }
  return undefined;
}

hooks.extractBody = extractBody;
