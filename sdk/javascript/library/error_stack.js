// SPDX-License-Identifier: Apache-2.0
//
// error.stack as authors know it: a first line with name and message, then frames, in the lines of the author's own
// files. The engine keeps the frames alone ("    at f (main.js:3:5)"); all else is made when the property is read, so
// that an error which nobody looks at costs nothing.

import { hooks } from "./native.js";
import { part } from "./part.js";
import { define } from "./web_idl.js";

// What the engine calls the library's own script; frames in it tell an author nothing.
const LIBRARY = /(?:^|\/)library\.js$/;
const FRAME = /^    at (?:(.*) \()?([^()]*?)(?::(\d+):(\d+))?\)?$/;

const engine = Object.getOwnPropertyDescriptor(Error.prototype, "stack");
const engineCapture = Error.captureStackTrace;

let mapText = null;

hooks.setSourceMap = (json) => {
  mapText = json;
};

// The author's source map as it came; null where there is none.
export const sourceMapText = () => mapText;

function originalOf(line, column) {
  if (mapText === null) {
    return null;
  }
  try {
    return part("source_map").originalPlace(line, column);
  } catch {
    // A map that cannot be read must not hide the error that is being described.
    mapText = null;
    return null;
  }
}

// The lines of a file of the author's as the source map has them; null where it doesn't.
export const sourceLines = (file) => part("source_map").sourceLines(file);

// A frame's line of a completed stack, taken apart; null for any other line.
export function placeOfFrame(line) {
  const [, name = "", file, row, column] = FRAME.exec(line) ?? [];
  if (file === undefined) {
    return null;
  }
  return { name, file, row: Number(row), place: row === undefined ? file : `${file}:${row}:${column}` };
}

function describeFrame({ line, name, file, row, column }) {
  if (row === undefined) {
    return line;
  }
  const place = originalOf(Number(row), Number(column)) ?? `${file}:${row}:${column}`;
  return name === undefined || name === "<anonymous>" || name === "<eval>"
    ? `    at ${place}`
    : `    at ${name} (${place})`;
}

// Without the frames of the library, and of built-in functions that it called.
function describeFrames(text) {
  const frames = [];
  for (const line of text.split("\n")) {
    const [, name, file, row, column] = FRAME.exec(line) ?? [];
    if (file !== undefined && LIBRARY.test(file)) {
      while (frames.at(-1)?.file === "native") {
        frames.pop();
      }
    } else if (line !== "") {
      frames.push({ line, name, file, row, column });
    }
  }
  // An error of the library's own making, seen by nobody but who works on it.
  return frames.length === 0 ? text.split("\n").filter((line) => line !== "") : frames.map(describeFrame);
}

const { toString } = Error.prototype;

function describeHead(error) {
  try {
    return Reflect.apply(toString, error, []);
  } catch {
    return "Error";
  }
}

// What the engine kept, completed; anything that Error.prepareStackTrace of the script made stays as it is.
function complete(error, frames) {
  if (typeof frames !== "string" || (frames !== "" && !frames.startsWith("    at "))) {
    return frames;
  }
  return [describeHead(error), ...describeFrames(frames)].join("\n");
}

function setStack(error, value) {
  Object.defineProperty(error, "stack", { value, writable: true, enumerable: false, configurable: true });
}

// One object's own accessors, so that the functions have the names that accessors have.
const accessors = {
  get stack() {
    return complete(this, Reflect.apply(engine.get, this, []));
  },
  set stack(value) {
    setStack(this, value);
  },
};
Object.defineProperty(Error.prototype, "stack", {
  ...Object.getOwnPropertyDescriptor(accessors, "stack"),
  enumerable: false,
  configurable: true,
});

define(Error, "captureStackTrace", function captureStackTrace(object, upTo = captureStackTrace) {
  engineCapture(object, typeof upTo === "function" ? upTo : captureStackTrace);
  const { value } = Object.getOwnPropertyDescriptor(object, "stack");
  Object.defineProperty(object, "stack", {
    get: () => complete(object, value),
    set: (replacement) => setStack(object, replacement),
    enumerable: false,
    configurable: true,
  });
});
