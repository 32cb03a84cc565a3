// SPDX-License-Identifier: AGPL-3.0-only

for (const kind of [
  ReadableStream,
  ReadableStreamDefaultReader,
  ReadableStreamBYOBReader,
  ReadableStreamDefaultController,
  ReadableByteStreamController,
  ReadableStreamBYOBRequest,
  WritableStream,
  WritableStreamDefaultWriter,
  WritableStreamDefaultController,
  TransformStream,
  TransformStreamDefaultController,
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
]) {
  await checkShape(kind);
}

const counting = (count, options = {}) => {
  let next = 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (next === count) {
          controller.close();
        } else {
          controller.enqueue(next++);
        }
      },
      ...options,
    },
    options.strategy,
  );
};

const drain = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return chunks;
};

await check("read to the end", async () => {
  const reader = counting(2).getReader();
  return [await reader.read(), await reader.read(), await reader.read(), await reader.closed];
});
await check("iterate", () => drain(counting(4)));
await check("values with preventCancel", async () => {
  const stream = counting(4);
  for await (const chunk of stream.values({ preventCancel: true })) {
    if (chunk === 1) {
      break;
    }
  }
  return [stream.locked, await drain(stream)];
});
await check("a loop that is left cancels", async () => {
  let reason = "none";
  const stream = counting(4, {
    cancel(given) {
      reason = given;
    },
  });
  for await (const chunk of stream) {
    break;
  }
  return [reason, stream.locked, await drain(stream)];
});
await check("the iterator's prototype", () => {
  const iterator = counting(1)[Symbol.asyncIterator]();
  const prototype = Object.getPrototypeOf(iterator);
  return [
    Object.keys(prototype),
    typeof iterator.next,
    typeof iterator.return,
    ReadableStream.prototype[Symbol.asyncIterator] === ReadableStream.prototype.values,
  ];
});
await check("from an array", () => drain(ReadableStream.from(["a", "b"])));
await check("from an async generator", () =>
  drain(
    ReadableStream.from(
      (async function* () {
        yield 1;
        yield 2;
      })(),
    ),
  ),
);
await check("from promises", () => drain(ReadableStream.from([Promise.resolve(1), 2])));
await check("from what is not iterable", () => ReadableStream.from(5));
await check("from a stream", () => drain(ReadableStream.from(counting(2))));
await check("cancelling what came from a generator", async () => {
  let ended = false;
  async function* generate() {
    try {
      yield 1;
      yield 2;
    } finally {
      ended = true;
    }
  }
  const reader = ReadableStream.from(generate()).getReader();
  await reader.read();
  await reader.cancel("enough");
  return ended;
});

