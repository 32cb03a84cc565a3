// SPDX-License-Identifier: AGPL-3.0-only
//
// What the console prints is compared as it is; a line of "##" and a name begins a case, in both streams.

const section = (name, run) => {
  console.log(`## ${name}`);
  console.error(`## ${name}`);
  try {
    run();
  } catch (error) {
    console.log("throws", error.name);
  }
};
const prints = (name, ...values) => section(name, () => console.log(...values));

class Point {
  constructor() {
    this.x = 1;
  }
}
class Tagged {
  get [Symbol.toStringTag]() {
    return "tag";
  }
}
const circular = { name: "a", inner: {} };
circular.inner.back = circular;

prints("primitives", 1, -0, 1.5, 1e21, NaN, 10n, true, null, undefined, Symbol("s"), "text");
prints("strings in objects", {
  a: "it's",
  b: 'say "x"',
  c: "both ' and \"",
  d: "`'\"",
  e: "line\nbreak\ttab\\",
  f: "\u0000\u001b\ud800",
});
prints("empty ones", {}, [], new Map(), new Set(), "", () => {}, class {}, new Point());
prints("nested", { a: { b: { c: { d: 1 } } } }, [[[[1]]]]);
prints("circular", circular);
prints("arrays", [1, , 3], [, ,], new Array(5), [undefined, null], Object.assign([1], { x: 1, "-1": 2 }));
prints(
  "long arrays",
  Array.from({ length: 150 }, (_, index) => index),
);
prints(
  "columns",
  Array.from({ length: 30 }, (_, index) => "x".repeat(index % 7)),
);
prints(
  "long strings in arrays",
  Array.from({ length: 8 }, (_, index) => "word ".repeat(index)),
);
prints("a long string", "y".repeat(300), ["y".repeat(20000)]);
prints("many keys", Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`key${index}`, index])));
prints("keys in quotes", { "a-b": 1, 5: 2, [Symbol("k")]: 3, [Symbol()]: 4, "": 5, valid_1: 6, $: 7 });
prints(
  "functions",
  function named() {},
  () => {},
  async () => {},
  function* () {},
  async function* gen() {},
  class A {},
  class B extends Point {},
  Math.max,
  Object.assign(() => {}, { a: 1 }),
);
prints("functions in objects", { f() {}, g: () => {}, C: class {} });
prints("accessors", {
  get a() {
    return 1;
  },
  set a(value) {},
  get b() {
    return 2;
  },
  set c(value) {},
});
prints(
  "instances",
  new Point(),
  new (class extends Point {})(),
  Object.create(Point.prototype),
  Object.create(null),
  Object.create({ inherited: 1 }),
  new Tagged(),
);
prints(
  "null prototypes",
  Object.assign(Object.create(null), { a: 1 }),
  Object.setPrototypeOf([1], null),
  Object.setPrototypeOf(new Map([[1, 2]]), null),
);
prints(
  "boxes",
  Object(1),
  Object("abc"),
  Object(true),
  Object(5n),
  Object(Symbol("x")),
  Object.assign(Object(1), { a: 1 }),
);
prints("dates", new Date(0), new Date(NaN), [new Date(86400000)], Object.assign(new Date(0), { x: 1 }));
prints("regular expressions", /a\/b/gi, [/x/], Object.assign(/y/, { z: 1 }));
prints(
  "maps",
  new Map([
    ["a", 1],
    [{ k: 1 }, new Map([[1, 2]])],
  ]),
  { m: new Map([[1, { a: { b: {} } }]]) },
);
prints("sets", new Set([1, "a", { b: 1 }, new Set([2])]));
prints(
  "large maps and sets",
  new Set(Array.from({ length: 120 }, (_, index) => index)),
  new Map(Array.from({ length: 110 }, (_, index) => [index, index])),
);
prints("weak ones", new WeakMap(), new WeakSet());
prints(
  "typed arrays",
  new Uint8Array([1, 2]),
  new Float64Array(3),
  new BigInt64Array(1),
  new Uint8Array(120),
  new Uint8Array(0),
);
prints("buffers", new Uint8Array([1, 2]).buffer);
prints("data views", new DataView(new Uint8Array([1, 2]).buffer, 1));
prints("proxies", new Proxy({ a: 1 }, {}), new Proxy(function f() {}, {}), new Proxy([1], {}));
prints(
  "iterators",
  new Map([[1, 2]]).keys(),
  new Set([1]).values(),
  new Map([[1, 2]]).entries(),
  [1][Symbol.iterator](),
);
prints("promises", Promise.resolve(5), new Promise(() => {}), Promise.resolve({ a: 1 }), { p: Promise.resolve("x") });
prints(
  "a rejected promise",
  (() => {
    const rejected = Promise.reject(7);
    rejected.catch(() => {});
    return rejected;
  })(),
);
prints("generators", (function* () {})(), (async function* () {})());
prints(
  "arguments",
  (function () {
    return arguments;
  })(1, "a"),
);
prints("symbols", Symbol.iterator, [Symbol("a b")], { s: Symbol() });
prints("built-in namespaces", Math, JSON, Reflect, Atomics);
prints(
  "subclasses of built-ins",
  new (class Stack extends Array {})(),
  new (class Own extends Map {})([[1, 2]]),
  new (class extends Set {})(),
  new (class Text extends String {})("t"),
);
prints(
  "names that are tagged",
  { [Symbol.toStringTag]: "mine", a: 1 },
  Object.assign(new Point(), { [Symbol.toStringTag]: "other" }),
);
prints(
  "own inspection",
  { [Symbol.for("nodejs.util.inspect.custom")]: (depth, options) => `<custom ${depth}>` },
  { inner: { [Symbol.for("nodejs.util.inspect.custom")]: () => ({ replaced: true }) } },
);
prints(
  "a constructor that was changed",
  Object.assign(new Point(), { constructor: 5 }),
  Object.assign({}, { constructor: "x" }),
);
prints("long lines", {
  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
  cccccccccccccccccccccccc: "dddddddddddddddd",
});
prints("wide characters", { 日本: "語", emoji: "👍🏽", combining: "e\u0301" }, [
  "日本語",
  "ab",
  "日本語",
  "ab",
  "日本語",
  "ab",
  "日本語",
]);

