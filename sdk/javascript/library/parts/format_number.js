// SPDX-License-Identifier: Apache-2.0
//
// Numbers as American English writes them: for toLocaleString and Intl. What is asked for beyond
// this is refused, never ignored.

import { toDictionary } from "../web_idl.js";

const DIGITS_MAX = 100;
const OPTIONS = [
  "style",
  "currency",
  "minimumFractionDigits",
  "maximumFractionDigits",
  "minimumIntegerDigits",
  "useGrouping",
];
const STYLES = ["decimal", "percent", "currency"];

// Symbols in American English; other currencies are written by their code.
const CURRENCY_SYMBOLS = {
  AUD: "A$",
  BRL: "R$",
  CAD: "CA$",
  CNY: "CN¥",
  EUR: "€",
  GBP: "£",
  HKD: "HK$",
  ILS: "₪",
  INR: "₹",
  JPY: "¥",
  KRW: "₩",
  MXN: "MX$",
  NZD: "NZ$",
  PHP: "₱",
  TWD: "NT$",
  USD: "$",
  VND: "₫",
};
// Currencies that are not written with two digits behind the point.
const CURRENCY_DIGITS = {
  0:
    "AFN ALL BIF CLP COP DJF GNF HUF IDR IQD IRR ISK JPY KMF KPW KRW LAK LBP MGA MMK PKR PYG RWF SLL SOS SYP UGX VND VUV " +
    "XAF XOF XPF YER",
  3: "BHD JOD KWD LYD OMR TND",
};
const NO_BREAK_SPACE = "\u00a0";

export function refuseOthers(options, known, what) {
  for (const name of Object.keys(options)) {
    if (!known.includes(name) && options[name] !== undefined) {
      throw new RangeError(`${what} has no option ${name} here`);
    }
  }
}

function digitsOption(value, name, least, fallback) {
  if (value === undefined) {
    return fallback;
  }
  const number = Math.floor(Number(value));
  if (!(number >= least && number <= DIGITS_MAX)) {
    throw new RangeError(`${name} is out of range`);
  }
  return number;
}

function digitsOfCurrency(currency) {
  const entry = Object.entries(CURRENCY_DIGITS).find(([, codes]) => codes.split(" ").includes(currency));
  return entry === undefined ? 2 : Number(entry[0]);
}

export function readNumberOptions(given) {
  const options = toDictionary(given, "The options");
  refuseOthers(options, OPTIONS, "toLocaleString");
  const { style = "decimal", useGrouping = true } = options;
  if (!STYLES.includes(style)) {
    throw new RangeError(`toLocaleString has no style "${style}" here`);
  }
  const currency = options.currency === undefined ? undefined : `${options.currency}`.toUpperCase();
  if (currency !== undefined && !/^[A-Z]{3}$/.test(currency)) {
    throw new RangeError(`"${options.currency}" is no currency`);
  }
  if (style === "currency" && currency === undefined) {
    throw new TypeError("The style currency needs a currency");
  }
  const digits = style === "currency" ? digitsOfCurrency(currency) : 0;
  const [leastDefault, mostDefault] = style === "decimal" ? [0, 3] : [digits, digits];
  const least = digitsOption(options.minimumFractionDigits, "minimumFractionDigits", 0, undefined);
  const most = digitsOption(options.maximumFractionDigits, "maximumFractionDigits", 0, undefined);
  if (least > most) {
    throw new RangeError("minimumFractionDigits is over maximumFractionDigits");
  }
  return {
    style,
    currency,
    grouping: useGrouping !== false && useGrouping !== "false",
    integerDigits: digitsOption(options.minimumIntegerDigits, "minimumIntegerDigits", 1, 1),
    least: least ?? Math.min(leastDefault, most ?? leastDefault),
    most: most ?? Math.max(mostDefault, least ?? 0),
  };
}

// The digits of the shortest decimal that is the number, and where in them the point is.
function decompose(value) {
  if (typeof value === "bigint") {
    const digits = String(value < 0n ? -value : value);
    return { digits, point: digits.length };
  }
  const [, digits, exponent] = /^([\d.]+)e([+-]\d+)$/.exec(Math.abs(value).toExponential());
  return { digits: digits.replace(".", ""), point: Number(exponent) + 1 };
}

// Rounds to `most` digits behind the point, halves away from zero; returns the digits before it and behind it.
function round({ digits, point }, most) {
  const kept = point + most;
  let scaled = 0n;
  if (kept >= 0) {
    const padded = digits.padEnd(kept + 1, "0");
    scaled = BigInt(padded.slice(0, kept) || "0") + (padded[kept] >= "5" ? 1n : 0n);
  }
  const text = String(scaled).padStart(most + 1, "0");
  return [text.slice(0, text.length - most), text.slice(text.length - most)];
}

function trimZeros(fraction, least) {
  let end = fraction.length;
  while (end > least && fraction[end - 1] === "0") {
    end--;
  }
  return fraction.slice(0, end);
}

function partsOfDigits(value, { style, most, least, grouping, integerDigits }) {
  if (Number.isNaN(value)) {
    return [{ type: "nan", value: "NaN" }];
  }
  if (value === Infinity || value === -Infinity) {
    return [{ type: "infinity", value: "∞" }];
  }
  const decomposed = decompose(value);
  const point = decomposed.point + (style === "percent" ? 2 : 0);
  const [integer, fraction] = round({ ...decomposed, point }, most);
  const padded = integer.padStart(integerDigits, "0");
  const groups = grouping ? padded.split(/(?=(?:\d{3})+$)/) : [padded];
  const parts = groups.flatMap((group, index) => [
    ...(index === 0 ? [] : [{ type: "group", value: "," }]),
    { type: "integer", value: group },
  ]);
  const behind = trimZeros(fraction, least);
  return behind === "" ? parts : [...parts, { type: "decimal", value: "." }, { type: "fraction", value: behind }];
}

// As formatToParts has them. The options are those of readNumberOptions.
export function partsOfNumber(value, options) {
  const { style, currency } = options;
  const digits = partsOfDigits(value, options);
  const sign = value < 0 || Object.is(value, -0) ? [{ type: "minusSign", value: "-" }] : [];
  if (style === "percent") {
    return [...sign, ...digits, { type: "percentSign", value: "%" }];
  }
  if (style === "currency") {
    const symbol = CURRENCY_SYMBOLS[currency];
    const apart = symbol === undefined && digits[0].type === "integer";
    const space = apart ? [{ type: "literal", value: NO_BREAK_SPACE }] : [];
    return [...sign, { type: "currency", value: symbol ?? currency }, ...space, ...digits];
  }
  return [...sign, ...digits];
}

export function formatNumber(value, given) {
  const parts = partsOfNumber(value, readNumberOptions(given));
  return parts.map((part) => part.value).join("");
}
