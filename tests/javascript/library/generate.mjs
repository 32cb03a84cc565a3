// SPDX-License-Identifier: AGPL-3.0-only
//
// node generate.mjs PACKAGES SEED COUNT: prints JSON, a list of expressions of JavaScript whose values are of every kind
// that can be cloned and printed. fast-check, installed in PACKAGES, makes them; the same seed makes the same ones.

import { createRequire } from "node:module";
import path from "node:path";

const [packages, seed, count] = process.argv.slice(2);
const fc = createRequire(path.join(path.resolve(packages), "package.json"))("fast-check");

// Of rarer characters, Node knows better how wide they are shown.
const text = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.string({
        unit: fc
            .oneof(fc.integer({ min: 0, max: 0x2ff }), fc.integer({ min: 0x4e00, max: 0x9fff }))
            .map((code) => String.fromCharCode(code)),
        maxLength: 6,
    }),
    fc.string({ minLength: 20, maxLength: 120 }),
    fc.constantFrom("it's", "a\nb", "`", "\\", "日本語", "constructor", "__proto__", "\ud83d", "toString"),
);
const quoted = text.map((value) =>
    JSON.stringify(value).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029"),
);
const leaf = fc.oneof(
    quoted,
    fc.integer().map(String),
    fc.double().map((value) => (Object.is(value, -0) ? "-0" : String(value))),
    fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map((value) => `${value}n`),
    fc.constantFrom(
        "true",
        "false",
        "null",
        "undefined",
        "NaN",
        "-0",
        "Infinity",
        "{}",
        "[]",
        "new Map()",
        "new Set()",
    ),
    fc.date({ noInvalidDate: false }).map((value) => `new Date(${value.getTime()})`),
    fc.constantFrom("/a/g", "/(?<x>b)\\/c/isu", "new RegExp('')"),
    fc.uint8Array({ maxLength: 60 }).map((value) => `new Uint8Array([${value}])`),
    fc.float64Array({ maxLength: 9 }).map((value) => `new Float64Array([${[...value]}])`),
    fc.constantFrom("Object(1)", "Object('s')", "Object(true)", "Object(5n)", "Object.create(null)"),
);
const key = fc.oneof(
    fc.stringMatching(/^[a-z_$][a-z0-9_$]{0,8}$/),
    quoted.filter((value) => value !== '"__proto__"').map((value) => value),
);
const asKey = (value) => (value.startsWith('"') ? value : JSON.stringify(value));

const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
        { maxDepth: 5, depthSize: "small", withCrossShrink: true },
        leaf,
        tie("array"),
        tie("object"),
        tie("map"),
        tie("set"),
        tie("other"),
    ),
    array: fc
        .array(fc.oneof({ weight: 9, arbitrary: tie("value") }, { weight: 1, arbitrary: fc.constant("") }), {
            maxLength: 12,
        })
        .map((items) => `[${items.join(", ")}${items.at(-1) === "" ? "," : ""}]`),
    object: fc
        .uniqueArray(fc.tuple(key, tie("value")), { maxLength: 8, selector: ([name]) => asKey(name) })
        .map((fields) => `{ ${fields.map(([name, field]) => `${asKey(name)}: ${field}`).join(", ")} }`),
    map: fc
        .array(fc.tuple(tie("value"), tie("value")), { maxLength: 5 })
        .map((pairs) => `new Map([${pairs.map(([k, v]) => `[${k}, ${v}]`)}])`),
    set: fc.array(tie("value"), { maxLength: 6 }).map((items) => `new Set([${items}])`),
    other: fc.oneof(
        tie("value").map((inner) => `cyclic(${inner})`),
        tie("value").map((inner) => `shared(${inner})`),
        fc
            .tuple(fc.constantFrom("Error", "RangeError", "TypeError"), quoted, tie("value"))
            .map(([name, message, cause]) => `failure(${name}, ${message}, ${cause})`),
        tie("value").map((inner) => `new Held(${inner})`),
        fc.integer({ min: 1, max: 130 }).chain((length) => leaf.map((item) => `Array(${length}).fill(${item})`)),
    ),
}));

const helpers = [
    "const cyclic = (inner) => { const value = { inner }; value.self = value; return value; };",
    "const shared = (inner) => { const value = { inner }; return [value, value]; };",
    "const failure = (kind, message, cause) => { const error = new kind(message, { cause }); error.stack = String(error); return error; };",
    "class Held { constructor(value) { this.value = value; } }",
];
console.log(JSON.stringify({ helpers, expressions: fc.sample(value, { seed: Number(seed), numRuns: Number(count) }) }));
