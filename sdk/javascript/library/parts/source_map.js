// SPDX-License-Identifier: Apache-2.0
//
// Places and lines of the author's own files, by the source map.

import { TraceMap, originalPositionFor, sourceContentFor } from "@jridgewell/trace-mapping";
import { sourceMapText } from "../error_stack.js";

let map;
let mapText = null;

function currentMap() {
  const text = sourceMapText();
  if (text !== mapText) {
    map = new TraceMap(text);
    mapText = text;
  }
  return map;
}

// "file:line:column", or null. Throws where the map cannot be read.
export function originalPlace(line, column) {
  const original = originalPositionFor(currentMap(), { line, column: column - 1 });
  return original.source === null ? null : `${original.source}:${original.line}:${original.column + 1}`;
}

// The lines of a file as the source map has them; null where it doesn't.
export function sourceLines(file) {
  try {
    return sourceContentFor(currentMap(), file)?.split("\n") ?? null;
  } catch {
    return null;
  }
}
