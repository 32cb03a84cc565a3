// SPDX-License-Identifier: Apache-2.0
//
// Reads multipart/form-data.

import { getMultipartBoundary, parseMultipart } from "@remix-run/multipart-parser";
import { TextDecoder } from "../encoding.js";
import { createBlob, fileOf } from "./blob.js";
import { FormData } from "./form_data.js";

// The host bounds bodies; what is within its bounds is parsed.
const LIMITS = { maxHeaderSize: 65536, maxFileSize: Infinity, maxParts: Infinity, maxTotalSize: Infinity };

function unescapeName(name) {
  return name.replaceAll(/%0A/gi, "\n").replaceAll(/%0D/gi, "\r").replaceAll("%22", '"');
}

export function parseMultipartForm(bytes, contentType) {
  const boundary = getMultipartBoundary(contentType);
  if (boundary === null || boundary === "") {
    throw new TypeError("The body's Content-Type names no boundary");
  }
  if (bytes.byteLength === 0) {
    throw new TypeError("The body is empty");
  }
  const form = new FormData();
  for (const part of parseMultipart(bytes, { boundary, ...LIMITS })) {
    if (part.name === undefined) {
      throw new TypeError("A part of the body has no name");
    }
    const name = unescapeName(part.name);
    if (part.filename === undefined) {
      form.append(name, new TextDecoder("utf-8", { ignoreBOM: false }).decode(part.bytes));
    } else {
      const type = part.headers["content-type"] ?? "text/plain";
      form.append(name, fileOf(createBlob(part.bytes, type), unescapeName(part.filename)));
    }
  }
  return form;
}
