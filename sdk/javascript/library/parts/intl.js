// SPDX-License-Identifier: Apache-2.0
//
// Intl as far as American English and UTC go: https://tc39.es/ecma402/. Other locales fall back to en-US, as the standard
// has it for locales that are not known; options that need more data are refused, never ignored.

import { partsOfDateTime, readDateOptions, textOf } from "./format_date.js";
import { partsOfNumber, readNumberOptions, refuseOthers } from "./format_number.js";
import { define, isObject, toDictionary } from "../web_idl.js";

const LOCALE = "en-US";
const TAG =
  /^[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-wyz\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?$/i;

function canonicalTag(tag) {
  if (!TAG.test(tag)) {
    throw new RangeError(`Incorrect locale information provided: "${tag}"`);
  }
  const [language, ...rest] = tag.toLowerCase().split("-");
  let ended = false;
  const subtags = rest.map((subtag) => {
    ended ||= subtag.length === 1;
    if (!ended && subtag.length === 4 && /^[a-z]/.test(subtag)) {
      return subtag[0].toUpperCase() + subtag.slice(1);
    }
    return !ended && subtag.length === 2 ? subtag.toUpperCase() : subtag;
  });
  return [language, ...subtags].join("-");
}

export function canonicalLocales(locales) {
  if (locales === undefined) {
    return [];
  }
  if (typeof locales === "string") {
    return [canonicalTag(locales)];
  }
  if (locales === null) {
    throw new TypeError("The locales are null");
  }
  const tags = Array.from(Object(locales), (locale) => {
    if (typeof locale !== "string" && !isObject(locale)) {
      throw new TypeError("A locale is a string");
    }
    return canonicalTag(`${locale}`);
  });
  return [...new Set(tags)];
}

// English as it is written in America.
function isKnown(tag) {
  return /^en(?:-US)?(?:-[a-z]-.*)?$/.test(tag);
}

function choose(options, name, values, fallback) {
  const value = options[name] === undefined ? fallback : `${options[name]}`;
  if (!values.includes(value)) {
    throw new RangeError(`The option ${name} cannot be "${value}" here`);
  }
  return value;
}

function withoutMatcher(options) {
  const { localeMatcher, ...others } = toDictionary(options, "The options");
  if (localeMatcher !== undefined) {
    choose({ localeMatcher }, "localeMatcher", ["lookup", "best fit"]);
  }
  return others;
}

class NumberFormat {
  #options;
  #format = null;

  constructor(locales = undefined, options = undefined) {
    canonicalLocales(locales);
    this.#options = readNumberOptions(withoutMatcher(options));
  }

  get format() {
    this.#format ??= bound((value) => textOf(partsOfNumber(toNumeric(value), this.#options)));
    return this.#format;
  }

  formatToParts(value) {
    return partsOfNumber(toNumeric(value), this.#options);
  }

  resolvedOptions() {
    const { style, currency, integerDigits, least, most, grouping } = this.#options;
    return {
      locale: LOCALE,
      numberingSystem: "latn",
      style,
      ...(style === "currency" ? { currency, currencyDisplay: "symbol", currencySign: "standard" } : {}),
      minimumIntegerDigits: integerDigits,
      minimumFractionDigits: least,
      maximumFractionDigits: most,
      useGrouping: grouping ? "auto" : false,
      notation: "standard",
      signDisplay: "auto",
      roundingIncrement: 1,
      roundingMode: "halfExpand",
      roundingPriority: "auto",
      trailingZeroDisplay: "auto",
    };
  }
}

// A decimal in a string is a number too; the engine's conversion is near enough.
function toNumeric(value) {
  return typeof value === "bigint" ? value : Number(value);
}

// The getters `format` give functions without a name that stay with their object.
function bound(call) {
  Object.defineProperty(call, "name", { value: "" });
  return call;
}

const RESOLVED_FIELDS = ["weekday", "year", "month", "day", "hour", "minute", "second", "timeZoneName"];

class DateTimeFormat {
  #options;
  #styles;
  #format = null;

  constructor(locales = undefined, options = undefined) {
    canonicalLocales(locales);
    const given = withoutMatcher(options);
    this.#options = readDateOptions(given, "any", "date");
    this.#styles = { dateStyle: given.dateStyle, timeStyle: given.timeStyle };
  }

  get format() {
    this.#format ??= bound((date) => textOf(partsOfDateTime(toDate(date), this.#options)));
    return this.#format;
  }

  formatToParts(date) {
    return partsOfDateTime(toDate(date), this.#options);
  }

  resolvedOptions() {
    const { hour, hour12, hourCycle } = this.#options;
    const resolved = { locale: LOCALE, calendar: "gregory", numberingSystem: "latn", timeZone: "UTC" };
    if (hour !== undefined) {
      const twelve = hour12 === undefined ? hourCycle !== "h23" : Boolean(hour12);
      resolved.hourCycle = twelve ? "h12" : hour12 === undefined ? "h23" : "h24";
      resolved.hour12 = twelve;
    }
    const styled = Object.values(this.#styles).some((style) => style !== undefined);
    for (const [name, value] of Object.entries(styled ? this.#styles : this.#options)) {
      if (value !== undefined && (styled || RESOLVED_FIELDS.includes(name))) {
        resolved[name] = value;
      }
    }
    return resolved;
  }
}

function toDate(value) {
  const date = value === undefined ? new Date() : new Date(Number(value));
  if (Number.isNaN(date.getTime())) {
    throw new RangeError("Invalid time value");
  }
  return date;
}

const ORDINALS = { 1: "one", 2: "two", 3: "few" };

class PluralRules {
  #type;

  constructor(locales = undefined, options = undefined) {
    canonicalLocales(locales);
    const given = withoutMatcher(options);
    refuseOthers(given, ["type"], "PluralRules");
    this.#type = choose(given, "type", ["cardinal", "ordinal"], "cardinal");
  }

  select(value) {
    const number = Math.abs(Number(value));
    if (this.#type === "cardinal") {
      return number === 1 ? "one" : "other";
    }
    const teen = number % 100 >= 11 && number % 100 <= 13;
    return (teen ? undefined : ORDINALS[number % 10]) ?? "other";
  }

  resolvedOptions() {
    return {
      locale: LOCALE,
      type: this.#type,
      minimumIntegerDigits: 1,
      minimumFractionDigits: 0,
      maximumFractionDigits: 3,
      pluralCategories: this.#type === "cardinal" ? ["one", "other"] : ["few", "one", "two", "other"],
      roundingIncrement: 1,
      roundingMode: "halfExpand",
      roundingPriority: "auto",
      trailingZeroDisplay: "auto",
    };
  }
}

// By type and style: between the last of several, between the only two, between the others.
const LISTS = {
  conjunction: { long: [", and ", " and ", ", "], short: [", & ", " & ", ", "], narrow: [", ", ", ", ", "] },
  disjunction: { long: [", or ", " or ", ", "], short: [", or ", " or ", ", "], narrow: [", or ", " or ", ", "] },
  unit: { long: [", ", ", ", ", "], short: [", ", ", ", ", "], narrow: [" ", " ", " "] },
};

class ListFormat {
  #type;
  #style;

  constructor(locales = undefined, options = undefined) {
    canonicalLocales(locales);
    const given = withoutMatcher(options);
    this.#type = choose(given, "type", Object.keys(LISTS), "conjunction");
    this.#style = choose(given, "style", ["long", "short", "narrow"], "long");
  }

  formatToParts(list) {
    const items = Array.from(list ?? [], (item) => {
      if (typeof item !== "string") {
        throw new TypeError("A list is made of strings");
      }
      return item;
    });
    const [last, pair, other] = LISTS[this.#type][this.#style];
    return items.flatMap((value, index) => {
      const element = { type: "element", value };
      if (index === 0) {
        return [element];
      }
      const isLast = index === items.length - 1;
      return [{ type: "literal", value: items.length === 2 ? pair : isLast ? last : other }, element];
    });
  }

  format(list) {
    return textOf(this.formatToParts(list));
  }

  resolvedOptions() {
    return { locale: LOCALE, type: this.#type, style: this.#style };
  }
}

// Short and narrow forms of the units.
const UNITS = {
  second: ["sec.", "s"],
  minute: ["min.", "m"],
  hour: ["hr.", "h"],
  day: ["day", "d"],
  week: ["wk.", "w"],
  month: ["mo.", "mo"],
  quarter: ["qtr.", "q"],
  year: ["yr.", "y"],
};
const DAYS = { "-1": "yesterday", 0: "today", 1: "tomorrow" };
const NEIGHBOURS = { "-1": "last", 0: "this", 1: "next" };

class RelativeTimeFormat {
  #style;
  #numeric;

  constructor(locales = undefined, options = undefined) {
    canonicalLocales(locales);
    const given = withoutMatcher(options);
    refuseOthers(given, ["style", "numeric"], "RelativeTimeFormat");
    this.#style = choose(given, "style", ["long", "short", "narrow"], "long");
    this.#numeric = choose(given, "numeric", ["always", "auto"], "always");
  }

  format(value, unit) {
    const number = Number(value);
    if (!Number.isFinite(number)) {
      throw new RangeError("The value is not finite");
    }
    const name = `${unit}`.replace(/s$/, "");
    if (!Object.hasOwn(UNITS, name)) {
      throw new RangeError(`"${unit}" is no unit of time`);
    }
    const word = this.#numeric === "auto" ? this.#wordFor(number, name) : null;
    if (word !== null) {
      return word;
    }
    const amount = textOf(partsOfNumber(Math.abs(number), readNumberOptions({})));
    const text = this.#amountOf(amount, number, name);
    return number < 0 || Object.is(number, -0) ? `${text} ago` : `in ${text}`;
  }

  #amountOf(amount, number, name) {
    const plural = Math.abs(number) !== 1;
    if (this.#style === "long") {
      return `${amount} ${name}${plural ? "s" : ""}`;
    }
    const [short, narrow] = UNITS[name];
    if (this.#style === "narrow") {
      return `${amount}${narrow}`;
    }
    return `${amount} ${plural && (name === "day" || name === "quarter") ? short.replace(/\.?$/, (end) => `s${end}`) : short}`;
  }

  #wordFor(number, name) {
    const known = number === 0 || number === 1 || number === -1;
    if (name === "second") {
      return number === 0 ? "now" : null;
    }
    if (name === "day") {
      return known ? DAYS[number] : null;
    }
    if (!known || ((name === "minute" || name === "hour") && number !== 0)) {
      return null;
    }
    const word = this.#style === "long" || name === "minute" || name === "hour" ? name : UNITS[name][0];
    return `${NEIGHBOURS[number]} ${word}`;
  }

  resolvedOptions() {
    return { locale: LOCALE, style: this.#style, numeric: this.#numeric, numberingSystem: "latn" };
  }
}

export const Intl = {};
Object.defineProperty(Intl, Symbol.toStringTag, { value: "Intl", configurable: true });
define(Intl, "getCanonicalLocales", (locales) => canonicalLocales(locales));

// NumberFormat and DateTimeFormat may be called without new.
const CALLABLE = { NumberFormat, DateTimeFormat };
const constructors = { NumberFormat, DateTimeFormat, PluralRules, ListFormat, RelativeTimeFormat };
for (const [name, kind] of Object.entries(constructors)) {
  let constructor = kind;
  if (name in CALLABLE) {
    constructor = function (locales = undefined, options = undefined) {
      return Reflect.construct(kind, [locales, options], new.target ?? constructor);
    };
    constructor.prototype = kind.prototype;
    Object.defineProperty(constructor, "prototype", { writable: false });
    define(constructor.prototype, "constructor", constructor);
  }
  Object.defineProperty(constructor, "name", { value: name, configurable: true });
  Object.defineProperty(constructor, "length", { value: 0, configurable: true });
  Object.defineProperty(constructor.prototype, Symbol.toStringTag, { value: `Intl.${name}`, configurable: true });
  define(constructor, "supportedLocalesOf", (locales) => canonicalLocales(locales).filter(isKnown));
  define(Intl, name, constructor);
}

export * from "./locale_string.js";
