// SPDX-License-Identifier: Apache-2.0
//
// structuredClone: https://html.spec.whatwg.org/multipage/structured-data.html. There is one realm, so a value is cloned
// in one pass, without a serialized form between.

import { classOf, isTypedArray } from "../brand.js";
import { cloneable, refused, registerCloneable, transferable } from "../cloneable.js";
import { DOMException, isDOMException } from "../dom_exception.js";
import { native } from "../native.js";
import { INTERNAL, isObject, toDictionary, toSequence } from "../web_idl.js";

const ERROR_NAMES = ["EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"];
const { propertyIsEnumerable } = Object.prototype;
const TypedArray = Object.getPrototypeOf(Uint8Array);
const getter = (constructor, name) => Object.getOwnPropertyDescriptor(constructor.prototype, name).get;
const typedArrayName = getter(TypedArray, Symbol.toStringTag);
const typedArrayLength = getter(TypedArray, "length");
const typedArrayBuffer = getter(TypedArray, "buffer");
const typedArrayOffset = getter(TypedArray, "byteOffset");
const bufferDetached = getter(ArrayBuffer, "detached");
const { forEach: forEachOfMap } = Map.prototype;
const { forEach: forEachOfSet } = Set.prototype;

registerCloneable(isDOMException, cloneDOMException);

function refuse(value) {
  let text;
  if (typeof value === "function" || typeof value === "symbol") {
    text = String(value);
  } else {
    const name = classOf(value) === "Object" ? value?.constructor?.name : (classOf(value) ?? value?.constructor?.name);
    text = `#<${typeof name === "string" && name !== "" ? name : "Object"}>`;
  }
  return new DOMException(`${text} could not be cloned.`, "DataCloneError");
}

function cloneDOMException(exception) {
  const clone = new DOMException(exception.message, exception.name);
  clone.stack = exception.stack;
  return clone;
}

// `seen`: objects to their clones, so that what is shared or cyclic stays so. Plain objects and arrays in one another are
// gone through without recursion, as deep as they may be; in the order in which the standard reads properties.
function cloneValue(root, seen) {
  const open = [];
  const result = enter(root, seen, open);
  while (open.length > 0) {
    const current = open[open.length - 1];
    if (current.index === current.keys.length) {
      open.pop();
      continue;
    }
    const key = current.keys[current.index++];
    // A getter may have removed it meanwhile.
    if (Reflect.apply(propertyIsEnumerable, current.value, [key])) {
      createProperty(current.clone, key, enter(current.value[key], seen, open));
    }
  }
  return result;
}

// The clone of a value; what is to be filled is put on top of `open`.
function enter(value, seen, open) {
  if (!isObject(value)) {
    if (typeof value === "symbol") {
      throw refuse(value);
    }
    return value;
  }
  const present = seen.get(value);
  if (present !== undefined) {
    return present;
  }
  const name = classOf(value);
  if (name === "Array") {
    const clone = [];
    clone.length = value.length;
    return fill(value, clone, seen, open);
  }
  if (name === "Object") {
    const prototype = Object.getPrototypeOf(value);
    const known = prototype === Object.prototype || prototype === null ? null : cloneInterface(value, seen);
    return known ?? fill(value, {}, seen, open);
  }
  if (isTypedArray(value)) {
    return remember(seen, value, cloneTypedArray(value, seen));
  }
  const clone = cloners[name];
  if (clone === undefined) {
    throw refuse(value);
  }
  return clone(value, seen);
}

function fill(value, clone, seen, open) {
  open.push({ value, clone, keys: Object.keys(value), index: 0 });
  return remember(seen, value, clone);
}

function remember(seen, value, clone) {
  seen.set(value, clone);
  return clone;
}

function createProperty(object, key, value) {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}

// A plain object, or what the engine takes for one: the clone if it is one of the interfaces, null if it is none.
function cloneInterface(value, seen) {
  for (const [isOne, clone] of cloneable) {
    if (isOne(value)) {
      return remember(seen, value, clone(value));
    }
  }
  if (refused.some((isOne) => isOne(value))) {
    throw refuse(value);
  }
  return null;
}

function cloneArrayBuffer(buffer, seen) {
  if (Reflect.apply(bufferDetached, buffer, [])) {
    throw new DOMException("An ArrayBuffer is detached and could not be cloned.", "DataCloneError");
  }
  const clone = new ArrayBuffer(buffer.byteLength, buffer.resizable ? { maxByteLength: buffer.maxByteLength } : {});
  new Uint8Array(clone).set(new Uint8Array(buffer));
  return remember(seen, buffer, clone);
}

function cloneTypedArray(view, seen) {
  const buffer = Reflect.apply(typedArrayBuffer, view, []);
  const constructor = globalThis[Reflect.apply(typedArrayName, view, [])];
  const clone = cloneValue(buffer, seen);
  return new constructor(clone, Reflect.apply(typedArrayOffset, view, []), Reflect.apply(typedArrayLength, view, []));
}

