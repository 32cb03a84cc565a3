// SPDX-License-Identifier: Apache-2.0
//
// Parts of the library that most functions never touch (parts/, and bundle.mjs says which words load them): bytecode in the
// engine until somebody needs them.

import { hooks, native } from "./native.js";

const { defineProperty } = Object;
const loaded = new Map();
let share;
// The interfaces of parts, by part.
const lazyGlobals = new Map();

// `getModules` answers with what parts import of the library itself, which is given to them.
export function setShared(getModules) {
  share = getModules;
}

// What the part exports.
export function part(name) {
  let exports = loaded.get(name);
  if (exports === undefined) {
    const modules = share();
    exports = native.loadPart(name)((module) => modules[module]);
    loaded.set(name, exports);
  }
  return exports;
}

// A property of the global object that a part exports under the same name. It becomes an ordinary one when somebody asks
// for it.
export function defineLazily(name, partName, enumerable = false) {
  const place = (value) =>
    defineProperty(globalThis, name, { value, writable: true, enumerable, configurable: true });
  const get = () => {
    const value = part(partName)[name];
    place(value);
    return value;
  };
  defineProperty(globalThis, name, { get, set: place, enumerable, configurable: true });
  lazyGlobals.set(partName, [...(lazyGlobals.get(partName) ?? []), get]);
}

// Before a script is evaluated that names it.
hooks.loadPart = (name) => {
  part(name);
  for (const get of lazyGlobals.get(name) ?? []) {
    get();
  }
};
