// SPDX-License-Identifier: AGPL-3.0-only

for (const kind of [Blob, File, FormData]) {
  await checkShape(kind);
}

await check("blob of parts", async () => {
  const blob = new Blob(["häh", new Uint8Array([33, 34]), new Blob(["x"]), new Uint16Array([65]).buffer, 5, null], {
    type: "Text/PLAIN",
  });
  return [blob.size, blob.type, await blob.text()];
});
await check("blob of nothing", async () => [
  new Blob().size,
  new Blob([]).size,
  new Blob(undefined, null).type,
  await new Blob().text(),
]);
await check("blob arguments", () => [
  thrownBy(() => new Blob("text")),
  thrownBy(() => new Blob(5)),
  thrownBy(() => new Blob({})),
  thrownBy(() => new Blob([], { endings: "other" })),
  thrownBy(() => new Blob([], 5)),
  thrownBy(() => new Blob([Symbol()])),
  thrownBy(() => new Blob([{ toString: () => ({}) }])),
]);
await check("blob from any iterable", () => new Blob(new Set(["a", "bc"])).text());
await check("blob types", () =>
  ["a/b", "A/B;c=D", "\u00e9/x", "a\nb", " x "].map((type) => new Blob([], { type }).type),
);
await check("blob keeps what it was given", async () => {
  const bytes = new Uint8Array([1, 2]);
  const blob = new Blob([bytes]);
  bytes[0] = 9;
  return new Uint8Array(await blob.arrayBuffer());
});
await check("blob line endings", async () => new Blob(["a\r\nb\rc\n"], { endings: "native" }).text());
await check("lone surrogates", async () => new Uint8Array(await new Blob(["\ud800"]).arrayBuffer()));
const ten = new Blob(["0123", "456789"]);
for (const range of [[], [2], [2, 5], [-3], [-3, -1], [5, 2], [0, 100]]) {
  await check(`slice(${range.map(String).join(", ")})`, () => ten.slice(...range).text());
}
await check("slice with a type", () => [ten.slice(0, 1, "A/B").type, ten.slice(0, 1).type, ten.slice(2, 5).size]);
await check("slice of a slice", () => ten.slice(2, 9).slice(1, -1).text());
await check("blob as a stream", async () => {
  const chunks = [];
  for await (const chunk of ten.stream()) {
    chunks.push(...chunk);
  }
  return chunks;
});
await check("blob as a stream of bytes", async () => {
  const reader = ten.stream().getReader({ mode: "byob" });
  const { value, done } = await reader.read(new Uint8Array(3));
  return [value.byteLength, done];
});
await check("a large blob as a stream", async () => {
  let size = 0;
  for await (const chunk of new Blob([new Uint8Array(300000)]).stream()) {
    size += chunk.byteLength;
  }
  return size;
});
await check(
  "text without its mark",
  async () => (await new Blob([new Uint8Array([0xef, 0xbb, 0xbf, 65])]).text()).length,
);
await check("text of broken bytes", () => new Blob([new Uint8Array([0xff, 65, 0xe2, 0x82])]).text());
await check("file", async () => {
  const file = new File(["abc"], "n.txt", { type: "t/x", lastModified: 5.7 });
  return [file.name, file.lastModified, file.size, file.type, await file.text(), file instanceof Blob, String(file)];
});
await check("file names", () => [new File([], 5).name, new File([], "a/b").name, new File([], "\ud800").name]);
await check("file arguments", () => [
  thrownBy(() => new File()),
  thrownBy(() => new File([])),
  thrownBy(() => new File(undefined, "x")),
  thrownBy(() => new File("text", "x")),
]);
await check("lastModified is now", () => Math.abs(new File([], "x").lastModified - Date.now()) < 5000);
await check("lastModified is converted", () =>
  ["7", null, true, NaN, -1, 2 ** 40].map((lastModified) => new File([], "x", { lastModified }).lastModified),
);
await check("slice of a file", () => {
  const slice = new File(["abc"], "n").slice(1);
  return [slice instanceof File, slice instanceof Blob, slice.size];
});
await check("brands", () => [
  thrownBy(() => Object.getOwnPropertyDescriptor(Blob.prototype, "size").get.call({})),
  thrownBy(() => Object.getOwnPropertyDescriptor(File.prototype, "name").get.call(new Blob())),
]);

const entriesOf = (form) =>
  [...form].map(([name, value]) => [name, typeof value === "string" ? value : [value.name, value.type, value.size]]);

await check("append and read", () => {
  const form = new FormData();
  form.append("a", 1);
  form.append("b", new Blob(["x"], { type: "t/x" }));
  form.append("a", "two\nlines");
  form.append("c", new File(["y"], "own"), "other");
  form.append("d", new File(["y"], "own"));
  form.append("\ud800", null);
  return [
    entriesOf(form),
    form.get("a"),
    form.getAll("a"),
    form.has("b"),
    form.has("z"),
    form.get("z"),
    form.getAll("z"),
  ];
});
await check("set", () => {
  const form = new FormData();
  for (const [name, value] of [
    ["a", 1],
    ["b", 2],
    ["a", 3],
    ["c", 4],
    ["a", 5],
  ]) {
    form.append(name, value);
  }
  form.set("a", "new");
  form.set("z", "last");
  form.delete("b");
  return entriesOf(form);
});
await check("the file that was appended", () => {
  const form = new FormData();
  const file = new File(["y"], "own", { lastModified: 9 });
  form.append("a", file);
  form.append("b", file, "new");
  return [form.get("a") === file, form.get("b") === file, form.get("b").lastModified, form.get("b").name];
});
await check("iterators", () => {
  const form = new FormData();
  form.append("a", 1);
  form.append("b", 2);
  const seen = [];
  form.forEach(
    function (value, name, whole) {
      seen.push(value, name, whole === form, this.that);
    },
    { that: 1 },
  );
  const iterator = form.entries();
  const prototype = Object.getPrototypeOf(iterator);
  return [
    [...form.keys()],
    [...form.values()],
    seen,
    FormData.prototype[Symbol.iterator] === FormData.prototype.entries,
    Object.prototype.toString.call(iterator),
    Object.keys(prototype),
    iterator[Symbol.iterator]() === iterator,
  ];
});
await check("appended while iterating", () => {
  const form = new FormData();
  form.append("a", 1);
  const seen = [];
  for (const [name] of form) {
    seen.push(name);
    if (seen.length < 3) {
      form.append(`more${seen.length}`, 1);
    }
  }
  return seen;
});
await check("form arguments", () => {
  const form = new FormData();
  return [
    thrownBy(() => form.append("a")),
    thrownBy(() => form.append("a", "text", "name")),
    thrownBy(() => form.set("a")),
    thrownBy(() => form.get()),
    thrownBy(() => form.forEach(5)),
    thrownBy(() => new FormData(5)),
    thrownBy(() => FormData.prototype.append.call({}, "a", "b")),
  ];
});
