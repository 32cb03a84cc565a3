// SPDX-License-Identifier: AGPL-3.0-only
//
// Built-ins that the engine has short ways for: at the edges where the short way must be left.

// ---- JSON.stringify ----

class Point {
  constructor() {
    this.x = 1;
    this.y = -0;
  }
}
class Converted {
  toJSON(key) {
    return `converted ${key}`;
  }
}
const nested = (depth) => (depth === 0 ? "end" : { next: nested(depth - 1), list: [depth] });
const inherited = Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true }, hidden: { value: 3 } });
const sparse = [1, , 3];
const long = Object.assign([1], { length: 4 });
const extra = Object.assign([1, 2], { extra: true });
const rope = `${"a".repeat(5000)}"${"b".repeat(5000)}` + "é".repeat(3000) + "\u{1f600}";

for (const [name, value] of Object.entries({
  numbers: [0, -0, 1.5, -1e21, 1e-7, NaN, Infinity, 2147483647, -2147483648, 2 ** 53, 0.1 + 0.2, 5e-324],
  strings: ["", "plain", 'a"b\\c', "\u0000\u001f\u007f\b\f\n\r\t", "é", "漢字", "\u{1f600}", "\ud800", "a\udc00b"],
  "names of members": { "": 1, 'quo"te': 2, é: 3, 漢: 4, "\ud800": 5 },
  "names that are indices": { b: 1, 10: 2, 9: 3, a: 4, "01": 5, 4294967294: 6, 4294967295: 7, "-1": 8, 1.5: 9 },
  "what is left out": { a: undefined, b: () => 1, c: Symbol("s"), d: null, [Symbol("k")]: 1, e: Symbol.iterator },
  "what is null in an array": [undefined, () => 1, Symbol("s"), null],
  "a class": new Point(),
  "its own conversion": [new Converted(), { key: new Converted() }],
  "inherited members": inherited,
  "without a prototype": Object.assign(Object.create(null), { a: [Object.create(null)] }),
  dates: [new Date(0), { at: new Date(NaN) }],
  boxes: [Object(1), Object("s"), Object(false)],
  getters: {
    get a() {
      return { b: 1 };
    },
  },
  "an array's holes": sparse,
  "an array that is longer than what it holds": long,
  "an array with members": extra,
  "typed arrays": new Uint8Array([1, 2]),
  maps: [new Map([[1, 2]]), new Set([1])],
  proxies: [new Proxy({ a: 1 }, {}), new Proxy([1, 2], {})],
  functions: Object.assign(() => 1, { a: 1 }),
  deep: nested(200),
  "at the depth of the short way": [nested(30), nested(31), nested(32), nested(33)],
  ropes: [rope, { [rope.slice(0, 20)]: rope }],
  "deleted members": (() => {
    const object = { a: 1, b: 2, c: 3 };
    delete object.b;
    return object;
  })(),
  "a frozen object": Object.freeze({ a: Object.freeze([1]) }),
  errors: new Error("message"),
  "regular expressions": /a/g,
  primitives: "text",
  nothing: undefined,
  "a symbol": Symbol("s"),
})) {
  await check(`stringify: ${name}`, () => JSON.stringify(value));
  await check(`stringify, indented: ${name}`, () => JSON.stringify(value, null, 2));
  await check(`stringify, selected: ${name}`, () => JSON.stringify(value, ["a", "x", "key"]));
  await check(`stringify, replaced: ${name}`, () => JSON.stringify(value, (_key, inner) => inner));
}
await check("stringify: a cycle", () => {
  const cycle = { list: [] };
  cycle.list.push({ cycle });
  return JSON.stringify(cycle);
});
await check("stringify: a BigInt", () => JSON.stringify({ big: 1n }));
await check("stringify: a getter that throws", () =>
  JSON.stringify({
    a: 1,
    get b() {
      throw new RangeError();
    },
  }),
);
await check("stringify: a getter that changes what comes", () => {
  const object = {
    get a() {
      delete object.b;
      object.c = 3;
      return 1;
    },
    b: 2,
  };
  return JSON.stringify(object);
});
await check("stringify: toJSON of everything", () => {
  Object.prototype.toJSON = function () {
    return "all";
  };
  try {
    return JSON.stringify({ a: [1] });
  } finally {
    delete Object.prototype.toJSON;
  }
});
await check("stringify: toJSON of arrays", () => {
  Array.prototype.toJSON = () => "array";
  try {
    return JSON.stringify({ a: [1], b: 2 });
  } finally {
    delete Array.prototype.toJSON;
  }
});
await check("stringify: its own shape", () => [
  describeProperty(Object.getOwnPropertyDescriptor(JSON, "stringify")),
  JSON.stringify(),
  JSON.stringify.call(undefined, [1]),
]);

// ---- JSON.parse ----

