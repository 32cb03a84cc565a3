// SPDX-License-Identifier: AGPL-3.0-only
//
// Forms as bodies: the library's hooks beside what Node's Request and Response do with the same bytes.

const encode = (text) => Uint8Array.from(unescape(encodeURIComponent(text)), (letter) => letter.charCodeAt(0));
const decode = (bytes) => decodeURIComponent(escape(String.fromCharCode(...bytes)));
const ours = globalThis.hooks !== undefined;

const parse = async (text, type) => {
  const bytes = typeof text === "string" ? encode(text) : text;
  const form = ours
    ? hooks.parseFormData(bytes, type)
    : await new Response(bytes, { headers: { "content-type": type } }).formData();
  const entries = [];
  for (const [name, value] of form) {
    entries.push([
      name,
      typeof value === "string" ? value : [value.name, value.type, new Uint8Array(await value.arrayBuffer())],
    ]);
  }
  return entries;
};

// The boundary, which is random, is taken out.
const serialize = async (form) => {
  let bytes;
  let type;
  if (ours) {
    ({ source: bytes, type } = hooks.extractBody(form));
  } else {
    const response = new Response(form);
    type = response.headers.get("content-type");
    bytes = new Uint8Array(await response.arrayBuffer());
  }
  const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(type)[1];
  return decode(bytes).replaceAll(boundary, "BOUNDARY");
};

const formOf = (...entries) => {
  const form = new FormData();
  for (const entry of entries) {
    form.append(...entry);
  }
  return form;
};

await check("writing an empty form", () => serialize(formOf()));
await check("writing fields", () =>
  serialize(formOf(["a", "1"], ["b", "two\nlines\r\nand\rmore"], ["日本", "語"], ["", ""])),
);
await check("writing names that need care", () =>
  serialize(formOf(['q"uote', "x"], ["new\nline", "x"], ["back\\slash", "%22"])),
);
await check("writing files", () =>
  serialize(
    formOf(
      ["f", new File(["body\n"], "n.txt", { type: "text/plain" })],
      ["g", new Blob(["x"])],
      ["h", new File([], 'we"ird\n.txt', { type: "a/b" }), "日本.txt"],
      ["i", new File([], 'we"ird\r\n.txt')],
    ),
  ),
);

const part = (headers, body) => `--X\r\n${headers}\r\n\r\n${body}\r\n`;
const field = (name, value) => part(`Content-Disposition: form-data; name="${name}"`, value);
const type = "multipart/form-data; boundary=X";

await check("reading fields", () =>
  parse(`${field("a", "1")}${field("b", "two\r\nlines")}${field("a", "")}--X--\r\n`, type),
);
await check("reading without the last line end", () => parse(`${field("a", "1")}--X--`, type));
await check("reading files", () =>
  parse(
    `${part('Content-Disposition: form-data; name="f"; filename="n.txt"\r\nContent-Type: text/css', "x{}")}${part('Content-Disposition: form-data; name="g"; filename=""', "")}--X--\r\n`,
    type,
  ),
);
await check("reading bytes", () => {
  const head = encode(
    '--X\r\nContent-Disposition: form-data; name="f"; filename="b"\r\nContent-Type: application/octet-stream\r\n\r\n',
  );
  return parse(Uint8Array.from([...head, 0, 255, 13, 10, 45, 45, 89, ...encode("\r\n--X--\r\n")]), type);
});
await check("reading names beyond ASCII", () =>
  parse(
    `${field("日本", "語")}${part('Content-Disposition: form-data; name="f"; filename="日本.txt"', "x")}--X--\r\n`,
    type,
  ),
);
await check("reading what was escaped", () =>
  parse(
    `${field("a%22b%0D%0Ac", "x")}${part('Content-Disposition: form-data; name="f"; filename="a%22b.txt"', "x")}--X--\r\n`,
    type,
  ),
);
await check("reading headers of any case", () =>
  parse(`${part('content-disposition: form-data; name="a"\r\nX-Other: 1', "x")}--X--\r\n`, type),
);
await check("reading a boundary in quotes", () =>
  parse(
    `--a b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--a b--\r\n`,
    'multipart/form-data; boundary="a b"',
  ),
);
await check("reading a type with further parameters", () =>
  parse(`${field("a", "1")}--X--\r\n`, "Multipart/Form-Data; charset=utf-8; boundary=X"),
);
await check("reading what looks like a boundary", () =>
  parse(`${field("a", "a--X\r\n-X\r\n--Y\r--X\n--X")}--X--\r\n`, type),
);
await check("reading an empty form", () => parse("--X--\r\n", type));
await check("reading nothing", () => parse("", type));
await check("reading what is cut off", () => parse(field("a", "1"), type));
await check("reading another boundary", () => parse(`${field("a", "1")}--X--\r\n`, "multipart/form-data; boundary=Y"));
await check("reading without a boundary", () => parse(`${field("a", "1")}--X--\r\n`, "multipart/form-data"));
await check("reading a part without a name", () =>
  parse(`${part("Content-Disposition: form-data", "x")}--X--\r\n`, type),
);
await check("reading a part without headers", () => parse("--X\r\n\r\nx\r\n--X--\r\n", type));
await check("reading what is no form", () => parse("x", "text/plain"));
await check(
  "reading a file of no type",
  async () =>
    (await parse(`${part('Content-Disposition: form-data; name="f"; filename="n"', "x")}--X--\r\n`, type))[0][1][1],
);
await check("reading text with a mark", () => parse(`${field("a", "\ufeffx")}--X--\r\n`, type));
await check(
  "reading many parts",
  async () =>
    (await parse(`${Array.from({ length: 3000 }, (_, index) => field(`n${index}`, "v")).join("")}--X--\r\n`, type))
      .length,
);
await check(
  "reading a large part",
  async () => (await parse(`${field("a", "x".repeat(3_000_000))}--X--\r\n`, type))[0][1].length,
);

await check("both ways", async () => {
  const form = formOf(["a", "1\r\n"], ["f", new File([new Uint8Array(300)], "n", { type: "a/b" })], ['"q"', "x"]);
  let bytes;
  let contentType;
  if (ours) {
    ({ source: bytes, type: contentType } = hooks.extractBody(form));
  } else {
    const response = new Response(form);
    contentType = response.headers.get("content-type");
    bytes = new Uint8Array(await response.arrayBuffer());
  }
  return parse(bytes, contentType);
});

await check("urlencoded", () => parse("a=1&b=two+words&a=%C3%A9&c&=x", "application/x-www-form-urlencoded"));
await check("urlencoded with a charset", () => parse("a=1", "application/x-www-form-urlencoded;charset=UTF-8"));
