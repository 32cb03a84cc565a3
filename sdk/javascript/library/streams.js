// SPDX-License-Identifier: Apache-2.0
//
// The streams of https://streams.spec.whatwg.org/, and what C needs of them for bodies.

import * as streams from "web-streams-polyfill";
import { hooks } from "./native.js";
import { define } from "./web_idl.js";

export const { ReadableStream, ReadableStreamDefaultReader, TransformStream, WritableStream } = streams;

for (const [name, constructor] of Object.entries(streams)) {
  Object.defineProperty(constructor, "name", { value: name, configurable: true });
  define(globalThis, name, constructor);
}

// Gone from the standard.
delete streams.WritableStreamDefaultController.prototype.abortReason;

// What scripts may replace on the prototypes is taken now: bodies go on working whatever a script does.
const getter = (constructor, name) => Object.getOwnPropertyDescriptor(constructor.prototype, name).get;
const lockedOf = getter(ReadableStream, "locked");
const { cancel: cancelStream, tee, getReader } = ReadableStream.prototype;
const { read, cancel } = ReadableStreamDefaultReader.prototype;
const { enqueue, close } = streams.ReadableByteStreamController.prototype;
const byobRequestOf = getter(streams.ReadableByteStreamController, "byobRequest");
const { respond } = streams.ReadableStreamBYOBRequest.prototype;
const { apply } = Reflect;
const { hasOwn } = Object;
const { isPrototypeOf } = Object.prototype;

// Asked for every body: it must not throw to find out.
export function isReadableStream(value) {
  return (
    typeof value === "object" &&
    value !== null &&
    hasOwn(value, "_readableStreamController") &&
    apply(isPrototypeOf, ReadableStream.prototype, [value])
  );
}

// A byte stream out of C: pull() promises a Uint8Array, or null at the end. Nothing is asked for before it is read.
export function createBodyStream(pull, cancelSource) {
  return new ReadableStream(
    {
      type: "bytes",
      async pull(controller) {
        let chunk;
        do {
          chunk = await pull();
        } while (chunk !== null && chunk.byteLength === 0);
        if (chunk !== null) {
          apply(enqueue, controller, [chunk]);
          return;
        }
        apply(close, controller, []);
        // A reader that brought its own buffer waits for that buffer.
        const request = apply(byobRequestOf, controller, []);
        if (request !== null) {
          apply(respond, request, [0]);
        }
      },
      cancel: cancelSource,
    },
    { highWaterMark: 0 },
  );
}

export function streamReader(stream) {
  const reader = apply(getReader, stream, []);
  return {
    read: () => apply(read, reader, []),
    cancel: (reason) => apply(cancel, reader, [reason]),
  };
}

hooks.createBodyStream = createBodyStream;
hooks.isReadableStream = isReadableStream;
hooks.streamReader = streamReader;
hooks.isDisturbed = (stream) => stream._disturbed;
hooks.isLocked = (stream) => apply(lockedOf, stream, []);
hooks.teeStream = (stream) => apply(tee, stream, []);
hooks.cancelStream = (stream, reason) => apply(cancelStream, stream, [reason]);
