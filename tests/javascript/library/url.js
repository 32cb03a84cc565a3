// SPDX-License-Identifier: AGPL-3.0-only

for (const kind of [URL, URLSearchParams]) {
  await checkShape(kind);
}

const parts = (url) =>
  [url.href, url.origin, url.protocol, url.username, url.password, url.host, url.hostname, url.port, url.pathname, url.search, url.hash];

await check("a URL needs an argument", () => new URL());
await check("URL without new", () => URL("http://a"));
await check("not a URL", () => new URL("a"));
await check("not a base", () => new URL("a", "b"));
await check("undefined base", () => new URL("http://a", undefined).href);
await check("null base", () => new URL("http://a", null).href);
await check("a symbol", () => new URL(Symbol()));
await check("converted", () => new URL({ toString: () => "/x" }, { toString: () => "http://a" }).href);
await check("a throwing conversion", () => new URL({ toString() { throw new RangeError(); } }));
await check("lone surrogates", () => new URL("http://a/\ud800b\udc00?\ud83d\ude00#\udfff").href);
await check("a long one", () => new URL(`http://a/${"ü".repeat(10000)}`).href.length);
await check("canParse", () => [URL.canParse("x:y"), URL.canParse("x"), URL.canParse("x", "http://a"), URL.canParse("x", "a")]);
await check("canParse needs an argument", () => URL.canParse());
await check("toJSON", () => JSON.stringify({ url: new URL("http://a/b") }));
await check("string", () => `${new URL("http://a/b")}`);
await check("subclass", () => {
  class Mine extends URL {
    get first() {
      return this.pathname.split("/")[1];
    }
  }
  const url = new Mine("http://a/b/c");
  return [url.first, url instanceof URL, url.constructor.name];
});
await check("a getter of something else", () => Object.getOwnPropertyDescriptor(URL.prototype, "href").get.call({}));
await check("a method of something else", () => URLSearchParams.prototype.get.call(new URL("http://a"), "x"));
await check("a prototype is no URL", () => URL.prototype.href);
await check("parts", () => parts(new URL("https://me:secret@Example.COM:8443/a/../b c?q=1 2#h i")));
await check("parts of others", () =>
  ["mailto:a@b", "file:///c:/d", "data:,x y", "blob:https://a/b", "about:blank"].map((text) => parts(new URL(text))));

for (const [name, value] of [
  ["href", "http://b/x?y#z"], ["protocol", "http"], ["protocol", "mailto"], ["username", "ü:"], ["password", "@"], ["host", "h:1"],
  ["hostname", "h:1"], ["port", "99999"], ["port", "80a"], ["port", ""], ["pathname", "x y"], ["search", ""], ["search", "a=ü"],
  ["hash", ""], ["hash", "#ü"], ["origin", "x"],
]) {
  await check(`set ${name} to ${value}`, () => {
    const url = new URL("https://me@a:8/p?q#h");
    Reflect.set(url, name, value);
    return url.href;
  });
}
await check("set href to nonsense", () => {
  const url = new URL("http://a/?b");
  return [thrownBy(() => (url.href = "nonsense")).name, url.href];
});

await check("search parameters follow the URL", () => {
  const url = new URL("http://a/?b=1");
  const { searchParams } = url;
  const seen = [String(searchParams)];
  url.search = "?c=2&c=3";
  seen.push(String(searchParams));
  url.href = "http://d/?e";
  seen.push(String(searchParams), searchParams.size);
  url.search = "";
  return [...seen, String(searchParams), searchParams === url.searchParams];
});
await check("the URL follows its search parameters", () => {
  const url = new URL("http://a/?b=1#h");
  const { searchParams } = url;
  const seen = [];
  searchParams.append("c", "ü &");
  seen.push(url.href);
  searchParams.set("b", "~'!");
  seen.push(url.href);
  searchParams.delete("c");
  seen.push(url.href);
  searchParams.delete("b");
  return [...seen, url.href];
});
await check("parameters outlive their URL", () => {
  let url = new URL("http://a/?b=1");
  const { searchParams } = url;
  url = null;
  searchParams.append("c", "2");
  return String(searchParams);
});
await check("set searchParams", () => {
  const url = new URL("http://a/?b");
  return [thrownBy(() => (url.searchParams = "c")).name, url.href];
});