await check("tee", async () => {
  const [first, second] = counting(3).tee();
  return [await drain(first), await drain(second)];
});
await check("tee shares chunks, and cancels when both do", async () => {
  let reason;
  const chunk = {};
  const stream = new ReadableStream({
    start: (controller) => controller.enqueue(chunk),
    cancel(given) {
      reason = given;
    },
  });
  const [first, second] = stream.tee();
  const same = (await first.getReader().read()).value === (await second.getReader().read()).value;
  const [third, fourth] = counting(3, { cancel: (given) => (reason = given) }).tee();
  const both = [third.cancel("a"), fourth.cancel("b")];
  await Promise.all(both);
  return [same, reason];
});
await check("locked", () => {
  const stream = counting(1);
  const reader = stream.getReader();
  const locked = [stream.locked, thrownBy(() => stream.getReader()), thrownBy(() => stream.tee())];
  reader.releaseLock();
  return [...locked, stream.locked];
});
await check("cancel of a locked stream", () => {
  const stream = counting(1);
  stream.getReader();
  return stream.cancel();
});
await check("released while reading", async () => {
  const reader = new ReadableStream().getReader();
  const read = reader.read();
  reader.releaseLock();
  return [await read.catch((error) => error), await reader.closed.catch((error) => error)];
});
await check("an error out of pull", async () => {
  const stream = new ReadableStream({
    pull() {
      throw new RangeError("no");
    },
  });
  const reader = stream.getReader();
  return [await reader.read().catch((error) => error), await reader.closed.catch((error) => error)];
});
await check("an error with what is queued", async () => {
  let controller;
  const stream = new ReadableStream({
    start(given) {
      controller = given;
      controller.enqueue("lost");
    },
  });
  controller.error("broken");
  return stream
    .getReader()
    .read()
    .then(
      () => "read",
      (reason) => reason,
    );
});
await check("back-pressure", async () => {
  const sizes = [];
  const stream = new ReadableStream(
    {
      start(controller) {
        sizes.push(controller.desiredSize);
        controller.enqueue("four");
        sizes.push(controller.desiredSize);
        controller.close();
        sizes.push(controller.desiredSize);
      },
    },
    { highWaterMark: 10, size: (chunk) => chunk.length },
  );
  await drain(stream);
  return sizes;
});
await check("pull is called as much as is wanted", async () => {
  let pulls = 0;
  new ReadableStream(
    {
      pull(controller) {
        pulls++;
        controller.enqueue(pulls);
      },
    },
    { highWaterMark: 3 },
  );
  await pause(5);
  return pulls;
});
await check("nothing is pulled before it is read", async () => {
  let pulls = 0;
  const stream = new ReadableStream({ pull: () => void pulls++ }, { highWaterMark: 0 });
  await pause(5);
  const before = pulls;
  stream.getReader().read();
  await pause(5);
  return [before, pulls];
});
await check("arguments", () => [
  thrownBy(() => new ReadableStream({ type: "other" })),
  thrownBy(() => new ReadableStream({ pull: 5 })),
  thrownBy(() => new ReadableStream({}, { highWaterMark: -1 })),
  thrownBy(() => new ReadableStream({}, { highWaterMark: NaN })),
  thrownBy(() => new ReadableStream({ type: "bytes" }, { size: () => 1 })),
  thrownBy(() => new ReadableStream(null)),
  thrownBy(() => counting(1).getReader({ mode: "byob" })),
  thrownBy(() => counting(1).getReader({ mode: "other" })),
  thrownBy(() => new WritableStream({ type: "bytes" })),
  thrownBy(() => new TransformStream({ readableType: "bytes" })),
  thrownBy(() => new ReadableStreamDefaultController()),
  thrownBy(() => new ByteLengthQueuingStrategy()),
  thrownBy(() => new CountQueuingStrategy(5)),
]);
await check("enqueue after close", () => {
  let controller;
  new ReadableStream({ start: (given) => void (controller = given) });
  controller.close();
  return [thrownBy(() => controller.enqueue(1)), thrownBy(() => controller.close())];
});
await check("queuing strategies", () => [
  new ByteLengthQueuingStrategy({ highWaterMark: "7" }).highWaterMark,
  new ByteLengthQueuingStrategy({ highWaterMark: 7 }).size(new Uint8Array(5)),
  new CountQueuingStrategy({ highWaterMark: 2 }).size({}),
  new CountQueuingStrategy({ highWaterMark: 1 }).size === new CountQueuingStrategy({ highWaterMark: 2 }).size,
]);

const bytes = (...chunks) => {
  const rest = [...chunks];
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (rest.length === 0) {
        controller.close();
        controller.byobRequest?.respond(0);
      } else {
        controller.enqueue(Uint8Array.from(rest.shift()));
      }
    },
  });
};