const thrown = (make) => {
  const error = make();
  error.stack = String(error);
  return error;
};
prints(
  "errors without frames",
  thrown(() => new Error("plain")),
  thrown(() => new RangeError("range")),
  { error: thrown(() => new TypeError("inside")) },
);
prints(
  "errors with properties",
  Object.assign(
    thrown(() => new Error("x")),
    { code: "E", detail: { a: 1 } },
  ),
);
prints(
  "errors with causes",
  thrown(() => new Error("outer", { cause: thrown(() => new TypeError("inner")) })),
  thrown(() => new Error("outer", { cause: "text" })),
);
prints(
  "aggregate errors",
  thrown(() => new AggregateError([thrown(() => new Error("one")), 2], "all")),
);
prints(
  "errors of one's own",
  thrown(() => new (class Own extends Error {})("mine")),
  thrown(
    () =>
      new (class Other extends Error {
        name = "Given";
      })("mine"),
  ),
);
prints(
  "an empty message",
  thrown(() => new Error()),
  thrown(() => new Error("")),
);
prints(
  "a DOMException",
  thrown(() => new DOMException("m", "AbortError")),
);
prints(
  "a message of lines",
  thrown(() => new Error("one\ntwo")),
);

prints("%s", "%s|%s|%s|%s|%s|%s", "text", 5, -0, 10n, Symbol("x"), undefined);
prints("%s of objects", "%s|%s|%s|%s", { a: { b: 1 } }, [1, [2]], () => {}, null);
prints(
  "%s of what has a toString",
  "%s %s",
  { toString: () => "own" },
  new (class {
    toString() {
      return "class";
    }
  })(),
);
prints("%s of a date and an error", "%s", new Date(0));
prints("%d %i %f", "%d|%d|%d|%i|%i|%f|%f|%d", "42", 10n, {}, "42.9", 10n, "1.5x", Symbol.iterator.description, "");
prints("%j", "%j|%j|%j", { a: [1] }, undefined, "x");
prints("%j of a cycle", "%j", circular);
prints("%o %O", "%o|%O", { a: { b: { c: { d: {} } } } }, { a: { b: { c: { d: {} } } } });
prints("%o of a function", "%O", function f() {});
prints("%c and %%", "%cstyled%c 100%% %x", "color: red", "");
prints("too few values", "%s %s", "one");
prints("too many values", "%s", "one", "two", { a: 1 }, "three");
prints("no format", { a: 1 }, "%s", "x");
prints("a lone %", "100%", "50% of %s", "x");
prints("nothing");
prints("an empty line", "");

