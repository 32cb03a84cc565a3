// SPDX-License-Identifier: Apache-2.0
//
// The package that inspects values asks these what they are, in place of its own guesses: what Node asks V8.
// bundle.mjs puts the call of `replace` into the package.

import { classOf, isTypedArray } from "../brand.js";
import { native } from "../native.js";

const PENDING = Symbol("pending");
const REJECTED = Symbol("rejected");
const ONLY_ENUMERABLE = 2;
const BOXED = ["Number", "String", "Boolean", "BigInt", "Symbol"];

const is =
  (...wanted) =>
  (value) =>
    wanted.includes(classOf(value));

const types = {
  isAnyArrayBuffer: is("ArrayBuffer", "SharedArrayBuffer"),
  isArgumentsObject: is("Arguments", "MappedArguments"),
  isArrayBuffer: is("ArrayBuffer"),
  isAsyncFunction: is("AsyncFunction", "AsyncGeneratorFunction"),
  isBigIntObject: is("BigInt"),
  isBooleanObject: is("Boolean"),
  isBoxedPrimitive: is(...BOXED),
  isDataView: is("DataView"),
  isDate: is("Date"),
  isExternal: () => false,
  isGeneratorFunction: is("GeneratorFunction", "AsyncGeneratorFunction"),
  isGeneratorObject: is("Generator", "AsyncGenerator"),
  isMap: is("Map"),
  isMapIterator: is("MapIterator"),
  isModuleNamespaceObject: (value) => classOf(value) === undefined && value?.[Symbol.toStringTag] === "Module",
  isNativeError: is("Error"),
  isNumberObject: is("Number"),
  isPromise: is("Promise"),
  isRegExp: is("RegExp"),
  isSet: is("Set"),
  isSetIterator: is("SetIterator"),
  isStringObject: is("String"),
  isSymbolObject: is("Symbol"),
  isTypedArray,
  isWeakMap: is("WeakMap"),
  isWeakSet: is("WeakSet"),
};

function getOwnNonIndexProperties(object, filter) {
  const keys = filter === ONLY_ENUMERABLE ? Object.keys(object) : Object.getOwnPropertyNames(object);
  // Index properties come first, in ascending order.
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isIndex(keys[middle])) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const symbols = Object.getOwnPropertySymbols(object);
  const enumerable = Object.prototype.propertyIsEnumerable;
  return keys
    .slice(low)
    .concat(symbols.filter((symbol) => filter !== ONLY_ENUMERABLE || Reflect.apply(enumerable, object, [symbol])));
}

function isIndex(key) {
  const number = key >>> 0;
  return String(number) === key && number < 2 ** 32 - 1;
}

const util = {
  constants: { kPending: PENDING, kRejected: REJECTED, ALL_PROPERTIES: 0, ONLY_ENUMERABLE },
  getOwnNonIndexProperties,
  getPromiseDetails(promise) {
    const [state, value] = native.promiseState(promise);
    return [state === "pending" ? PENDING : state === "rejected" ? REJECTED : state, value];
  },
  getProxyDetails(value, whole = true) {
    const details = native.proxyDetails(value);
    return details === undefined || whole ? details : details[0];
  },
  Proxy,
  previewEntries: () => [[], false],
  getConstructorName(value) {
    const name = classOf(value) ?? "Object";
    return name === "MappedArguments" || name === "Arguments" ? "Object" : name;
  },
  getExternalValue: () => 0n,
};

// modules: the package's own, by number.
export function replace(modules, numbers) {
  const put = (number, exports) => {
    modules[number] = (module) => {
      module.exports = exports;
    };
  };
  put(numbers.types, types);
  put(numbers.util, util);
  // Only asked whether a value is an instance of it.
  put(numbers.url, { [Symbol.hasInstance]: () => false });
}
