// SPDX-License-Identifier: AGPL-3.0-only

const cyclic = { name: "root", list: [1, , 3] };
cyclic.self = cyclic;
cyclic.list.push(cyclic.list);
class Mine {
  constructor() {
    this.field = 1;
  }

  method() {}

  get accessor() {
    return 5;
  }
}
const withProto = JSON.parse('{"__proto__": {"x": 1}}');

const cases = {
  primitives: [undefined, null, true, -0, NaN, 10n, "text", "\ud800"],
  "a cycle": cyclic,
  "holes and further properties": Object.assign([1, , 3], { extra: true }),
  "a long sparse array": Object.assign([], { length: 20 }),
  "a map and a set": new Map([[{ key: 1 }, new Set([1, "two", new Map()])]]),
  dates: [new Date(5), new Date(NaN)],
  "regular expressions": [/x/gi, Object.assign(/y/dmsuy, { lastIndex: 7 })],
  boxes: [Object(1), Object("ab"), Object(true), Object(5n)].map((box) => [typeof box, box.valueOf()]),
  "an instance of a class": new Mine(),
  "without a prototype": Object.assign(Object.create(null), { a: 1 }),
  "a property called __proto__": withProto,
  "a getter": {
    get a() {
      return { b: 1 };
    },
  },
  "what is not enumerable": Object.defineProperty({ a: 1 }, "hidden", { value: 2 }),
  "symbols for keys": { [Symbol("s")]: 1, a: 2 },
  "typed arrays": [new Uint8Array([1, 2, 3]).subarray(1), new Float64Array([0.5]), new BigInt64Array([-1n])],
  "a data view": new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2),
  "a buffer": new Uint8Array([9, 8]).buffer,
};
for (const [name, value] of Object.entries(cases)) {
  await check(name, () => structuredClone(value));
}

await check("identity", () => {
  const shared = {};
  const buffer = new ArrayBuffer(8);
  const clone = structuredClone({
    a: shared,
    b: shared,
    c: cyclic,
    v: new Uint8Array(buffer),
    w: new DataView(buffer),
    buffer,
  });
  return [
    clone.a === clone.b,
    clone.a !== shared,
    clone.c.self === clone.c,
    clone.v.buffer === clone.buffer,
    clone.w.buffer === clone.buffer,
  ];
});
await check("kinds", () => {
  const clone = structuredClone([new Mine(), Object(1), /x/, new Map(), new Uint8Array(1)]);
  return clone.map((value) => [Object.getPrototypeOf(value).constructor.name, value instanceof Mine]);
});
await check("lastIndex", () => structuredClone(Object.assign(/y/g, { lastIndex: 7 })).lastIndex);
await check("nested deeply", () => {
  const deep = { depth: 0 };
  for (let [level, depth] = [deep, 1]; depth < 1000; depth++) {
    level.inner = depth % 2 ? [] : {};
    level = level.inner;
    level.inner = null;
  }
  let depth = 0;
  for (let level = structuredClone(deep); level !== null; level = level.inner) {
    depth++;
  }
  return depth;
});
await check("names in order", () => Object.keys(structuredClone({ b: 1, 2: 1, a: 1, 1: 1 })));
await check("a getter that throws", () =>
  structuredClone({
    get a() {
      throw new RangeError("no");
    },
  }),
);
await check("a getter that removes what comes after", () => {
  const object = {
    get a() {
      delete this.b;
      return 1;
    },
    b: 2,
  };
  return structuredClone(object);
});
await check("errors", () => {
  class Own extends Error {
    name = "Own";
  }
  const made = [
    new Error("a"),
    new RangeError("b"),
    new TypeError("c"),
    new Own("d"),
    new AggregateError([1], "e"),
    Error(),
  ];
  return structuredClone(made).map((error) => [
    error.name,
    error.message,
    Object.hasOwn(error, "message"),
    error.constructor.name,
    error instanceof Error,
    Object.keys(error),
    typeof error.stack,
  ]);
});
await check("the cause of an error", () => structuredClone(new Error("x", { cause: { a: 1 } })).cause);
await check("further properties of an error", () =>
  Object.keys(structuredClone(Object.assign(new Error("x"), { code: 5 }))),
);
await check(
  "an error's name that was changed",
  () => structuredClone(Object.assign(new Error("x"), { name: "URIError" })).constructor.name,
);
await check("a stack", () => structuredClone(Object.assign(new Error("x"), { stack: "mine" })).stack);
await check("DOMException", () => {
  const clone = structuredClone(new DOMException("m", "AbortError"));
  return [clone instanceof DOMException, clone.name, clone.message, clone.code];
});
await check("a blob", async () => {
  const blob = new Blob(["text"], { type: "a/b" });
  const clone = structuredClone({ blob }).blob;
  return [clone instanceof Blob, clone !== blob, clone.type, await clone.text()];
});
await check("a file", async () => {
  const clone = structuredClone(new File(["text"], "n", { lastModified: 5 }));
  return [clone instanceof File, clone.name, clone.lastModified, await clone.text()];
});