for (const text of [
  "0", "-0", "-1", "123456789", "1234567890", "-999999999", "2147483648", "1e3", "1.0", "-0.0", "01", "-", "1.", "+1",
  '"plain"', '"esc\\n\\u00e9\\ud83d\\ude00"', '"é漢"', '"open', '"bad\\x"', '"control\u0001"', '""', '"a\\', "[1,]", "{}",
  '{"a":1,"a":2,"b":{"__proto__":3}}', '{"10":1,"2":2,"a":3}', "[1 2]", "nul", " [ 1 , { \"x\" : null } ] ", "{\"a\":}",
]) {
  await check(`parse: ${text}`, () => {
    const value = JSON.parse(text);
    return [value, typeof value === "number" ? [1 / value, value + 1, value | 0] : Object.keys(value ?? {})];
  });
}
await check("parse: revived", () => JSON.parse('{"a":[1,{"b":2}]}', (_key, value) => (value === 2 ? undefined : value)));

// ---- Numbers with a fixed count of digits ----

const numbers = [
  0, -0, 1, -1, 0.5, 1.5, 2.5, -0.5, 0.05, 0.005, 1.005, 1.45, 8.345, 10.235, 0.0005, 0.00049999999, -0.0001, 1e-7, 5e-324, 123.456,
  999.9995, 0.999, 9.995, 99.995, 1e15, 2 ** 52 + 0.5, 2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, 1e20, 1e21, -1e21, 2147483647, -2147483648,
  NaN, Infinity, -Infinity, 0.1 + 0.2, 79.19, 4.35, 1.1 * 3, 2 ** -1022, 2 ** -64, 0.125, 0.375,
];
for (let i = 0; i < 400; i++) {
  numbers.push((i * 7919) / 100, ((i * 104729) % 1000003) / 3001, (i - 200) / 8, i * 1e10 + 1 / (i + 1));
}
for (const digits of [0, 1, 2, 3, 4, 20, undefined, "2", 2.9, null]) {
  await check(`toFixed(${JSON.stringify(digits)})`, () => numbers.map((number) => number.toFixed(digits)));
}
await check("numbers as JSON, and read again", () => {
  const text = JSON.stringify(numbers);
  const read = JSON.parse(text);
  return [text, read.map((number) => [number, Object.is(number, -0), number === null ? 0 : number | 0])];
});
for (const text of [
  "0.1", "-0.1", "1.5", "-0.0", "-0", "0.000", "0.001", "123456789012345", "12345678901234.5", "1234567890123456", "2147483647", "2147483648",
  "-2147483648", "-2147483647", "99999999999.999", "100000000000.001", "0.30000000000000004", "0.1e1", "1.5E-7", "9007199254740993", "1.", ".5", "0.0001",
  "00.5", "1.2.3", "-", "1e", "0.12345678901234", "79.19", "8.345", "1.005", "4.35",
]) {
  await check(`a number of JSON: ${text}`, () => {
    const value = JSON.parse(`[${text}]`)[0];
    return [value, Object.is(value, -0), JSON.stringify(value), String(value), value + 1];
  });
}
await check("toFixed of what is no number, or with wrong digits", () => [
  thrownBy(() => (1).toFixed(-1)),
  thrownBy(() => (1).toFixed(101)),
  thrownBy(() => Number.prototype.toFixed.call("1", 2)),
  new Number(1.005).toFixed(2),
  Number.prototype.toFixed(1),
  describeProperty(Object.getOwnPropertyDescriptor(Number.prototype, "toFixed")),
  [Number.prototype.toFixed.name, Number.prototype.toFixed.length],
]);

// ---- Functions' own properties ----

await check("a function's length and name", () => {
  const made = (prefix) => [
    () => prefix, function named(a, b) { return [a, b]; }, async (a) => a, function* generated(a, b, c) { yield [a, b, c]; },
    async function* both() {}, class Named { static method(a) { return a; } }, { method() {}, get value() { return 1; } }.method,
    (a, b = 1, ...c) => [a, b, c], { [prefix + "x"]: () => 1 }[prefix + "x"], { [Symbol.iterator]: () => 1 }[Symbol.iterator],
  ]; // prettier-ignore
  const once = (functions) => functions.map((one) => {
    const before = Reflect.ownKeys(one).map((key) => [String(key), describeProperty(Object.getOwnPropertyDescriptor(one, key))]);
    delete one.name;
    one.extra = 1;
    return [before, Reflect.ownKeys(one).map(String), one.name, Object.getPrototypeOf(one) === Function.prototype];
  });
  return ["a", "b", "a"].map((prefix) => once(made(prefix)));
});
await check("functions of another prototype", () => {
  const one = () => 1;
  Object.setPrototypeOf(one, null);
  class Derived extends Function {}
  return [Reflect.ownKeys(one), new Derived("a", "return a").length, new Derived("a", "return a")(3), Reflect.ownKeys(() => 2)];
});

