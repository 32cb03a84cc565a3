// SPDX-License-Identifier: Apache-2.0
//
// Dates as American English writes them, in UTC: for toLocaleString and Intl. What is asked for beyond this is
// refused, never ignored: a time in the wrong zone would look right.

import { refuseOthers } from "./format_number.js";
import { toDictionary } from "../web_idl.js";

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const ZONES = ["UTC", "ETC/UTC", "GMT", "ETC/GMT", "+00:00"];
const NUMBERS = ["numeric", "2-digit"];
const TEXTS = ["long", "short", "narrow"];
const STYLES = ["full", "long", "medium", "short"];

// The values of each option that are known here.
const OPTIONS = {
  weekday: TEXTS,
  year: NUMBERS,
  month: [...NUMBERS, ...TEXTS],
  day: NUMBERS,
  hour: NUMBERS,
  minute: NUMBERS,
  second: NUMBERS,
  timeZoneName: ["short", "long"],
  dateStyle: STYLES,
  timeStyle: STYLES,
  hourCycle: ["h12", "h23"],
  hour12: null,
  timeZone: null,
};
const DATE_FIELDS = ["weekday", "year", "month", "day"];
const TIME_FIELDS = ["hour", "minute", "second"];

const DATE_STYLES = {
  full: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  long: { year: "numeric", month: "long", day: "numeric" },
  medium: { year: "numeric", month: "short", day: "numeric" },
  short: { year: "2-digit", month: "numeric", day: "numeric" },
};
const TIME_STYLES = {
  full: { hour: "numeric", minute: "2-digit", second: "2-digit", timeZoneName: "long" },
  long: { hour: "numeric", minute: "2-digit", second: "2-digit", timeZoneName: "short" },
  medium: { hour: "numeric", minute: "2-digit", second: "2-digit" },
  short: { hour: "numeric", minute: "2-digit" },
};

const pad = (number) => String(number).padStart(2, "0");
const byForm = (number, form) => (form === "2-digit" ? pad(number) : String(number));
const byLength = (name, form) => (form === "long" ? name : name.slice(0, form === "short" ? 3 : 1));

// `required` and `defaults` are the standard's: "any", "date" or "time"; "all", "date" or "time".
export function readDateOptions(given, required, defaults) {
  const options = { ...toDictionary(given, "The options") };
  refuseOthers(options, Object.keys(OPTIONS), "toLocaleString");
  for (const [name, values] of Object.entries(OPTIONS)) {
    if (options[name] !== undefined && values !== null && !values.includes(`${options[name]}`)) {
      throw new RangeError(`toLocaleString has no ${name} "${options[name]}" here`);
    }
  }
  if (options.timeZone !== undefined && !ZONES.includes(`${options.timeZone}`.toUpperCase())) {
    throw new RangeError(`The time zone "${options.timeZone}" is not known here: all times are UTC`);
  }
  const isGiven = (name) => options[name] !== undefined;
  if (isGiven("dateStyle") || isGiven("timeStyle")) {
    return applyStyles(options, required);
  }
  const fields = [...(required === "time" ? [] : DATE_FIELDS), ...(required === "date" ? [] : TIME_FIELDS)];
  if (!fields.some(isGiven)) {
    const missing = [
      ...(defaults === "time" ? [] : ["year", "month", "day"]),
      ...(defaults === "date" ? [] : TIME_FIELDS),
    ];
    for (const name of missing) {
      options[name] = "numeric";
    }
  }
  return options;
}

function applyStyles(options, required) {
  const { dateStyle, timeStyle, timeZone, hour12, hourCycle, ...others } = options;
  if (Object.values(others).some((value) => value !== undefined)) {
    throw new TypeError("dateStyle and timeStyle go with no other fields");
  }
  if ((required === "date" && timeStyle !== undefined) || (required === "time" && dateStyle !== undefined)) {
    throw new TypeError("This style is for the other part");
  }
  return { ...DATE_STYLES[dateStyle], ...TIME_STYLES[timeStyle], dateStyle, hour12, hourCycle };
}

const literal = (value) => ({ type: "literal", value });

