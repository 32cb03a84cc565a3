// SPDX-License-Identifier: AGPL-3.0-only

for (const kind of [CompressionStream, DecompressionStream]) {
  await checkShape(kind);
}

// Node leaves some streams open for ever.
const SECONDS = 3;
const FORMATS = ["gzip", "deflate", "deflate-raw"];

async function through(stream, ...chunks) {
  const writer = stream.writable.getWriter();
  const writing = (async () => {
    for (const chunk of chunks) {
      await writer.write(chunk);
    }
    await writer.close();
  })();
  writing.catch(() => {});
  const read = [];
  const reading = (async () => {
    for await (const chunk of stream.readable) {
      read.push(...chunk);
    }
    return Uint8Array.from(read);
  })();
  return Promise.race([reading, pause(SECONDS * 1000).then(() => "does not end")]);
}

const fromHex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
// "fn0 fn0 fn0" by another's zlib.
const KNOWN = {
  gzip: fromHex("1f8b08000000000000034bcb3350488360008abaf9810b000000"),
  deflate: fromHex("789c4bcb3350488360001475034d"),
  "deflate-raw": fromHex("4bcb335048836000"),
};
const text = new TextEncoder().encode("The quick brown fox jumps over the lazy dog. ".repeat(2000));
const noise = Uint8Array.from({ length: 70000 }, (_, index) => (index * index * 31 + (index >> 3)) % 251);

for (const format of FORMATS) {
  for (const [name, data] of [["text", text], ["noise", noise], ["nothing", new Uint8Array()]]) {
    await check(`${name} through ${format} and back`, async () => {
      const small = await through(new CompressionStream(format), data);
      const back = await through(new DecompressionStream(format), small);
      return [back.length === data.length, back.every((byte, index) => byte === data[index]), small.length < data.length / 50];
    });
  }
  await check(`${format} in pieces`, async () => {
    const pieces = Array.from({ length: 100 }, (_, index) => text.subarray(index * 900, (index + 1) * 900));
    const small = await through(new CompressionStream(format), ...pieces);
    const back = await through(new DecompressionStream(format), ...Array.from(small, (byte) => Uint8Array.of(byte)));
    return [back.length, back.every((byte, index) => byte === text[index])];
  });
  await check(`${format} of another`, async () => new TextDecoder().decode(await through(new DecompressionStream(format), KNOWN[format])));
  await check(`${format} cut off`, () => through(new DecompressionStream(format), KNOWN[format].subarray(0, -1)));
  await check(`${format} of nothing`, () => through(new DecompressionStream(format)));
  await check(`${format} followed by more`, () => through(new DecompressionStream(format), Uint8Array.of(...KNOWN[format], 0)));
  await check(`${format} followed by another chunk`, () => through(new DecompressionStream(format), KNOWN[format], Uint8Array.of(0)));
  await check(`${format} that is none`, () => through(new DecompressionStream(format), Uint8Array.of(255, 254, 253, 252, 251)));
  await check(`${format} damaged`, async () => {
    const damaged = KNOWN[format].slice();
    damaged[damaged.length - 5] ^= 0x10;
    return new TextDecoder().decode(await through(new DecompressionStream(format), damaged));
  });
  await check(`${format} of views`, async () => {
    const { buffer } = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const small = await through(new CompressionStream(format), buffer, new DataView(buffer, 2, 2), new Uint16Array(buffer, 4, 1));
    return through(new DecompressionStream(format), small.buffer);
  });
  for (const chunk of ["text", null, [1]]) {
    await check(`${format} of ${JSON.stringify(chunk)}`, () => through(new CompressionStream(format), chunk));
  }
}
await check("gzip with a name in its head", async () => {
  const head = Uint8Array.of(0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3, 0x61, 0x2e, 0x74, 0);
  return new TextDecoder().decode(await through(new DecompressionStream("gzip"), Uint8Array.of(...head, ...KNOWN.gzip.subarray(10))));
});
await check("no format", () => new CompressionStream());
await check("a format that is none", () => new CompressionStream("br2"));
await check("a format in capitals", () => new DecompressionStream("GZIP"));
await check("a format that is converted", () => new CompressionStream({ toString: () => "gzip" }).readable instanceof ReadableStream);
await check("piped", async () => {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")).pipeThrough(new DecompressionStream("gzip"));
  return (await new Response(stream).text()).length;
});