await check("bytes by the default reader", () => drain(bytes([1, 2], [3])));
await check("bytes into one's own buffer", async () => {
  const reader = bytes([1, 2, 3], [4]).getReader({ mode: "byob" });
  const buffer = new ArrayBuffer(4);
  const first = await reader.read(new Uint8Array(buffer, 1, 2));
  const second = await reader.read(new Uint8Array(8));
  const third = await reader.read(new DataView(new ArrayBuffer(2)));
  const end = await reader.read(new Uint8Array(3));
  return [first, buffer.byteLength, second, third.value.byteLength, third.value.constructor.name, end];
});
await check("views of wider elements", async () => {
  const reader = bytes([1, 2, 3], [4, 5]).getReader({ mode: "byob" });
  const first = await reader.read(new Uint16Array(2));
  return [first];
});
await check("an empty view", () => bytes([1]).getReader({ mode: "byob" }).read(new Uint8Array(0)));
await check("byobRequest", async () => {
  const seen = [];
  const stream = new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: 16,
    pull(controller) {
      const { view } = controller.byobRequest;
      seen.push(view.byteLength, view.constructor.name);
      view[0] = 9;
      controller.byobRequest.respond(1);
      controller.close();
    },
  });
  return [await drain(stream), seen];
});
await check("respondWithNewView", async () => {
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const { view } = controller.byobRequest;
      controller.byobRequest.respondWithNewView(new Uint8Array(view.buffer, view.byteOffset, 2));
    },
  });
  return stream.getReader({ mode: "byob" }).read(new Uint8Array(4));
});
await check("what may not be enqueued among bytes", () => {
  let controller;
  new ReadableStream({ type: "bytes", start: (given) => void (controller = given) });
  return [thrownBy(() => controller.enqueue("text")), thrownBy(() => controller.enqueue(new Uint8Array(0)))];
});
await check("enqueued buffers are taken", async () => {
  const chunk = new Uint8Array([1, 2]);
  const stream = new ReadableStream({
    type: "bytes",
    start(controller) {
      controller.enqueue(chunk);
      controller.close();
    },
  });
  return [chunk.byteLength, await drain(stream)];
});
await check("tee of bytes", async () => {
  const [first, second] = bytes([1, 2], [3]).tee();
  const reader = first.getReader({ mode: "byob" });
  const one = await reader.read(new Uint8Array(1));
  return [one, await drain(second)];
});

const collecting = (chunks, options = {}) =>
  new WritableStream(
    {
      write(chunk) {
        chunks.push(chunk);
      },
      close() {
        chunks.push("closed");
      },
      abort(reason) {
        chunks.push("aborted", reason);
      },
      ...options,
    },
    options.strategy,
  );

await check("write and close", async () => {
  const chunks = [];
  const writer = collecting(chunks).getWriter();
  const sizes = [writer.desiredSize];
  writer.write("a");
  sizes.push(writer.desiredSize);
  await writer.write("b");
  await writer.close();
  return [chunks, sizes, await writer.closed, writer.desiredSize];
});
await check("ready follows the back-pressure", async () => {
  let release;
  const stream = new WritableStream({ write: () => new Promise((resolve) => (release = resolve)) });
  const writer = stream.getWriter();
  await writer.ready;
  writer.write(1);
  let ready = false;
  const waiting = writer.ready.then(() => (ready = true));
  await pause(2);
  const before = ready;
  release();
  await waiting;
  return [before, ready];
});
await check("abort of what is written", async () => {
  const chunks = [];
  const stream = collecting(chunks);
  const writer = stream.getWriter();
  writer.write(1).catch(() => {});
  await writer.abort("why");
  return [chunks, await writer.closed.catch((reason) => reason), await writer.write(2).catch((reason) => reason)];
});
await check("an error out of write", async () => {
  const writer = new WritableStream({
    write() {
      throw new RangeError("full");
    },
  }).getWriter();
  const first = await writer.write(1).catch((error) => error);
  return [first, await writer.closed.catch((error) => error), writer.desiredSize === null];
});
await check("the controller's signal", async () => {
  let signal;
  const stream = new WritableStream({ start: (controller) => void ({ signal } = controller) });
  const before = signal.aborted;
  await stream.abort("stop");
  return [before, signal.aborted, signal.reason];
});
await check("the controller's error", async () => {
  let controller;
  const stream = new WritableStream({ start: (given) => void (controller = given) });
  controller.error("bad");
  return stream.getWriter().closed.catch((reason) => reason);
});
await check("closing twice", async () => {
  const stream = collecting([]);
  await stream.close();
  return stream.close();
});
await check("a locked writer", () => {
  const stream = collecting([]);
  const writer = stream.getWriter();
  const errors = [stream.locked, thrownBy(() => stream.getWriter())];
  writer.releaseLock();
  return [...errors, stream.locked, thrownBy(() => writer.desiredSize)];
});

