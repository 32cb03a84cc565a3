// SPDX-License-Identifier: Apache-2.0
//
// CompressionStream and DecompressionStream: transforms around what C compresses with (engine/compression.c).

import { native } from "./native.js";
import { TransformStream } from "./streams.js";
import { defineInterface, requireArguments } from "./web_idl.js";

const { CompressionFlow } = native;
const { push, finish } = CompressionFlow.prototype;
const { apply } = Reflect;

function makeStream(format, decompress) {
  const flow = new CompressionFlow(`${format}`, decompress);
  const hand = (chunks, controller) => {
    for (let index = 0; index < chunks.length; index++) {
      controller.enqueue(chunks[index]);
    }
  };
  return new TransformStream({
    transform(chunk, controller) {
      hand(apply(push, flow, [chunk]), controller);
    },
    flush(controller) {
      hand(apply(finish, flow, []), controller);
    },
  });
}

export class CompressionStream {
  #stream;

  constructor(format) {
    requireArguments(arguments.length, 1, "CompressionStream");
    this.#stream = makeStream(format, false);
  }

  get readable() {
    return this.#stream.readable;
  }

  get writable() {
    return this.#stream.writable;
  }
}

export class DecompressionStream {
  #stream;

  constructor(format) {
    requireArguments(arguments.length, 1, "DecompressionStream");
    this.#stream = makeStream(format, true);
  }

  get readable() {
    return this.#stream.readable;
  }

  get writable() {
    return this.#stream.writable;
  }
}

defineInterface("CompressionStream", CompressionStream);
defineInterface("DecompressionStream", DecompressionStream);
