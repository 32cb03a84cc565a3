// SPDX-License-Identifier: AGPL-3.0-only

for (const kind of [TextEncoder, TextDecoder, TextEncoderStream, TextDecoderStream]) {
  await checkShape(kind);
}

const bytes = (...values) => new Uint8Array(values);
const ascii = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

await check("encode", () => ["", undefined, "aé€😀", "\ud800x\udc00", 5, null].map((value) => new TextEncoder().encode(value)));
await check("encode nothing", () => new TextEncoder().encode());
await check("encode a symbol", () => new TextEncoder().encode(Symbol()));
await check("encode a long text", () => new TextEncoder().encode("aé€😀".repeat(5000)).length);
await check("encode is of a TextEncoder", () => TextEncoder.prototype.encode.call({}, "x"));
await check("encodeInto", () =>
  [0, 1, 2, 3, 5, 6, 9, 10, 11].map((size) => {
    const target = new Uint8Array(size).fill(255);
    return [new TextEncoder().encodeInto("aé€😀", target), target];
  }));
await check("encodeInto with lone surrogates", () => {
  const target = new Uint8Array(8);
  return [new TextEncoder().encodeInto("\udc00\ud800a", target), target];
});
await check("encodeInto a part", () => {
  const whole = new Uint8Array(8);
  return [new TextEncoder().encodeInto("abc", whole.subarray(2, 4)), whole];
});
await check("encodeInto of something else", () => new TextEncoder().encodeInto("a", new Uint16Array(4)));
await check("encodeInto nothing", () => new TextEncoder().encodeInto("a"));

const LABELS = `utf-8 utf8 UTF8 unicode-1-1-utf-8 ascii us-ascii latin1 l1 iso-8859-1 iso-8859-2 latin2 iso-8859-3 iso-8859-4 iso-8859-5
  cyrillic iso-8859-6 arabic iso-8859-7 greek iso-8859-8 iso-8859-8-i logical iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15 l9
  iso-8859-16 koi8-r koi koi8-u macintosh mac windows-874 tis-620 windows-1250 windows-1251 windows-1252 windows-1253 windows-1254
  windows-1255 windows-1256 windows-1257 windows-1258 x-mac-cyrillic gbk gb2312 gb18030 big5 big5-hkscs euc-jp iso-2022-jp
  shift_jis sjis euc-kr korean utf-16 utf-16le utf-16be unicode ucs-2`.split(/\s+/);
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, index) => index);
const codes = (text) => Array.from(text, (character) => character.codePointAt(0).toString(16)).join(" ");
// Where ICU, which Node decodes by, has tables that are not the standard's.
const OTHERWISE = new Set(
  `windows-1252 iso-8859-16 koi8-u windows-874 windows-1253 windows-1255 gbk gb2312 big5 euc-jp shift_jis euc-kr`.split(" "),
);
for (const label of LABELS) {
  const { encoding } = new TextDecoder(label === "iso-8859-16" ? "utf-8" : label);
  await check(`label ${label}`, () => new TextDecoder(label).encoding);
  if (!OTHERWISE.has(encoding) && !OTHERWISE.has(label)) {
    await check(`every byte in ${label}`, () => codes(new TextDecoder(label).decode(EVERY_BYTE)));
  }
}
await check("spaces and case of a label", () => new TextDecoder("\t UTF-8\n").encoding);
for (const label of ["", "utf-9", "replacement", "iso-2022-kr", "utf-8\0", "ütf-8", null]) {
  await check(`no label: ${JSON.stringify(label)}`, () => new TextDecoder(label).encoding);
}
await check("several bytes for a character", () => [
  new TextDecoder("sjis").decode(bytes(0x82, 0xa0, 0x41, 0x82)),
  new TextDecoder("gb18030").decode(bytes(0x81, 0x30, 0x81, 0x30, 0xa2, 0xe3)),
  new TextDecoder("big5").decode(bytes(0xa4, 0x40)),
  new TextDecoder("euc-kr").decode(bytes(0xb0, 0xa1)),
  new TextDecoder("euc-jp").decode(bytes(0x8f, 0xa2, 0xaf, 0xa4, 0xa2)),
  new TextDecoder("iso-2022-jp").decode(bytes(0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x42, 0x61)),
  new TextDecoder("utf-16le").decode(bytes(0x3d, 0xd8, 0x00, 0xde, 0x00, 0xd8)),
  new TextDecoder("utf-16be").decode(bytes(0xd8, 0x3d, 0xde, 0x00, 0x41)),
]);