const refused = {
  "a function": () => {},
  "a symbol": Symbol("x"),
  "a promise": Promise.resolve(),
  "a weak map": new WeakMap(),
  "a weak set": new WeakSet(),
  "a weak reference": new WeakRef({}),
  "a proxy": new Proxy({}, {}),
  "a generator": (function* () {})(),
  "an iterator": new Map().keys(),
  "a boxed symbol": Object(Symbol()),
  "the global object": globalThis,
  arguments: (function () {
    return arguments;
  })(1),
  "a port that is not transferred": new MessageChannel().port1,
  "a stream": new ReadableStream(),
  "an event": new Event("x"),
  "a form": new FormData(),
};
for (const [name, value] of Object.entries(refused)) {
  await check(`refused: ${name}`, () => structuredClone(value));
  await check(`refused inside: ${name}`, () => structuredClone([{ value }]));
}
await check("the error's code", () => {
  const error = thrownBy(() => structuredClone(() => {}));
  return [error instanceof DOMException, error.name, error.code, error.message];
});
await check("without arguments", () => structuredClone());
await check("function", () => [structuredClone.name, typeof structuredClone]);

await check("transfer", () => {
  const buffer = new Uint8Array([1, 2, 3]).buffer;
  const view = new Uint8Array(buffer, 1);
  const clone = structuredClone({ buffer, view }, { transfer: [buffer] });
  return [buffer.byteLength, view.byteLength, clone.buffer, clone.view, clone.view.buffer === clone.buffer];
});
await check("transfer of what is not in the value", () => {
  const buffer = new ArrayBuffer(4);
  return [structuredClone(1, { transfer: [buffer] }), buffer.byteLength];
});
await check("nothing is transferred when cloning fails", () => {
  const buffer = new ArrayBuffer(4);
  return [thrownBy(() => structuredClone({ buffer, bad() {} }, { transfer: [buffer] })), buffer.byteLength];
});
await check("transferred twice", () => {
  const buffer = new ArrayBuffer(4);
  return [thrownBy(() => structuredClone(buffer, { transfer: [buffer, buffer] })), buffer.byteLength];
});
await check("a detached buffer", () => {
  const buffer = new ArrayBuffer(4);
  structuredClone(buffer, { transfer: [buffer] });
  return [thrownBy(() => structuredClone(buffer)), thrownBy(() => structuredClone(1, { transfer: [buffer] }))];
});
await check("what cannot be transferred", () => [
  thrownBy(() => structuredClone(1, { transfer: [{}] })),
  thrownBy(() => structuredClone(1, { transfer: [5] })),
  thrownBy(() => structuredClone(1, { transfer: 5 })),
  thrownBy(() => structuredClone(1, 5)),
]);
await check("a port", async () => {
  const { port1, port2 } = new MessageChannel();
  const moved = structuredClone({ port: port1 }, { transfer: [port1] }).port;
  const answer = new Promise((resolve) => (moved.onmessage = (event) => resolve(event.data)));
  port2.postMessage("hello");
  const result = [await answer, moved instanceof MessagePort, moved !== port1];
  moved.close();
  return result;
});

await check("messages", async () => {
  const { port1, port2 } = new MessageChannel();
  const seen = [];
  const third = new Promise((resolve) => {
    port2.onmessage = (event) => {
      seen.push([event.data, event.type, event.ports.length, event.target === port2]);
      if (seen.length === 3) {
        resolve();
      }
    };
  });
  port1.postMessage({ a: [1] });
  port1.postMessage(undefined);
  port1.postMessage("x");
  const early = seen.length;
  await third;
  port1.close();
  return [early, seen];
});
await check("messages wait for the start", async () => {
  const { port1, port2 } = new MessageChannel();
  const seen = [];
  port2.addEventListener("message", (event) => seen.push(event.data));
  port1.postMessage(1);
  await pause(10);
  const before = seen.length;
  port2.start();
  await pause(10);
  port1.close();
  return [before, seen];
});
await check("a message is cloned when it is posted", async () => {
  const { port1, port2 } = new MessageChannel();
  const value = { a: 1 };
  port1.postMessage(value);
  value.a = 2;
  const result = await new Promise((resolve) => (port2.onmessage = (event) => resolve(event.data)));
  port1.close();
  return result;
});
await check("a port in a message", async () => {
  const [outer, inner] = [new MessageChannel(), new MessageChannel()];
  const got = new Promise((resolve) => (inner.port2.onmessage = (event) => resolve(event.data)));
  outer.port2.onmessage = (event) => event.ports[0].postMessage("through");
  outer.port1.postMessage("take", [inner.port1]);
  const result = await got;
  outer.port1.close();
  inner.port2.close();
  return result;
});
await check("what cannot be posted", () => {
  const { port1 } = new MessageChannel();
  const errors = [
    thrownBy(() => port1.postMessage(() => {})),
    thrownBy(() => port1.postMessage(1, [port1])),
    thrownBy(() => port1.postMessage()),
  ];
  port1.close();
  return errors;
});
await check("the other end is told of the close", async () => {
  const { port1, port2 } = new MessageChannel();
  const closed = new Promise((resolve) => port2.addEventListener("close", (event) => resolve(event.type)));
  port2.start();
  port1.close();
  return closed;
});
await check("messages do not come before microtasks", async () => {
  const { port1, port2 } = new MessageChannel();
  const seen = [];
  const got = new Promise((resolve) => {
    port2.onmessage = () => {
      seen.push("message");
      resolve();
    };
  });
  port1.postMessage(1);
  Promise.resolve().then(() => seen.push("microtask"));
  queueMicrotask(() => seen.push("queued"));
  await got;
  port1.close();
  return seen;
});