await check("made of a string", () => ["?a=b&c", "a=b=c&=d&&e=%zz+%C3%BC", "??a"].map((text) => [...new URLSearchParams(text)]));
await check("made of nothing", () => [[], [undefined], [""], ["?"]].map((words) => String(new URLSearchParams(...words))));
await check("made of null", () => String(new URLSearchParams(null)));
await check("made of numbers", () => String(new URLSearchParams(5)));
await check("made of pairs", () => String(new URLSearchParams([["a", 1], new Set(["b", "c"])])));
await check("a string is no pair", () => String(new URLSearchParams(["xy"])));
await check("made of a map", () => String(new URLSearchParams(new Map([["a", "b"], ["c", null]]))));
await check("made of a generator", () => String(new URLSearchParams((function* () { yield ["a", "b"]; })())));
await check("made of a record", () => String(new URLSearchParams({ b: 2, a: undefined, 1: "x" })));
await check("names that become one", () => String(new URLSearchParams({ "\ud800": "s", ["\udc00"]: "t" })));
await check("made of what is not enumerable", () => String(new URLSearchParams(Object.defineProperty({ a: 1 }, "b", { value: 2 }))));
await check("made of symbols", () => new URLSearchParams({ [Symbol()]: 1 }));
await check("made of parameters", () => String(new URLSearchParams(new URLSearchParams("a=1&b=2&a=3"))));
await check("made of a function", () => String(new URLSearchParams(Object.assign(() => {}, { a: 1 }))));
await check("an own iterator wins", () => String(new URLSearchParams({ a: 1, [Symbol.iterator]: function* () { yield ["b", 2]; } })));
await check("an iterator that is none", () => new URLSearchParams({ [Symbol.iterator]: 5 }));
await check("a null iterator", () => String(new URLSearchParams({ a: 1, [Symbol.iterator]: null })));
await check("a pair too short", () => new URLSearchParams([["a"]]));
await check("a pair too long", () => new URLSearchParams([["a", "b", "c"]]));
await check("no pair", () => new URLSearchParams([5]));

const some = () => new URLSearchParams("a=1&b=2&a=3&c=%26");
await check("get", () => [some().get("a"), some().get("z"), some().get("c")]);
await check("getAll", () => [some().getAll("a"), some().getAll("z")]);
await check("has", () => [some().has("a"), some().has("z"), some().has("a", "3"), some().has("a", "4"), some().has("a", undefined)]);
await check("delete", () => {
  const parameters = some();
  parameters.delete("a", "3");
  const seen = [String(parameters)];
  parameters.delete("a", undefined);
  return [...seen, String(parameters), parameters.size];
});
await check("set", () => {
  const parameters = some();
  parameters.set("a", "x");
  parameters.set("n", "y");
  return String(parameters);
});
await check("arguments missing", () =>
  ["append", "set", "get", "getAll", "has", "delete"].map((name) => [thrownBy(() => some()[name]()).name, thrownBy(() => some()[name]("a")).name]));
await check("sort", () => {
  const parameters = new URLSearchParams("z=1&ﬃ=2&\ud83c\udf08=3&a=4&z=0&=5");
  parameters.sort();
  return [...parameters];
});
await check("forEach", () => {
  const seen = [];
  const parameters = some();
  const result = parameters.forEach(function (value, name, whole) {
    seen.push(value, name, whole === parameters, this.x);
  }, { x: 1 });
  return [seen, result];
});
await check("forEach needs a function", () => some().forEach(5));
await check("forEach that throws", () => some().forEach(() => { throw new RangeError(); }));
await check("iterators", () => [[...some()], [...some().entries()], [...some().keys()], [...some().values()]]);
await check("shape of an iterator", () => {
  const iterator = some().keys();
  return [String(iterator), iterator[Symbol.iterator]() === iterator, Object.keys(iterator), iterator.next()];
});
await check("an iterator's end", () => {
  const iterator = new URLSearchParams("a").values();
  return [iterator.next(), iterator.next(), iterator.next()];
});
await check("next of something else", () => Object.getPrototypeOf(some().keys()).next.call({}));
await check("changed while it is walked", () => {
  const parameters = new URLSearchParams("a=1&b=2&c=3");
  const seen = [];
  for (const [name] of parameters) {
    seen.push(name);
    parameters.delete(name);
  }
  return [seen, String(parameters)];
});
await check("added to while it is walked", () => {
  const parameters = new URLSearchParams("a=1");
  const seen = [];
  for (const [name] of parameters) {
    seen.push(name);
    if (seen.length < 3) {
      parameters.append(`${name}x`, "");
    }
  }
  return seen;
});
await check("encoding", () => {
  const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");
  return String(new URLSearchParams([[all, all]]));
});
await check("a thousand", () => {
  const parameters = new URLSearchParams();
  for (let index = 0; index < 1000; index++) {
    parameters.append(`k${index % 10}`, String(index));
  }
  return [parameters.size, parameters.getAll("k3").length, String(parameters).length];
});