const MALFORMED = [[0xff], [0xc0, 0x80], [0xe2, 0x82], [0xe2, 0x82, 0x41], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf0, 0x9f, 0x98], [0x80]];
for (const malformed of MALFORMED) {
  await check(`malformed ${malformed}`, () => new TextDecoder().decode(bytes(0x61, ...malformed, 0x62)));
  await check(`malformed at the end ${malformed}`, () => new TextDecoder().decode(bytes(0x61, ...malformed)));
  await check(`fatal ${malformed}`, () => new TextDecoder("utf-8", { fatal: true }).decode(bytes(0x61, ...malformed)));
}
await check("valid and fatal", () => new TextDecoder("utf-8", { fatal: true }).decode(new TextEncoder().encode("aé€😀")));
await check("fatal in another encoding", () => new TextDecoder("sjis", { fatal: true }).decode(bytes(0x82)));
await check("usable after an error", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return [thrownBy(() => decoder.decode(bytes(0xe2, 0x82), { stream: true })), thrownBy(() => decoder.decode(bytes(0x41))).name, decoder.decode(bytes(0x41))];
});
await check("byte order marks", () => [
  new TextDecoder().decode(bytes(0xef, 0xbb, 0xbf, 0x41)),
  new TextDecoder().decode(bytes(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf)),
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes(0xef, 0xbb, 0xbf, 0x41)),
  new TextDecoder("utf-16le").decode(bytes(0xff, 0xfe, 0x41, 0)),
  new TextDecoder("utf-16be").decode(bytes(0xfe, 0xff, 0, 0x41)),
  new TextDecoder("utf-16le").decode(bytes(0xfe, 0xff, 0x41, 0)),
  new TextDecoder("latin1").decode(bytes(0xef, 0xbb, 0xbf, 0x41)),
]);
await check("two characters for two bytes", () => new TextDecoder("big5").decode(bytes(0x88, 0x62)));
await check("in pieces", () => {
  const whole = new TextEncoder().encode("\ufeffaé€😀z\ufeff");
  const results = [];
  for (let size = 1; size <= whole.length; size++) {
    const decoder = new TextDecoder();
    let text = "";
    for (let start = 0; start < whole.length; start += size) {
      text += `${decoder.decode(whole.subarray(start, start + size), { stream: true })}|`;
    }
    results.push(text + decoder.decode());
  }
  return results;
});
await check("a stream is over without stream", () => {
  const decoder = new TextDecoder();
  return [decoder.decode(bytes(0xe2, 0x82), { stream: true }), decoder.decode(bytes(0x41)), decoder.decode(bytes(0xef, 0xbb, 0xbf, 0x42))];
});
await check("a byte order mark later in a stream", () => {
  const decoder = new TextDecoder();
  return [decoder.decode(ascii("abc"), { stream: true }), decoder.decode(bytes(0xef, 0xbb, 0xbf), { stream: true }), decoder.decode(), decoder.decode(bytes(0xef, 0xbb, 0xbf))];
});
await check("what can be decoded", () => {
  const { buffer } = bytes(0x61, 0x62, 0x63, 0x64);
  return [buffer, new DataView(buffer, 1, 2), new Uint16Array(buffer, 2, 1), undefined].map((value) => new TextDecoder().decode(value));
});
await check("decode null", () => new TextDecoder().decode(null));
await check("decode a string", () => new TextDecoder().decode("abc"));
await check("decode an array", () => new TextDecoder().decode([97]));
await check("options that are none", () => new TextDecoder("utf-8", 5));
await check("null for options", () => new TextDecoder("utf-8", null).fatal);
await check("attributes", () => {
  const { encoding, fatal, ignoreBOM } = new TextDecoder("l1", { fatal: 1, ignoreBOM: "yes" });
  return [encoding, fatal, ignoreBOM];
});
await check("a long text", () => new TextDecoder().decode(new TextEncoder().encode("aé€😀".repeat(5000))).length);

async function through(stream, chunks) {
  const writer = stream.writable.getWriter();
  const writing = (async () => {
    for (const chunk of chunks) {
      await writer.write(chunk);
    }
    await writer.close();
  })();
  writing.catch(() => {});
  const read = [];
  for await (const chunk of stream.readable) {
    read.push(chunk);
  }
  return read;
}
await check("a stream that encodes", () => through(new TextEncoderStream(), ["a", "\ud83d", "\ude00b", "", "\ud83d", "c", "\ude00", 5, "\ud83d"]));
await check("a stream that decodes", () => through(new TextDecoderStream(), [bytes(0xef, 0xbb), bytes(0xbf, 0x61, 0xe2), bytes(0x82, 0xac).buffer, bytes(), bytes(0xf0)]));
await check("a stream that decodes shift_jis", () => through(new TextDecoderStream("sjis"), [bytes(0x82), bytes(0xa0)]));
await check("a stream that must not be malformed", () => through(new TextDecoderStream("utf-8", { fatal: true }), [bytes(0xff)]));
await check("a stream that must not be cut off", () => through(new TextDecoderStream("utf-8", { fatal: true }), [bytes(0xe2)]));
await check("a stream of what cannot be decoded", () => through(new TextDecoderStream(), ["text"]));
await check("attributes of streams", () => {
  const { encoding, fatal, ignoreBOM } = new TextDecoderStream("l1", { fatal: true });
  return [new TextEncoderStream().encoding, encoding, fatal, ignoreBOM];
});
await check("a stream of a label that is none", () => new TextDecoderStream("utf-9"));

for (const text of ["", "YQ==", "YWI=", "YWJj", " Y\tW\nJ\fj\r ", "YQ", "YWI", "YQ=", "Y", "YQ===", "YWJj=", "YQ==YQ==", "Y-_j", "YW€", "=", "====", "YR==", "/+8=", "ab\u00a0cd", null, undefined, 12345678]) {
  await check(`atob(${JSON.stringify(text)})`, () => atob(text));
}
for (const text of ["", "a", "ab", "abc", "\0\xff\x80", "€", "a\ud800", null, undefined, 5]) {
  await check(`btoa(${JSON.stringify(text)})`, () => btoa(text));
}
await check("atob of nothing", () => atob());
await check("btoa of nothing", () => btoa());
await check("atob of a symbol", () => atob(Symbol()));
await check("codes of the errors", () => [thrownBy(() => atob("a")).code, thrownBy(() => btoa("€")).code]);
await check("there and back", () => {
  let text = "";
  const wrong = [];
  for (let size = 0; size < 300; size++) {
    if (atob(btoa(text)) !== text) {
      wrong.push(size);
    }
    text += String.fromCharCode((size * 7) % 256);
  }
  return wrong;
});