// The parts that are there, with a separator between each two.
function join(parts, separator) {
  return parts
    .filter((part) => part !== undefined)
    .flatMap((part, index) => (index === 0 ? [part] : [literal(separator), part]));
}

function partsOfDay(date, { year, month, day }) {
  const years = date.getUTCFullYear();
  const shownYear = years > 0 ? years : 1 - years;
  const yearPart = year && { type: "year", value: year === "2-digit" ? pad(shownYear % 100) : String(shownYear) };
  const dayPart = day && { type: "day", value: byForm(date.getUTCDate(), day) };
  if (month === undefined) {
    return yearPart && dayPart
      ? [yearPart, literal(" (day: "), dayPart, literal(")")]
      : join([yearPart ?? dayPart], "");
  }
  const number = date.getUTCMonth();
  if (NUMBERS.includes(month)) {
    return join([{ type: "month", value: byForm(number + 1, month) }, dayPart, yearPart], "/");
  }
  const parts = join([{ type: "month", value: byLength(MONTHS[number], month) }, dayPart], " ");
  return yearPart ? [...parts, literal(day === undefined ? " " : ", "), yearPart] : parts;
}

function partsOfDate(date, options) {
  const { weekday, month } = options;
  const rest = partsOfDay(date, options);
  if (weekday === undefined) {
    return rest;
  }
  const name = { type: "weekday", value: byLength(WEEKDAYS[date.getUTCDay()], weekday) };
  if (rest.length === 0) {
    return [name];
  }
  return month === undefined ? [...rest, literal(" "), name] : [name, literal(", "), ...rest];
}

function isTwelveHours({ hour12, hourCycle }) {
  return hour12 === undefined ? hourCycle !== "h23" : Boolean(hour12);
}

function formatHour(hours, options) {
  const { hour, hour12 } = options;
  if (isTwelveHours(options)) {
    return byForm(hours % 12 || 12, hour);
  }
  // With hour12: false, Node calls midnight 24.
  return pad(hours === 0 && hour12 !== undefined ? 24 : hours);
}

function partsOfTime(date, options) {
  const { hour, minute, second } = options;
  const several = [hour, minute, second].filter((form) => form !== undefined).length > 1;
  const part = (type, number) => ({ type, value: several ? pad(number) : String(number) });
  const hours = date.getUTCHours();
  const parts = join(
    [
      hour && { type: "hour", value: formatHour(hours, options) },
      minute && part("minute", date.getUTCMinutes()),
      second && part("second", date.getUTCSeconds()),
    ],
    ":",
  );
  const period = hour && isTwelveHours(options);
  return period ? [...parts, literal(" "), { type: "dayPeriod", value: hours < 12 ? "AM" : "PM" }] : parts;
}

function separatorOf({ weekday, year, month, day, dateStyle }) {
  const long = dateStyle === undefined ? month === "long" : dateStyle === "full" || dateStyle === "long";
  if (long) {
    return " at ";
  }
  return weekday !== undefined && month === undefined && day === undefined && year === undefined ? " " : ", ";
}

// As formatToParts has them. The options are those of readDateOptions; the date must be one.
export function partsOfDateTime(date, options) {
  const { timeZoneName } = options;
  const datePart = partsOfDate(date, options);
  const timePart = partsOfTime(date, options);
  const parts = [...datePart];
  if (datePart.length > 0 && timePart.length > 0) {
    parts.push(literal(separatorOf(options)));
  }
  parts.push(...timePart);
  if (timeZoneName !== undefined) {
    parts.push(literal(timePart.length === 0 ? ", " : " "));
    parts.push({ type: "timeZoneName", value: timeZoneName === "short" ? "UTC" : "Coordinated Universal Time" });
  }
  return parts;
}

export function formatDateTime(date, given, required, defaults) {
  const options = readDateOptions(given, required, defaults);
  if (Number.isNaN(date.getTime())) {
    return "Invalid Date";
  }
  return textOf(partsOfDateTime(date, options));
}

export function textOf(parts) {
  return parts.map(({ value }) => value).join("");
}
