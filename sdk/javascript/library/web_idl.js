// SPDX-License-Identifier: Apache-2.0
//
// What Web IDL asks of every interface: the shape of its members, arguments that are there and converted, brands.

// Puts an interface on the global object.
export function defineInterface(name, constructor) {
  shapeInterface(name, constructor);
  define(globalThis, name, constructor);
}

// Makes its members enumerable. The name is given, since the bundler may rename a class that is called as a global is.
export function shapeInterface(name, constructor) {
  const { prototype } = constructor;
  Object.defineProperty(constructor, "name", { value: name, configurable: true });
  makeEnumerable(constructor, ["length", "name", "prototype"]);
  makeEnumerable(prototype, ["constructor"]);
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
}

function makeEnumerable(object, except) {
  for (const name of Object.getOwnPropertyNames(object)) {
    const property = Object.getOwnPropertyDescriptor(object, name);
    if (!except.includes(name) && property.configurable && !property.enumerable) {
      Object.defineProperty(object, name, { ...property, enumerable: true });
    }
  }
}

// A property as JavaScript's own built-ins have it: writable, configurable, not enumerated. The bundler drops names of
// function expressions, so a function is given its own here.
export function define(object, name, value) {
  nameFunction(value, name);
  Object.defineProperty(object, name, { value, writable: true, enumerable: false, configurable: true });
}

function nameFunction(value, name) {
  if (typeof value === "function" && value.name === "") {
    Object.defineProperty(value, "name", { value: name, configurable: true });
  }
}

// Constants stand on the interface and on its prototype.
export function defineConstants(constructor, constants) {
  for (const object of [constructor, constructor.prototype]) {
    for (const [name, value] of Object.entries(constants)) {
      Object.defineProperty(object, name, { value, enumerable: true });
    }
  }
}

// Functions and attributes of the global object: enumerated, unlike interfaces.
export function defineGlobalFunction(name, value) {
  nameFunction(value, name);
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable: true });
}

// A global attribute that scripts may replace by a value of their own.
export function defineReplaceableGlobal(name, get) {
  Object.defineProperty(globalThis, name, {
    get,
    set(value) {
      Object.defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable: true });
    },
    enumerable: true,
    configurable: true,
  });
}

export function requireArguments(given, wanted, what) {
  if (given < wanted) {
    throw new TypeError(
      `Failed to execute ${what}: ${wanted} argument${wanted === 1 ? "" : "s"} required, but only ${given} present`,
    );
  }
}

export function illegalConstructor() {
  return new TypeError("Illegal constructor");
}

// The default for arguments of constructors that only the library may call.
export const INTERNAL = Symbol("internal");

export function isObject(value) {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

// A dictionary argument: an object, or nothing.
export function toDictionary(value, what) {
  if (value === undefined || value === null) {
    return {};
  }
  if (!isObject(value)) {
    throw new TypeError(`${what} is not an object`);
  }
  return value;
}

// JavaScript's own conversion, which refuses symbols.
export function toDOMString(value) {
  return `${value}`;
}

export function toUSVString(value) {
  return `${value}`.toWellFormed();
}

// [Clamp] long long: to the nearest whole number, halves to the even one.
export function clampLongLong(value) {
  const number = Number(value);
  if (Number.isNaN(number)) {
    return 0;
  }
  const clamped = Math.min(Math.max(number, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  const floor = Math.floor(clamped);
  const half = clamped - floor === 0.5;
  return half ? floor + Math.abs(floor % 2) : Math.round(clamped);
}

// A sequence<T> argument.
export function toSequence(value, convert, what) {
  if (!isObject(value)) {
    throw new TypeError(`${what} is not iterable`);
  }
  const method = value[Symbol.iterator];
  if (typeof method !== "function") {
    throw new TypeError(`${what} is not iterable`);
  }
  const result = [];
  for (const item of { [Symbol.iterator]: () => Reflect.apply(method, value, []) }) {
    result.push(convert(item));
  }
  return result;
}
