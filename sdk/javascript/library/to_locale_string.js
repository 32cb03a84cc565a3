// SPDX-License-Identifier: Apache-2.0
//
// toLocaleString and its kin, in American English whatever locale is asked for: no other is known here.

import { formatDateTime } from "./format_date.js";
import { formatNumber } from "./format_number.js";
import { canonicalLocales } from "./intl.js";
import { define } from "./web_idl.js";

const { valueOf: numberOf } = Number.prototype;
const { valueOf: bigIntOf } = BigInt.prototype;

const numberMethods = {
  toLocaleString() {
    canonicalLocales(arguments[0]);
    return formatNumber(Reflect.apply(numberOf, this, []), arguments[1]);
  },
};
const bigIntMethods = {
  toLocaleString() {
    canonicalLocales(arguments[0]);
    return formatNumber(Reflect.apply(bigIntOf, this, []), arguments[1]);
  },
};
const dateMethods = {
  toLocaleString() {
    canonicalLocales(arguments[0]);
    return formatDateTime(this, arguments[1], "any", "all");
  },
  toLocaleDateString() {
    canonicalLocales(arguments[0]);
    return formatDateTime(this, arguments[1], "date", "date");
  },
  toLocaleTimeString() {
    canonicalLocales(arguments[0]);
    return formatDateTime(this, arguments[1], "time", "time");
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
