// SPDX-License-Identifier: Apache-2.0
//
// What the constructors of Request and Response take for a body, beyond the strings and buffers that are C's business:
// https://fetch.spec.whatwg.org/#concept-bodyinit-extract

import { blobBytes, isBlob } from "./blob.js";
import { isFormData } from "./form_data.js";
import { encodeMultipart } from "./form_encoding.js";
import { hooks, native } from "./native.js";
import { isReadableStream } from "./streams.js";

const { URLSearchParams } = globalThis;
const paramsToString = URLSearchParams.prototype.toString;
const paramsClass = native.classIdentifier(new URLSearchParams());

function isURLSearchParams(value) {
  return native.classIdentifier(value) === paramsClass;
}

function concatenate(pieces) {
  const bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.byteLength, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.byteLength;
  }
  return bytes;
}

// undefined for what is none of these: that becomes a string.
export function extractBody(value) {
  if (isReadableStream(value)) {
    return { source: value, type: null, length: null };
  }
  if (isBlob(value)) {
    return { source: blobBytes(value), type: value.type === "" ? null : value.type, length: value.size };
  }
  if (isFormData(value)) {
    const { pieces, type } = encodeMultipart(value);
    const source = concatenate(pieces);
    return { source, type, length: source.byteLength };
  }
  if (isURLSearchParams(value)) {
    // Percent-encoded, so each character is a byte.
    const source = Reflect.apply(paramsToString, value, []);
    return { source, type: "application/x-www-form-urlencoded;charset=UTF-8", length: source.length };
  }
  return undefined;
}

hooks.extractBody = extractBody;
