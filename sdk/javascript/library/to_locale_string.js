// SPDX-License-Identifier: Apache-2.0
//
// Intl, and toLocaleString and its kin, are a part.

import { defineLazily, part } from "./part.js";
import { define } from "./web_idl.js";

const { apply } = Reflect;
const format = (name, value, values) => apply(part("intl")[name], value, values);

const numberMethods = {
  toLocaleString() {
    return format("numberToLocaleString", this, arguments);
  },
};
const bigIntMethods = {
  toLocaleString() {
    return format("bigIntToLocaleString", this, arguments);
  },
};
const dateMethods = {
  toLocaleString() {
    return format("dateToLocaleString", this, arguments);
  },
  toLocaleDateString() {
    return format("dateToLocaleDateString", this, arguments);
  },
  toLocaleTimeString() {
    return format("dateToLocaleTimeString", this, arguments);
  },
};

for (const [constructor, methods] of [
  [Number, numberMethods],
  [BigInt, bigIntMethods],
  [Date, dateMethods],
]) {
  for (const [name, method] of Object.entries(methods)) {
    define(constructor.prototype, name, method);
  }
}

defineLazily("Intl", "intl");
