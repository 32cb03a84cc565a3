// SPDX-License-Identifier: Apache-2.0
//
// What an object is, by its class in the engine: neither prototypes nor Symbol.toStringTag can deceive these.

import { native } from "./native.js";

const { classIdentifier } = native;

const samples = {
  Arguments: (function () {
    "use strict";
    return arguments;
  })(),
  MappedArguments: Function("return arguments")(),
  Array: [],
  ArrayBuffer: new ArrayBuffer(0),
  AsyncFunction: async () => {},
  AsyncGenerator: (async function* () {})(),
  AsyncGeneratorFunction: async function* () {},
  BigInt: Object(0n),
  Boolean: Object(false),
  DataView: new DataView(new ArrayBuffer(0)),
  Date: new Date(0),
  Error: new Error(),
  Generator: (function* () {})(),
  GeneratorFunction: function* () {},
  Map: new Map(),
  MapIterator: new Map().keys(),
  Number: Object(0),
  Object: {},
  Promise: Promise.resolve(),
  RegExp: /x/,
  Set: new Set(),
  SetIterator: new Set().keys(),
  SharedArrayBuffer: typeof SharedArrayBuffer === "function" ? new SharedArrayBuffer(0) : null,
  String: Object(""),
  Symbol: Object(Symbol()),
  WeakMap: new WeakMap(),
  WeakRef: new WeakRef({}),
  WeakSet: new WeakSet(),
};

const names = new Map();
for (const [name, sample] of Object.entries(samples)) {
  if (sample !== null) {
    names.set(classIdentifier(sample), name);
  }
}
const TypedArray = Object.getPrototypeOf(Uint8Array);
for (const name of Object.getOwnPropertyNames(globalThis)) {
  if (typeof globalThis[name] === "function" && Object.getPrototypeOf(globalThis[name]) === TypedArray) {
    names.set(classIdentifier(new globalThis[name](0)), name);
  }
}
const typedArrays = new Set(
  [...names].filter(([, name]) => /^[A-Z].*\dC?.*Array$/.test(name)).map(([identifier]) => identifier),
);

// The name of the object's class ("Map", "Uint8Array", …), undefined for classes that have nothing to show.
export function classOf(value) {
  return names.get(classIdentifier(value));
}

export function isTypedArray(value) {
  return typedArrays.has(classIdentifier(value));
}

export function isBufferSource(value) {
  const name = classOf(value);
  return name === "ArrayBuffer" || name === "DataView" || isTypedArray(value);
}
