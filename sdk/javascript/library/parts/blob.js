// SPDX-License-Identifier: Apache-2.0
//
// Blob and File of https://w3c.github.io/FileAPI/. A blob's bytes are kept as the pieces it was made of; slices share them.

import { registerBody } from "../body.js";
import { classOf, isBufferSource, isTypedArray } from "../brand.js";
import { registerCloneable } from "../cloneable.js";
import { TextDecoder, TextEncoder } from "../encoding.js";
import { showFields } from "../inspection.js";
import { native } from "../native.js";
import { createBodyStream } from "../streams.js";
import {
  INTERNAL,
  clampLongLong,
  isObject,
  requireArguments,
  shapeInterface,
  toDictionary,
  toSequence,
  toUSVString,
} from "../web_idl.js";

const encoder = new TextEncoder();
const STREAM_CHUNK = 65536;

export class Blob {
  // Uint8Arrays that nobody else can write to, none of them empty.
  #pieces;
  #size;
  #type;

  constructor(parts = undefined, options = undefined) {
    if (parts === INTERNAL) {
      this.#set(options.pieces, options.type);
      return;
    }
    const sources = parts === undefined ? [] : toSequence(parts, toPart, "The first argument");
    const { endings = "transparent", type = "" } = toDictionary(options, "The options");
    if (`${endings}` !== "transparent" && `${endings}` !== "native") {
      throw new TypeError(`"${endings}" is neither "transparent" nor "native"`);
    }
    const newlines = `${endings}` === "native";
    const pieces = sources.flatMap((part) => toPieces(part, newlines));
    this.#set(pieces, normalizeType(`${type}`));
  }

  #set(pieces, type) {
    this.#pieces = pieces.filter((piece) => piece.byteLength > 0);
    this.#size = this.#pieces.reduce((size, piece) => size + piece.byteLength, 0);
    this.#type = type;
  }

  get size() {
    return this.#size;
  }

  get type() {
    return this.#type;
  }

  slice(start = 0, end = this.#size, contentType = "") {
    const from = clampTo(start, this.#size);
    const to = Math.max(clampTo(end, this.#size), from);
    const pieces = [];
    let offset = 0;
    for (const piece of this.#pieces) {
      pieces.push(piece.subarray(Math.max(from - offset, 0), Math.max(Math.min(to - offset, piece.byteLength), 0)));
      offset += piece.byteLength;
    }
    return new Blob(INTERNAL, { pieces, type: normalizeType(`${contentType}`) });
  }

  stream() {
    const pieces = this.#pieces;
    let index = 0;
    let offset = 0;
    return createBodyStream(async () => {
      if (index === pieces.length) {
        return null;
      }
      const chunk = pieces[index].slice(offset, offset + STREAM_CHUNK);
      offset += chunk.byteLength;
      if (offset === pieces[index].byteLength) {
        index++;
        offset = 0;
      }
      return chunk;
    });
  }

  async text() {
    return new TextDecoder().decode(this.#join());
  }

  async arrayBuffer() {
    return this.#join().buffer;
  }

  async bytes() {
    return this.#join();
  }

  #join() {
    const bytes = new Uint8Array(this.#size);
    let offset = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, offset);
      offset += piece.byteLength;
    }
    return bytes;
  }

  static [INTERNAL] = {
    isBlob: (value) => isObject(value) && #pieces in value,
    pieces: (blob) => blob.#pieces,
    join: (blob) => blob.#join(),
  };
}

const internals = Blob[INTERNAL];
delete Blob[INTERNAL];
Object.defineProperty(Blob.prototype.slice, "length", { value: 0, configurable: true });
shapeInterface("Blob", Blob);
showFields("Blob", Blob, ["size", "type"]);

export const { isBlob, join: blobBytes, pieces: blobPieces } = internals;

function toPart(part) {
  return isBlob(part) || isBufferSource(part) ? part : toUSVString(part);
}

function toPieces(part, newlines) {
  if (typeof part === "string") {
    return [encoder.encode(newlines ? part.replaceAll(/\r\n?|\n/g, "\n") : part)];
  }
  return isBlob(part) ? internals.pieces(part) : [copyBytes(part)];
}

function copyBytes(source) {
  if (classOf(source) === "ArrayBuffer") {
    return new Uint8Array(source).slice();
  }
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();
}

// Only printable ASCII makes a type, in lower case.
function normalizeType(type) {
  return /[^\x20-\x7e]/.test(type) ? "" : type.toLowerCase();
}

function clampTo(position, size) {
  const number = clampLongLong(position);
  return number < 0 ? Math.max(size + number, 0) : Math.min(number, size);
}

export class File extends Blob {
  #name;
  #lastModified;

  constructor(parts, name, options = undefined) {
    if (parts === INTERNAL) {
      super(INTERNAL, name);
      this.#name = name.name;
      this.#lastModified = name.lastModified;
      return;
    }
    requireArguments(arguments.length, 2, "File constructor");
    if (parts === undefined) {
      throw new TypeError("The first argument is not iterable");
    }
    super(parts, options);
    this.#name = toUSVString(name);
    const { lastModified } = toDictionary(options, "The options");
    this.#lastModified = lastModified === undefined ? Math.trunc(native.wallNow()) : toLongLong(lastModified);
  }

  get name() {
    return this.#name;
  }

  get lastModified() {
    return this.#lastModified;
  }

  static [INTERNAL] = {
    isFile: (value) => isObject(value) && #name in value,
  };
}

export const { isFile } = File[INTERNAL];
delete File[INTERNAL];
shapeInterface("File", File);
showFields("File", File, ["size", "type", "name", "lastModified"]);

function toLongLong(value) {
  const number = Number(value);
  return Number.isFinite(number) ? Number(BigInt.asIntN(64, BigInt(Math.trunc(number)))) : 0;
}

// The same bytes under another name or type, none of them copied.
export function fileOf(blob, name, lastModified = isFile(blob) ? blob.lastModified : Math.trunc(native.wallNow())) {
  return new File(INTERNAL, { pieces: internals.pieces(blob), type: blob.type, name, lastModified });
}

function cloneBlob(blob) {
  const { type } = blob;
  const pieces = internals.pieces(blob);
  return isFile(blob)
    ? new File(INTERNAL, { pieces, type, name: blob.name, lastModified: blob.lastModified })
    : new Blob(INTERNAL, { pieces, type });
}

// Takes the bytes over.
export function createBlob(bytes, type) {
  return new Blob(INTERNAL, { pieces: [bytes], type: normalizeType(type) });
}

registerCloneable(isBlob, cloneBlob);
registerBody((value) =>
  isBlob(value)
    ? { source: blobBytes(value), type: value.type === "" ? null : value.type, length: value.size }
    : undefined,
);