const form = new FormData();
form.append("a", "1");
form.append("a", "2");
form.append("f", new File(["x"], "n", { lastModified: 1 }));
prints("forms and blobs", form, new FormData(), new Blob(["x"]), new File(["a"], "n", { lastModified: 1 }), {
  a: { b: { c: new Blob() } },
});
prints(
  "streams",
  new ReadableStream(),
  new WritableStream(),
  new TransformStream(),
  new ReadableStream({ type: "bytes" }),
);
prints(
  "streams that are used",
  (() => {
    const stream = new ReadableStream({ start: (controller) => controller.close() });
    stream.getReader();
    return stream;
  })(),
);
prints(
  "strategies",
  new CountQueuingStrategy({ highWaterMark: 1 }),
  new ByteLengthQueuingStrategy({ highWaterMark: 1 }),
);
prints("signals and targets", new AbortController(), AbortSignal.abort(), new EventTarget(), {
  a: { b: { c: AbortSignal.abort() } },
});
prints(
  "URLs",
  new URL("http://u:p@h:8/p?q=1#f"),
  [new URL("http://a/")],
  new URLSearchParams("a=1&b=2&a=3"),
  new URLSearchParams(),
  { q: new URLSearchParams("a=1") },
);
prints("encodings", new TextDecoder("latin1"), new TextDecoderStream(), new TextEncoderStream());
prints("compression", new CompressionStream("gzip"), new DecompressionStream("deflate"));
prints("cryptography", crypto.subtle);
const key = await crypto.subtle.importKey("raw", new Uint8Array(16), { name: "AES-GCM" }, true, ["encrypt"]);
prints("keys", key);

section("levels", () => {
  console.debug("debug");
  console.info("info");
  console.warn("warn");
  console.error("error %d", 5);
});
section("dir", () => {
  console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 });
  console.dir({ a: { b: { c: { d: 1 } } } }, { depth: null });
  console.dir("text");
  console.dir([1, 2], { compact: false });
  console.dirxml({ a: 1 }, [2]);
});
section("assert", () => {
  console.assert(true, "unseen");
  console.assert(false);
  console.assert(false, "why %s", "not");
  console.assert(0, { a: 1 });
  console.assert();
});
section("count", () => {
  console.count();
  console.count("a");
  console.count();
  console.countReset();
  console.count();
  console.countReset("never");
  console.count(undefined);
  console.count(null);
});
section("group", () => {
  console.group("outer", 1);
  console.log("one\ntwo");
  console.groupCollapsed();
  console.warn({ a: 1, b: [1, 2] });
  console.groupEnd();
  console.info("back");
  console.groupEnd();
  console.groupEnd();
  console.log("out");
});
section("a group's width", () => {
  console.group();
  console.log(Array.from({ length: 30 }, (_, index) => index * 100));
  console.groupEnd();
});
section("time", () => {
  console.timeEnd("never");
  console.timeLog("never");
  console.time("twice");
  console.time("twice");
});
section("table", () => {
  console.table([
    { a: 1, b: "x" },
    { a: { c: 1 }, d: [1, 2] },
  ]);
  console.table([[1, 2], [3]]);
  console.table({ x: { a: 1 }, y: 5 });
  console.table([1, "two", { three: 3 }]);
  console.table([{ a: 1, b: 2 }], ["b"]);
  console.table([1, 2], ["x"]);
  console.table(
    new Map([
      ["k", { v: 1 }],
      [1, 2],
    ]),
  );
  console.table(new Set(["a", 2]));
  console.table([]);
  console.table({});
  console.table("text");
  console.table(5);
  console.table(null);
  console.table([{ 日本: "語", "": 1 }]);
  console.table([{ a: { x: 1, y: 2, z: 3 }, b: [1, 2, 3, 4, 5], c: () => {} }]);
  console.table([{ 2: "two", a: 1, 1: "one" }]);
  console.table(new Map());
  console.table(new Set());
});
section("table of wrong columns", () => console.table([1], "x"));
section("trace", () => {
  const { error } = console;
  void error;
});
prints(
  "the console's own keys",
  Object.keys(console)
    .filter(
      (key) =>
        !["_stdout", "_stderr", "Console", "context", "profile", "profileEnd", "timeStamp", "createTask"].some(
          (one) => key.startsWith(one) || key.startsWith("_"),
        ),
    )
    .sort(),
);
prints("the console's tag", Object.prototype.toString.call(console), typeof console.log.name, console.log.length);
