// SPDX-License-Identifier: Apache-2.0
//
// performance: the clock of https://w3c.github.io/hr-time/ and the marks of https://w3c.github.io/user-timing/.

import { DOMException } from "../dom_exception.js";
import { EventTarget } from "../event_target.js";
import { showFields } from "../inspection.js";
import { native } from "../native.js";
import { onNextCall } from "../reset.js";
import { INTERNAL, illegalConstructor, isObject, requireArguments, shapeInterface } from "../web_idl.js";

// When the engine's clock began, in wall time: found out at the first question of an instance, fixed from then on.
let timeOrigin = null;
let entries = [];

export class PerformanceEntry {
  #name;
  #startTime;
  #duration;

  constructor(key = undefined, name = undefined, startTime = 0, duration = 0) {
    if (key !== INTERNAL) {
      throw illegalConstructor();
    }
    this.#name = name;
    this.#startTime = startTime;
    this.#duration = duration;
  }

  get name() {
    return this.#name;
  }

  get entryType() {
    return this instanceof PerformanceMark ? "mark" : "measure";
  }

  get startTime() {
    return this.#startTime;
  }

  get duration() {
    return this.#duration;
  }

  toJSON() {
    const { name, entryType, startTime, duration } = this;
    return "detail" in this
      ? { name, entryType, startTime, duration, detail: this.detail }
      : { name, entryType, startTime, duration };
  }
}

export class PerformanceMark extends PerformanceEntry {
  #detail;

  constructor(name, options = undefined) {
    requireArguments(arguments.length, 1, "PerformanceMark constructor");
    const { detail = null, startTime = native.monotonicNow() } = options ?? {};
    const time = Number(startTime);
    if (!(time >= 0)) {
      throw new TypeError("A mark's startTime is a number from 0");
    }
    super(INTERNAL, `${name}`, time, 0);
    this.#detail = structuredClone(detail);
  }

  get detail() {
    return this.#detail;
  }
}

export class PerformanceMeasure extends PerformanceEntry {
  #detail;

  constructor(key = undefined, name = undefined, startTime = 0, duration = 0, detail = null) {
    super(key, name, startTime, duration);
    this.#detail = detail;
  }

  get detail() {
    return this.#detail;
  }
}

function timeOf(mark) {
  if (typeof mark === "number") {
    if (mark < 0) {
      throw new TypeError("A time is a number from 0");
    }
    return mark;
  }
  const found = entries.findLast((entry) => entry instanceof PerformanceMark && entry.name === `${mark}`);
  if (found === undefined) {
    throw new DOMException(`There is no mark '${mark}'`, "SyntaxError");
  }
  return found.startTime;
}

export class Performance extends EventTarget {
  constructor(key = undefined) {
    if (key !== INTERNAL) {
      throw illegalConstructor();
    }
    super();
  }

  now() {
    return native.monotonicNow();
  }

  get timeOrigin() {
    if (timeOrigin !== null) {
      return timeOrigin;
    }
    const origin = native.wallNow() - native.monotonicNow();
    if (!native.isSnapshotting()) {
      timeOrigin = origin;
    }
    return origin;
  }

  mark(name, options = undefined) {
    requireArguments(arguments.length, 1, "Performance.mark");
    const mark = new PerformanceMark(name, options);
    insert(mark);
    return mark;
  }

  measure(name, startOrOptions = undefined, end = undefined) {
    requireArguments(arguments.length, 1, "Performance.measure");
    const options = isObject(startOrOptions) ? startOrOptions : { start: startOrOptions, end };
    const { detail = null, duration } = options;
    const { start: from, end: to } = options;
    const endTime =
      to !== undefined
        ? timeOf(to)
        : from !== undefined && duration !== undefined
          ? timeOf(from) + Number(duration)
          : native.monotonicNow();
    const startTime =
      from !== undefined ? timeOf(from) : duration !== undefined && to !== undefined ? endTime - Number(duration) : 0;
    const measure = new PerformanceMeasure(
      INTERNAL,
      `${name}`,
      startTime,
      endTime - startTime,
      structuredClone(detail),
    );
    insert(measure);
    return measure;
  }

  clearMarks(name = undefined) {
    clear(PerformanceMark, name);
  }

  clearMeasures(name = undefined) {
    clear(PerformanceMeasure, name);
  }

  getEntries() {
    return [...entries];
  }

  getEntriesByType(type) {
    requireArguments(arguments.length, 1, "Performance.getEntriesByType");
    return entries.filter((entry) => entry.entryType === `${type}`);
  }

  getEntriesByName(name, type = undefined) {
    requireArguments(arguments.length, 1, "Performance.getEntriesByName");
    return entries.filter((entry) => entry.name === `${name}` && (type === undefined || entry.entryType === `${type}`));
  }

  toJSON() {
    return { timeOrigin: this.timeOrigin };
  }
}

// In the order of their times.
function insert(entry) {
  const index = entries.findLastIndex((one) => one.startTime <= entry.startTime);
  entries.splice(index + 1, 0, entry);
  native.resetAtNextCall();
}

function clear(kind, name) {
  entries = entries.filter((entry) => !(entry instanceof kind) || (name !== undefined && entry.name !== `${name}`));
}

for (const [name, constructor] of Object.entries({
  PerformanceEntry,
  PerformanceMark,
  PerformanceMeasure,
  Performance,
})) {
  shapeInterface(name, constructor);
}
for (const constructor of [PerformanceEntry, PerformanceMeasure, Performance]) {
  Object.defineProperty(constructor, "length", { value: 0, configurable: true });
}

const MARK = ["name", "entryType", "startTime", "duration", "detail"];
showFields("Performance", Performance, ["timeOrigin"]);
showFields("PerformanceMark", PerformanceMark, MARK);
showFields("PerformanceMeasure", PerformanceMeasure, MARK);

export const performance = new Performance(INTERNAL);

onNextCall(() => {
  if (entries.length > 0) {
    entries = [];
  }
});
