// SPDX-License-Identifier: Apache-2.0
//
// Dates as American English writes them, in UTC: toLocaleString of dates without Intl. What is asked for beyond this is
// refused, never ignored: a time in the wrong zone would look right.

import { refuseOthers } from "./format_number.js";
import { toDictionary } from "./web_idl.js";

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
function readOptions(given, required, defaults) {
  const options = { ...toDictionary(given, "The options") };
  refuseOthers(options, Object.keys(OPTIONS), "toLocaleString");
  for (const [name, values] of Object.entries(OPTIONS)) {
    if (options[name] !== undefined && values !== null && !values.includes(`${options[name]}`)) {
      throw new RangeError(`toLocaleString has no ${name} "${options[name]}" here: there is no Intl`);
    }
  }
  if (options.timeZone !== undefined && !ZONES.includes(`${options.timeZone}`.toUpperCase())) {
    throw new RangeError(
      `The time zone "${options.timeZone}" is not known here: there is no Intl, and all times are UTC`,
    );
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

function formatDay(date, { year, month, day }) {
  const years = date.getUTCFullYear();
  const shownYear = years > 0 ? years : 1 - years;
  const parts = {
    year: year && (year === "2-digit" ? pad(shownYear % 100) : String(shownYear)),
    month: month && date.getUTCMonth(),
    day: day && byForm(date.getUTCDate(), day),
  };
  if (month === undefined) {
    return year !== undefined && day !== undefined
      ? `${parts.year} (day: ${parts.day})`
      : (parts.year ?? parts.day ?? "");
  }
  if (NUMBERS.includes(month)) {
    return [byForm(parts.month + 1, month), parts.day, parts.year].filter((part) => part !== undefined).join("/");
  }
  const text = [byLength(MONTHS[parts.month], month), parts.day].filter((part) => part !== undefined).join(" ");
  return year === undefined ? text : `${text}${day === undefined ? " " : ", "}${parts.year}`;
}

function formatDate(date, options) {
  const { weekday, month } = options;
  const rest = formatDay(date, options);
  if (weekday === undefined) {
    return rest;
  }
  const name = byLength(WEEKDAYS[date.getUTCDay()], weekday);
  if (rest === "") {
    return name;
  }
  return month === undefined ? `${rest} ${name}` : `${name}, ${rest}`;
}

function formatHour(date, { hour, minute, hour12, hourCycle }) {
  const hours = date.getUTCHours();
  const twelve = hour12 === undefined ? hourCycle !== "h23" : Boolean(hour12);
  if (twelve) {
    return { text: byForm(hours % 12 || 12, hour), suffix: hours < 12 ? " AM" : " PM" };
  }
  // With hour12: false, Node calls midnight 24.
  const shown = hours === 0 && hour12 !== undefined ? 24 : hours;
  return { text: minute === undefined ? byForm(shown, "2-digit") : pad(shown), suffix: "" };
}

function formatTime(date, options) {
  const { hour, minute, second } = options;
  const several = [hour, minute, second].filter((form) => form !== undefined).length > 1;
  const show = (number, form) => form && (several ? pad(number) : String(number));
  const { text, suffix } = hour === undefined ? { suffix: "" } : formatHour(date, options);
  const parts = [text, show(date.getUTCMinutes(), minute), show(date.getUTCSeconds(), second)];
  const shown = parts.filter((part) => part !== undefined).join(":");
  return shown + suffix;
}

export function formatDateTime(date, given, required, defaults) {
  const options = readOptions(given, required, defaults);
  if (Number.isNaN(date.getTime())) {
    return "Invalid Date";
  }
  const { weekday, month, day, timeZoneName, dateStyle } = options;
  const datePart = formatDate(date, options);
  const timePart = formatTime(date, options);
  const long = dateStyle === undefined ? month === "long" : dateStyle === "full" || dateStyle === "long";
  const onlyWeekday = weekday !== undefined && month === undefined && day === undefined && options.year === undefined;
  const between = long ? " at " : onlyWeekday ? " " : ", ";
  const text = [datePart, timePart].filter((part) => part !== "").join(between);
  if (timeZoneName === undefined) {
    return text;
  }
  return `${text}${timePart === "" ? ", " : " "}${timeZoneName === "short" ? "UTC" : "Coordinated Universal Time"}`;
}
