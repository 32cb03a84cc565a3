// SPDX-License-Identifier: Apache-2.0
//
// The Encoding standard: its encoder and decoder are C (engine/encoding.c), their streams are made of them here.

import { native } from "./native.js";
import { TransformStream } from "./streams.js";
import { define, defineGlobalFunction, defineInterface } from "./web_idl.js";

export const { TextDecoder, TextEncoder, atob, btoa } = native;

define(globalThis, "TextEncoder", TextEncoder);
define(globalThis, "TextDecoder", TextDecoder);
defineGlobalFunction("atob", atob);
defineGlobalFunction("btoa", btoa);

const { encode } = TextEncoder.prototype;
const { decode } = TextDecoder.prototype;
const { apply } = Reflect;
const encoder = new TextEncoder();

export class TextEncoderStream {
  #stream;

  constructor() {
    // A pair of surrogates may be cut in two by the chunks: its first half waits for the second.
    let half = "";
    this.#stream = new TransformStream({
      transform(chunk, controller) {
        let text = half + String(chunk);
        half = "";
        const last = text.charCodeAt(text.length - 1);
        if (last >= 0xd800 && last <= 0xdbff) {
          half = text.at(-1);
          text = text.slice(0, -1);
        }
        if (text !== "") {
          controller.enqueue(apply(encode, encoder, [text]));
        }
      },
      flush(controller) {
        if (half !== "") {
          controller.enqueue(apply(encode, encoder, [half]));
        }
      },
    });
  }

  get encoding() {
    this.#stream;
    return "utf-8";
  }

  get readable() {
    return this.#stream.readable;
  }

  get writable() {
    return this.#stream.writable;
  }
}

export class TextDecoderStream {
  #decoder;
  #stream;

  constructor(label = "utf-8", options = {}) {
    const decoder = new TextDecoder(label, options);
    this.#decoder = decoder;
    this.#stream = new TransformStream({
      transform(chunk, controller) {
        const text = apply(decode, decoder, [chunk, { stream: true }]);
        if (text !== "") {
          controller.enqueue(text);
        }
      },
      flush(controller) {
        const text = apply(decode, decoder, []);
        if (text !== "") {
          controller.enqueue(text);
        }
      },
    });
  }

  get encoding() {
    return this.#decoder.encoding;
  }

  get fatal() {
    return this.#decoder.fatal;
  }

  get ignoreBOM() {
    return this.#decoder.ignoreBOM;
  }

  get readable() {
    return this.#stream.readable;
  }

  get writable() {
    return this.#stream.writable;
  }
}

defineInterface("TextEncoderStream", TextEncoderStream);
defineInterface("TextDecoderStream", TextDecoderStream);