function cloneError(error, seen) {
  if (isDOMException(error)) {
    return remember(seen, error, cloneDOMException(error));
  }
  const name = String(error.name);
  const message = Object.getOwnPropertyDescriptor(error, "message");
  const constructor = ERROR_NAMES.includes(name) ? globalThis[name] : Error;
  const clone = remember(seen, error, new constructor());
  clone.stack = String(error.stack);
  if (message !== undefined && "value" in message) {
    Object.defineProperty(clone, "message", { value: String(message.value), writable: true, configurable: true });
  }
  if (Object.hasOwn(error, "cause")) {
    const cause = cloneValue(error.cause, seen);
    Object.defineProperty(clone, "cause", { value: cause, writable: true, configurable: true });
  }
  return clone;
}

function cloneMap(map, seen) {
  const clone = remember(seen, map, new Map());
  const entries = [];
  Reflect.apply(forEachOfMap, map, [(value, key) => entries.push([key, value])]);
  for (const [key, value] of entries) {
    clone.set(cloneValue(key, seen), cloneValue(value, seen));
  }
  return clone;
}

function cloneSet(set, seen) {
  const clone = remember(seen, set, new Set());
  const values = [];
  Reflect.apply(forEachOfSet, set, [(value) => values.push(value)]);
  for (const value of values) {
    clone.add(cloneValue(value, seen));
  }
  return clone;
}

function boxCloner(constructor) {
  const { valueOf } = constructor.prototype;
  return (box, seen) => remember(seen, box, Object(Reflect.apply(valueOf, box, [])));
}

const dateValue = Date.prototype.getTime;
const regExpSource = getter(RegExp, "source");
const regExpFlags = getter(RegExp, "flags");
const viewBuffer = getter(DataView, "buffer");
const viewOffset = getter(DataView, "byteOffset");
const viewLength = getter(DataView, "byteLength");

// By class in the engine; what is not here has internal slots that cannot be cloned.
const cloners = {
  ArrayBuffer: cloneArrayBuffer,
  BigInt: boxCloner(BigInt),
  Boolean: boxCloner(Boolean),
  DataView(view, seen) {
    const buffer = cloneValue(Reflect.apply(viewBuffer, view, []), seen);
    const clone = new DataView(buffer, Reflect.apply(viewOffset, view, []), Reflect.apply(viewLength, view, []));
    return remember(seen, view, clone);
  },
  Date: (date, seen) => remember(seen, date, new Date(Reflect.apply(dateValue, date, []))),
  Error: cloneError,
  Map: cloneMap,
  Number: boxCloner(Number),
  RegExp(expression, seen) {
    const clone = new RegExp(Reflect.apply(regExpSource, expression, []), Reflect.apply(regExpFlags, expression, []));
    return remember(seen, expression, clone);
  },
  Set: cloneSet,
  SharedArrayBuffer: (buffer) => buffer,
  String: boxCloner(String),
};

function checkTransfer(list) {
  const seen = new Set();
  for (const item of list) {
    const isBuffer = classOf(item) === "ArrayBuffer";
    const kind = isBuffer ? undefined : transferable.find(([isOne]) => isOne(item));
    if (!isBuffer && kind === undefined) {
      throw new DOMException("A value in the transfer list could not be transferred.", "DataCloneError");
    }
    if (seen.has(item)) {
      throw new DOMException("The transfer list contains a value twice.", "DataCloneError");
    }
    if (isBuffer && Reflect.apply(bufferDetached, item, [])) {
      throw new DOMException("An ArrayBuffer is detached and could not be transferred.", "DataCloneError");
    }
    kind?.[1](item);
    seen.add(item);
  }
}

// Clones a value; what the list names is transferred. Returns the clone and what the transferred became.
export function cloneWithTransfer(value, list) {
  const seen = new Map();
  if (list.length === 0) {
    return { clone: cloneValue(value, seen), transferred: [] };
  }
  checkTransfer(list);
  // Whatever the cloning below throws, nothing is transferred: so buffers are copied first and detached at the end.
  const others = list.filter((item) => classOf(item) !== "ArrayBuffer");
  const placeholders = others.map((item) => remember(seen, item, transferable.find(([isOne]) => isOne(item))[2](item)));
  const clone = cloneValue(value, seen);
  const transferred = list.map((item) => cloneValue(item, seen));
  for (const [index, item] of others.entries()) {
    placeholders[index][INTERNAL](item);
  }
  for (const item of list) {
    if (classOf(item) === "ArrayBuffer") {
      native.detachArrayBuffer(item);
    }
  }
  return { clone, transferred };
}

export function toTransferList(options) {
  const { transfer } = toDictionary(options, "The options");
  return transfer === undefined ? [] : toSequence(transfer, (item) => item, "The transfer list");
}