// ---- Regular expressions ----

const expressions = [
  /b/, /b/g, /(b)(x)?/g, /(?<name>b)/g, /b/y, /b/gy, /^/gm, /$/, /(?:)/g, /(?:)/gu, /./gsu, /[&<>"]/g, /\u{1f600}/u,
  /é/gi, /(a)|(b)/g, /x*/g, /\b/g, /(?<=a)b/g, /B/gi, /b/dg, /[^]/g, /[\p{L}]/gv, /(((((((((((((((((a)))))))))))))))))/g,
  // By what they can begin with.
  /a*b/g, /a*?b/g, /(?:a|bc|)c/g, /(?=b)b/g, /(?!a)[a-c]/g, /\bb/g, /\Bb/g, /^b/gm, /(?:x{0,2}|b)b/g, /a{2,}|b/g, /(a|)b/g,
  /[^a]b/g, /[a-z0-9]+/gi, /\s|&/g, /(?<!a)b/g, /(?:(?:)|b)c/, /é|b/g, /(a)?\1b/g, /b$/g, /[\u0080-\u00ff]/g, /(?:)$/g,
  /a|b|c|</g, /(?:(?:a|b)|(?:c|<))+/g, /[]/g, /[]|b/g, /漢|b/g, /"/, /(?:a?){2}b/g, /(?:a?b?){0,3}c/g, /[&-<]/g, /x+b/g,
];
const subjects = ["", "b", "abcabc", "a\nb\nc", "<b>&\"</b>", "\u{1f600}b\u{1f600}", "éÉ漢b", "aaa", "x".repeat(300) + "b"];
const replacements = [
  "", "-", "$&$&", "$1", "$$", "漢", undefined, null, 7, (...parts) => parts.join("|"), () => undefined, () => "$&",
  (match) => ({ toString: () => `<${match}>` }),
];
for (const expression of expressions) {
  await check(`flags of ${expression}`, () => [expression.flags, String(expression), expression.source]);
  for (const subject of subjects) {
    const name = `${expression} on ${JSON.stringify(subject.slice(0, 20))}`;
    const fresh = () => new RegExp(expression);
    await check(`replace: ${name}`, () => replacements.map((replacement) => subject.replace(fresh(), replacement)));
    await check(`test and search: ${name}`, () => [fresh().test(subject), subject.search(fresh())]);
    await check(`the position kept: ${name}`, () => {
      const kept = fresh();
      kept.lastIndex = 1;
      const results = [kept.test(subject), kept.lastIndex, subject.replace(kept, "-"), kept.lastIndex];
      kept.lastIndex = 1;
      return [...results, subject.search(kept), kept.lastIndex, subject.match(kept), subject.split(kept)];
    });
    if (expression.global) {
      await check(`replaceAll, matchAll: ${name}`, () => [
        subject.replaceAll(fresh(), "-"),
        [...subject.matchAll(fresh())].map((match) => [match.index, ...match]),
      ]);
    }
  }
}
await check("a replacer that changes the expression", () => {
  const expression = /a/g;
  return "aaa".replace(expression, () => {
    expression.compile("b");
    expression.lastIndex = 2;
    return String(expression.lastIndex);
  });
});
await check("a replacer that throws", () =>
  "aaa".replace(/a/g, () => {
    throw new RangeError();
  }),
);
await check("an expression with its own exec", () => {
  const expression = Object.assign(/a/g, { exec: () => null });
  return [expression.test("a"), "a".replace(expression, "b"), "a".search(expression)];
});
await check("an expression with its own flags", () => {
  const expression = Object.defineProperty(/a/g, "flags", { value: "" });
  return "aa".replace(expression, "b");
});
await check("a position that is no integer", () => {
  const expression = Object.assign(/a/g, { lastIndex: { valueOf: () => 1 } });
  return [expression.test("aa"), expression.lastIndex, "aa".replace(expression, "b"), expression.lastIndex];
});
await check("a frozen expression", () => [
  thrownBy(() => "aa".replace(Object.freeze(/a/g), "b")),
  Object.freeze(/a/).test("a"),
]);
await check("a class of expressions", () => {
  class Mine extends RegExp {
    exec(text) {
      return text === "yes" ? Object.assign(["yes"], { index: 0 }) : null;
    }
  }
  return [new Mine("x").test("yes"), "yes".replace(new Mine("x"), "no"), new Mine("x", "gi").flags];
});
await check("RegExp's getters of another object", () => [
  Object.getOwnPropertyDescriptor(RegExp.prototype, "flags").get.call({ global: 1, sticky: true, hasIndices: "yes" }),
  thrownBy(() => RegExp.prototype.test.call(1, "a")),
  thrownBy(() => RegExp.prototype[Symbol.replace].call(undefined, "a", "b")),
  thrownBy(() => RegExp.prototype[Symbol.search].call("a", "b")),
  RegExp.prototype.flags,
]);
await check("what is tested is made a string", () => [
  /undefined/.test(),
  /null/.test(null),
  /1/.test(1),
  /b/.test({ toString: () => "b" }),
  "x".replace(/x/),
]);
await check("the shapes of RegExp's members", () =>
  ["flags", "test", Symbol.replace, Symbol.search].map((key) =>
    describeProperty(Object.getOwnPropertyDescriptor(RegExp.prototype, key)),
  ),
);
// Last, since it is seen by all that follows.
await check("exec replaced for all", () => {
  const { exec } = RegExp.prototype;
  let calls = 0;
  RegExp.prototype.exec = function (text) {
    calls++;
    return exec.call(this, text);
  };
  const results = [/a/.test("a"), "aa".replace(/a/g, "b"), "ba".search(/a/), calls];
  RegExp.prototype.exec = exec;
  return [...results, /a/.test("a"), calls];
});
await check("flags replaced for all", () => {
  const { get } = Object.getOwnPropertyDescriptor(RegExp.prototype, "global");
  Object.defineProperty(RegExp.prototype, "global", { get: () => true, configurable: true });
  const results = [/a/i.flags, /a/.test("a")];
  Object.defineProperty(RegExp.prototype, "global", { get, configurable: true });
  return [...results, /a/i.flags];
});

// ---- String.prototype.concat, and templates ----

await check("concat", () => [
  "a".concat(), "a".concat("b", 1, 1.5, true, null, undefined, "é", "漢"), "漢".concat("a"), "".concat(""),
  "a".concat({ toString: () => "o" }, [1, 2]), String.prototype.concat.call(5, 6), "x".concat(-2147483648, -0, NaN, 10n),
]);
await check("concat refuses", () => [
  thrownBy(() => "a".concat(Symbol("s"))),
  thrownBy(() => `${Symbol("s")}`),
  thrownBy(() => String.prototype.concat.call(null)),
  describeProperty(Object.getOwnPropertyDescriptor(String.prototype, "concat")),
]);
await check("templates of what is long", () => {
  const long = "x".repeat(5000);
  const made = `${long}|${long}|${"漢".repeat(9000)}|${1}`;
  return [made.length, made.slice(4998, 5003), made.at(-1), made.slice(10000, 10004)];
});
await check("order of conversions", () => {
  const order = [];
  const part = (name) => ({ toString: () => (order.push(name), name) });
  return [`${part("a")}${1}${part("b")}`, "".concat(part("c"), part("d")), order];
});

// ---- Objects made again and again ----

await check("objects of the same members in another order", () => {
  const make = (turn) => (turn % 2 ? { a: turn, b: 1, c: 2 } : { c: 2, a: turn, b: 1 });
  const made = Array.from({ length: 100 }, (_, turn) => make(turn));
  for (const object of made) {
    object.d = object.a;
    if (object.a % 3 === 0) {
      delete object.b;
    }
    if (object.a % 5 === 0) {
      Object.defineProperty(object, "c", { get: () => 9, enumerable: false });
    }
  }
  return made.map((object) => Object.entries(object));
});
await check("dictionaries", () => {
  const made = [];
  for (let turn = 0; turn < 50; turn++) {
    const dictionary = {};
    for (let member = 0; member < 60; member++) {
      dictionary[`member ${(member * turn) % 97}`] = member;
    }
    made.push(Object.keys(dictionary).length, Object.keys(dictionary).at(-1));
  }
  return made;
});
await check("classes made in a loop", () => {
  const sums = [];
  for (let turn = 0; turn < 300; turn++) {
    class Made {
      constructor() {
        this.first = turn;
        this.second = () => this.first;
      }
    }
    sums.push(new Made().second() + new Made().first);
  }
  return sums;
});
await check("members redefined", () => {
  const frozen = Object.freeze({ a: 1 });
  const results = [];
  for (let turn = 0; turn < 3; turn++) {
    const object = Object.defineProperty({ b: turn }, "a", { value: 1, configurable: false });
    results.push(
      thrownBy(() => {
        "use strict";
        object.a = 2;
      }),
      { ...object, ...frozen, a: 5 },
      Reflect.defineProperty(frozen, "b", { value: 1 }),
      Reflect.defineProperty(object, "a", { value: 3 }),
    );
  }
  return results;
});
await check("functions' own members", () =>
  [function named(a, b) {}, (a) => a, async () => {}, function* () {}, class Named {}].map((made) =>
    Reflect.ownKeys(made).map((key) => [
      String(key),
      Object.getOwnPropertyDescriptor(made, key).enumerable,
      typeof made[key],
    ]),
  ),
);
