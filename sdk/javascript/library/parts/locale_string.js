// SPDX-License-Identifier: Apache-2.0
//
// toLocaleString and its kin, in American English whatever locale is asked for: no other is known here. `this` is the
// value.

import { formatDateTime } from "./format_date.js";
import { formatNumber } from "./format_number.js";
import { canonicalLocales } from "./intl.js";

const { valueOf: numberOf } = Number.prototype;
const { valueOf: bigIntOf } = BigInt.prototype;

export function numberToLocaleString(locales, options) {
  canonicalLocales(locales);
  return formatNumber(Reflect.apply(numberOf, this, []), options);
}

export function bigIntToLocaleString(locales, options) {
  canonicalLocales(locales);
  return formatNumber(Reflect.apply(bigIntOf, this, []), options);
}

export function dateToLocaleString(locales, options) {
  canonicalLocales(locales);
  return formatDateTime(this, options, "any", "all");
}

export function dateToLocaleDateString(locales, options) {
  canonicalLocales(locales);
  return formatDateTime(this, options, "date", "date");
}

export function dateToLocaleTimeString(locales, options) {
  canonicalLocales(locales);
  return formatDateTime(this, options, "time", "time");
}
