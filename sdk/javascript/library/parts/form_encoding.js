// SPDX-License-Identifier: Apache-2.0
//
// Forms as bodies, both ways: multipart/form-data and application/x-www-form-urlencoded.

import { registerBody } from "../body.js";
import { TextDecoder, TextEncoder } from "../encoding.js";
import { interfaces } from "../interfaces.js";
import { native } from "../native.js";
import { blobPieces } from "./blob.js";
import { FormData, formEntries, isFormData } from "./form_data.js";
import { parseMultipartForm } from "./multipart_parser.js";

const { URLSearchParams } = interfaces;
const encoder = new TextEncoder();
const BOUNDARY_BYTES = 12;

function escapeName(name) {
  return name.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");
}

function normalizeNewlines(text) {
  return text.replaceAll(/\r\n|\r|\n/g, "\r\n");
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

// Uint8Arrays, and the type with the boundary that they have.
export function encodeMultipart(form) {
  const random = new Uint8Array(BOUNDARY_BYTES);
  native.randomFill(random);
  const boundary = `----formdata-fn0-${random.toHex()}`;
  const pieces = [];
  for (const [name, value] of formEntries(form)) {
    const disposition = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(normalizeNewlines(name))}"`;
    if (typeof value === "string") {
      pieces.push(encoder.encode(`${disposition}\r\n\r\n${normalizeNewlines(value)}\r\n`));
    } else {
      const type = value.type === "" ? "application/octet-stream" : value.type;
      pieces.push(
        encoder.encode(`${disposition}; filename="${escapeName(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`),
      );
      pieces.push(...blobPieces(value), encoder.encode("\r\n"));
    }
  }
  pieces.push(encoder.encode(`--${boundary}--\r\n`));
  return { pieces, type: `multipart/form-data; boundary=${boundary}` };
}

function parseUrlEncodedForm(bytes) {
  const form = new FormData();
  for (const [name, value] of new URLSearchParams(new TextDecoder().decode(bytes))) {
    form.append(name, value);
  }
  return form;
}

// Throws a TypeError for bodies that are no form, or a broken one.
export function parseFormData(bytes, contentType) {
  const essence = (contentType ?? "").split(";")[0].trim().toLowerCase();
  if (essence === "application/x-www-form-urlencoded") {
    return parseUrlEncodedForm(bytes);
  }
  if (essence !== "multipart/form-data") {
    throw new TypeError("The body's Content-Type is neither multipart/form-data nor application/x-www-form-urlencoded");
  }
  try {
    return parseMultipartForm(bytes, contentType);
  } catch (error) {
    throw error instanceof TypeError ? error : new TypeError(`The body is no form: ${error.message}`, { cause: error });
  }
}

registerBody((value) => {
  if (!isFormData(value)) {
    return undefined;
  }
  const { pieces, type } = encodeMultipart(value);
  const source = concatenate(pieces);
  return { source, type, length: source.byteLength };
});