await check("pipeTo", async () => {
  const chunks = [];
  const result = await counting(3).pipeTo(collecting(chunks));
  return [result, chunks];
});
await check("pipeTo with preventClose", async () => {
  const chunks = [];
  await counting(2).pipeTo(collecting(chunks), { preventClose: true });
  return chunks;
});
await check("pipeTo from what fails", async () => {
  const chunks = [];
  const stream = new ReadableStream({
    pull(controller) {
      controller.error(new RangeError("source"));
    },
  });
  const error = await stream.pipeTo(collecting(chunks)).catch((reason) => reason);
  return [error, chunks];
});
await check("pipeTo into what fails", async () => {
  let reason;
  const stream = counting(9, { cancel: (given) => void (reason = given) });
  const error = await stream
    .pipeTo(
      new WritableStream({
        write() {
          throw new RangeError("sink");
        },
      }),
    )
    .catch((given) => given);
  return [error, reason];
});
await check("pipeTo with a signal", async () => {
  const controller = new AbortController();
  const chunks = [];
  let reason;
  const stream = new ReadableStream({ cancel: (given) => void (reason = given) });
  const piped = stream.pipeTo(collecting(chunks), { signal: controller.signal });
  controller.abort("stop");
  return [await piped.catch((given) => given), reason, chunks];
});
await check("pipeTo with an aborted signal", () => counting(1).pipeTo(collecting([]), { signal: AbortSignal.abort() }));
await check("pipeTo with what is no signal", () => counting(1).pipeTo(collecting([]), { signal: {} }));
await check("pipeTo a locked stream", () => {
  const stream = collecting([]);
  stream.getWriter();
  return counting(1).pipeTo(stream);
});

await check("transform", async () => {
  const upper = new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk * 2);
      controller.enqueue("and");
    },
    flush(controller) {
      controller.enqueue("end");
    },
  });
  return drain(counting(2).pipeThrough(upper));
});
await check("identity", () => drain(counting(2).pipeThrough(new TransformStream())));
await check("terminate", async () => {
  const stream = new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      controller.terminate();
    },
  });
  return drain(counting(5).pipeThrough(stream));
});
await check("an error out of transform", async () => {
  const stream = new TransformStream({
    transform() {
      throw new RangeError("no");
    },
  });
  return drain(counting(1).pipeThrough(stream));
});
await check("transform's cancel", async () => {
  let reason = "none";
  const stream = new TransformStream({ cancel: (given) => void (reason = given) });
  await stream.readable.cancel("gone");
  return reason;
});
await check("back-pressure through a transform", async () => {
  const stream = new TransformStream({}, { highWaterMark: 1 }, { highWaterMark: 0 });
  const writer = stream.writable.getWriter();
  const sizes = [writer.desiredSize];
  writer.write(1);
  await pause(2);
  sizes.push(writer.desiredSize);
  await stream.readable.getReader().read();
  await pause(2);
  sizes.push(writer.desiredSize);
  return sizes;
});
await check("a chain", async () => {
  const add = () =>
    new TransformStream({
      transform: (chunk, controller) => controller.enqueue(chunk + 1),
    });
  return drain(counting(50).pipeThrough(add()).pipeThrough(add()).pipeThrough(add()));
});
await check("order of promises", async () => {
  const seen = [];
  const reader = counting(1).getReader();
  reader.read().then(() => seen.push("read"));
  reader.closed.then(() => seen.push("closed"));
  reader.read().then(() => seen.push("end"));
  await pause(2);
  return seen;
});
await check("this must be a stream", () => [
  thrownBy(() => ReadableStream.prototype.getReader.call({})),
  thrownBy(() => Object.getOwnPropertyDescriptor(WritableStream.prototype, "locked").get.call({})),
  thrownBy(() => Object.getOwnPropertyDescriptor(TransformStream.prototype, "readable").get.call(null)),
]);
await check("own properties", () => Object.keys(new ReadableStream()).length);
