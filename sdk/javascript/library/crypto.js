// SPDX-License-Identifier: Apache-2.0
//
// crypto: random numbers. crypto.subtle is a part.

import { toBytes } from "./buffer_source.js";
import { domException } from "./dom_exception.js";
import { native } from "./native.js";
import { defineLazily, part } from "./part.js";
import { randomBytes, refuseInSnapshot } from "./random.js";
import { defineInterface, defineReplaceableGlobal, illegalConstructor, requireArguments } from "./web_idl.js";

const MAKE = Symbol("make");
const RANDOM_BYTES_MAX = 65536;

const integerArrays = new Set(
  "Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array".split(" "),
);
const typeOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get;
const { toHex } = Uint8Array.prototype;

export class Crypto {
  #subtle;

  constructor() {
    if (arguments[0] !== MAKE) {
      throw illegalConstructor();
    }
  }

  get subtle() {
    return (this.#subtle ??= part("subtle_crypto").subtle);
  }

  getRandomValues(array) {
    this.#subtle;
    requireArguments(arguments.length, 1, "getRandomValues");
    if (!integerArrays.has(Reflect.apply(typeOf, array, []))) {
      if (!ArrayBuffer.isView(array)) {
        throw new TypeError("The array is not a view of an ArrayBuffer");
      }
      throw domException("TypeMismatchError", "The array is not one of integers");
    }
    const bytes = toBytes(array);
    if (bytes.length > RANDOM_BYTES_MAX) {
      throw domException("QuotaExceededError", `No more than ${RANDOM_BYTES_MAX} random bytes are given at once`);
    }
    refuseInSnapshot("crypto.getRandomValues");
    native.randomFill(bytes);
    return array;
  }

  randomUUID() {
    this.#subtle;
    refuseInSnapshot("crypto.randomUUID");
    const bytes = randomBytes(16);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Reflect.apply(toHex, bytes, []);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }
}

defineLazily("SubtleCrypto", "subtle_crypto");
defineLazily("CryptoKey", "subtle_crypto");
defineInterface("Crypto", Crypto);

const crypto = new Crypto(MAKE);
defineReplaceableGlobal("crypto", Object.getOwnPropertyDescriptor({ get crypto() { return crypto; } }, "crypto").get);
