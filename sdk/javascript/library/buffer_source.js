// SPDX-License-Identifier: Apache-2.0
//
// What is handed in as bytes.

// Taken now: what is signed or encrypted must not depend on what a script replaces later.
const getter = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get;
const viewGetters = (prototype) => ["buffer", "byteOffset", "byteLength"].map((name) => getter(prototype, name));
const byteLengthOf = getter(ArrayBuffer.prototype, "byteLength");
const dataViewGetters = viewGetters(DataView.prototype);
const { prototype: typedArrayPrototype } = Object.getPrototypeOf(Uint8Array);
const typedArrayGetters = viewGetters(typedArrayPrototype);
const typedArrayName = getter(typedArrayPrototype, Symbol.toStringTag);
const { isView } = ArrayBuffer;

// A BufferSource as a Uint8Array of the same memory.
export function toBytes(value, what) {
  if (isView(value)) {
    const getters = Reflect.apply(typedArrayName, value, []) === undefined ? dataViewGetters : typedArrayGetters;
    return new Uint8Array(...getters.map((get) => Reflect.apply(get, value, [])));
  }
  try {
    Reflect.apply(byteLengthOf, value, []);
  } catch {
    throw new TypeError(`${what} is not an ArrayBuffer or a view of one`);
  }
  return new Uint8Array(value);
}

export function copyBytes(value, what) {
  return toBytes(value, what).slice();
}
