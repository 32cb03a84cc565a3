// SPDX-License-Identifier: Apache-2.0
//
// console: https://console.spec.whatwg.org/, what it prints being Node's.

import { native } from "../native.js";
import { setErrorPrinter } from "../print_error.js";
import { onNextCall } from "../reset.js";
import { formatTable } from "./console_table.js";
import { formatWithOptions, inspect } from "./inspect_package.js";

const INDENTATION = 2;
const GROUP_LIMIT = 1000;

let groupIndentation = "";
const counts = new Map();
const timers = new Map();

// Half a surrogate pair cannot be written as UTF-8.
function write(level, text) {
  native.logWrite(level, (groupIndentation === "" ? text : indent(text)).toWellFormed());
}

function indent(text) {
  return groupIndentation + text.replaceAll("\n", `\n${groupIndentation}`);
}

function print(level, values) {
  // Most lines are one string.
  write(level, values.length === 1 && typeof values[0] === "string" ? values[0] : formatWithOptions({}, ...values));
}

function labelOf(label) {
  return `${label}`;
}

function elapsed(label, what) {
  const start = timers.get(label);
  if (start === undefined) {
    print("warn", [`Warning: No such label '${label}' for console.${what}()`]);
    return null;
  }
  return `${label}: ${formatTime(native.monotonicNow() - start)}`;
}

// Node's form: 1.5ms, 2.345s, 1:02.500 (m:ss.mmm).
function formatTime(milliseconds) {
  const pad = (number) => String(number).padStart(2, "0");
  const seconds = milliseconds / 1000;
  const minutes = seconds / 60;
  const hours = minutes / 60;
  if (hours >= 1) {
    return `${Math.floor(hours)}:${pad(Math.floor(minutes % 60))}:${pad(Math.floor(seconds % 60))} (h:mm:ss)`;
  }
  if (minutes >= 1) {
    return `${Math.floor(minutes)}:${(seconds % 60).toFixed(3).padStart(6, "0")} (m:ss.mmm)`;
  }
  return seconds >= 1 ? `${seconds.toFixed(3)}s` : `${Number(milliseconds.toFixed(3))}ms`;
}

const methods = {
  log(...values) {
    print("info", values);
  },
  warn(...values) {
    print("warn", values);
  },
  dir(value, options = undefined) {
    write("info", inspect(value, { customInspect: false, ...options }));
  },
  time(label = "default") {
    const name = labelOf(label);
    if (timers.has(name)) {
      print("warn", [`Warning: Label '${name}' already exists for console.time()`]);
      return;
    }
    timers.set(name, native.monotonicNow());
    native.resetAtNextCall();
  },
  timeEnd(label = "default") {
    const name = labelOf(label);
    const text = elapsed(name, "timeEnd");
    if (text !== null) {
      print("info", ["%s", text]);
      timers.delete(name);
    }
  },
  timeLog(label = "default", ...values) {
    const text = elapsed(labelOf(label), "timeLog");
    if (text !== null) {
      print("info", ["%s", text, ...values]);
    }
  },
  trace(...values) {
    const message = formatWithOptions({}, ...values);
    const frames = new Error().stack.replace(/^[^\n]*/, "");
    write("error", (message === "" ? "Trace" : `Trace: ${message}`) + frames);
  },
  assert(condition, ...values) {
    if (!condition) {
      if (typeof values[0] === "string") {
        print("warn", [`Assertion failed: ${values[0]}`, ...values.slice(1)]);
      } else {
        print("warn", ["Assertion failed", ...values]);
      }
    }
  },
  clear() {},
  count(label = "default") {
    const name = labelOf(label);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    native.resetAtNextCall();
    methods.log(`${name}: ${count}`);
  },
  countReset(label = "default") {
    const name = labelOf(label);
    if (!counts.delete(name)) {
      print("warn", [`Warning: Count for '${name}' does not exist`]);
    }
  },
  group(...values) {
    if (values.length > 0) {
      print("info", values);
    }
    native.resetAtNextCall();
    if (groupIndentation.length < GROUP_LIMIT) {
      groupIndentation += " ".repeat(INDENTATION);
    }
  },
  groupEnd() {
    groupIndentation = groupIndentation.slice(INDENTATION);
  },
  table(data, properties = undefined) {
    if (properties !== undefined && !Array.isArray(properties)) {
      throw new TypeError("The properties are not an array");
    }
    const text = formatTable(data, properties);
    if (text === null) {
      print("info", [data]);
    } else {
      write("info", text);
    }
  },
  debug(...values) {
    print("debug", values);
  },
  info(...values) {
    print("info", values);
  },
  dirxml(...values) {
    print("info", values);
  },
  error(...values) {
    print("error", values);
  },
  groupCollapsed(...values) {
    methods.group(...values);
  },
};

// A namespace object: its prototype is an empty object, its methods are plain functions that need no `this`.
export const console = Object.create({});
for (const [name, value] of Object.entries(methods)) {
  Object.defineProperty(console, name, { value, writable: true, enumerable: true, configurable: true });
}
Object.defineProperty(console, Symbol.toStringTag, { value: "console", configurable: true });

setErrorPrinter(methods.error);

// What one call grouped, counted or timed is not the next one's.
onNextCall(() => {
  if (groupIndentation !== "") {
    groupIndentation = "";
  }
  if (counts.size > 0) {
    counts.clear();
  }
  if (timers.size > 0) {
    timers.clear();
  }
});
