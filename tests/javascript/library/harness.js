// SPDX-License-Identifier: AGPL-3.0-only
//
// Put in front of every script here, in Node and in the engine alike. Each case prints a line of JSON: its name, and what
// came out of it as text that does not depend on how either of them prints things.

// Node ends when nothing but an abort signal's timer is left. Ended behind the script.
const alive = setInterval(() => {}, 1000);

// Objects seen on the way down, to show cycles.
function show(value, seen = []) {
  if (typeof value === "string") {
    return JSON.stringify(value);
  }
  if (typeof value === "bigint") {
    return `${value}n`;
  }
  if (Object.is(value, -0)) {
    return "-0";
  }
  if (typeof value === "function") {
    return `function ${value.name}`;
  }
  if (typeof value !== "object" || value === null) {
    return String(value);
  }
  if (seen.includes(value)) {
    return `cycle ${seen.indexOf(value)}`;
  }
  const inside = [...seen, value];
  if (value instanceof DOMException) {
    return `DOMException ${value.name}`;
  }
  if (value instanceof Error) {
    return value.name;
  }
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item, index) => (index in value ? show(item, inside) : "hole")).join(", ")}]`;
  }
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name}@${value.byteOffset}(${bytes.join(" ")})`;
  }
  if (value instanceof ArrayBuffer) {
    return `ArrayBuffer(${new Uint8Array(value).join(" ")})`;
  }
  if (value instanceof Map || value instanceof Set) {
    return `${value.constructor.name}(${[...value].map((item) => show(item, inside)).join(", ")})`;
  }
  if (value instanceof Date) {
    return `Date(${value.getTime()})`;
  }
  if (value instanceof RegExp) {
    return `RegExp(${value})`;
  }
  const fields = Object.keys(value).map((key) => `${key}: ${show(value[key], inside)}`);
  const name = Object.getPrototypeOf(value) === Object.prototype ? "" : `${value.constructor?.name} `;
  return `${name}{${fields.join(", ")}}`;
}

// Some engines leave promises open for ever.
const PATIENCE_MILLISECONDS = 5000;

// What a case throws counts by its name alone: messages are each engine's own.
async function check(name, run) {
  let result, timer;
  try {
    const late = new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE_MILLISECONDS, "does not end")));
    result = show(await Promise.race([run(), late]));
  } catch (error) {
    result = `throws ${show(error)}`;
  }
  clearTimeout(timer);
  console.log(JSON.stringify([name, result]));
}

const thrownBy = (run) => {
  try {
    run();
    return "nothing";
  } catch (error) {
    return error;
  }
};

const pause = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// An interface as Web IDL shapes it: kinds, enumerability and lengths of its members, a case for each.
async function checkShape(constructor) {
  const { name, prototype } = constructor;
  const parent = Object.getPrototypeOf(prototype)?.constructor.name;
  await check(`interface ${name}`, () => [
    constructor.length,
    prototype[Symbol.toStringTag],
    parent,
    thrownBy(() => constructor()),
  ]);
  for (const [place, object] of [
    ["", prototype],
    [" (static)", constructor],
  ]) {
    for (const key of Reflect.ownKeys(object)) {
      if (!INTERNAL.test(String(key))) {
        await check(`${name}.${String(key)}${place}`, () =>
          describeProperty(Object.getOwnPropertyDescriptor(object, key)),
        );
      }
    }
  }
}

// Symbols that Node, or the package with our streams, calls its own methods by.
const INTERNAL = /nodejs|\(k[A-Z]|messaging_|\[\[/;

function describeProperty({ value, get, set, enumerable, writable, configurable }) {
  const flags = `${enumerable ? "enumerable " : ""}${writable ? "writable " : ""}${configurable ? "configurable " : ""}`;
  if (get !== undefined) {
    return `${flags}${get.name} ${set?.name ?? "without setter"}`;
  }
  return typeof value === "function" ? `${flags}function ${value.name}/${value.length}` : `${flags}${typeof value}`;
}
