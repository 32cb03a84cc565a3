// SPDX-License-Identifier: Apache-2.0
//
// crypto and crypto.subtle: arguments, keys' permissions, and which operation an algorithm has. All is computed before the
// promise is given back, so what is handed in needs no copy.

import { algorithmOfKey, findOperation, normalize, randomBytes, refuseInSnapshot } from "./crypto_algorithms.js";
import { cloneKey, dataError, domException, isCryptoKey, notSupported, toBytes, toUsages } from "./crypto_key.js";
import { TextDecoder, TextEncoder } from "./encoding.js";
import { native } from "./native.js";
import { registerCloneable } from "./structured_clone.js";
import { defineInterface, defineReplaceableGlobal, illegalConstructor, requireArguments } from "./web_idl.js";

const MAKE = Symbol("make");
const FORMATS = ["raw", "spki", "pkcs8", "jwk"];
const RANDOM_BYTES_MAX = 65536;

function toFormat(value) {
  const format = `${value}`;
  if (!FORMATS.includes(format)) {
    throw new TypeError(`'${format}' is not a format of keys`);
  }
  return format;
}

function toKey(value) {
  if (!isCryptoKey(value)) {
    throw new TypeError("The key is not a CryptoKey");
  }
  return value;
}

// A key for a use of it: it has to be of that algorithm, and to allow that.
function checkUse(key, algorithm, usage) {
  if (key.algorithm.name !== algorithm.name) {
    throw domException("InvalidAccessError", `The key is one of ${key.algorithm.name}, not of ${algorithm.name}`);
  }
  if (!key.usages.includes(usage)) {
    throw domException("InvalidAccessError", `The key may not be used for ${usage}`);
  }
}

function toLength(value) {
  return value === null || value === undefined ? null : value >>> 0;
}

function exportBytes(format, key) {
  const algorithm = algorithmOfKey(key);
  if (algorithm.exportKey === undefined) {
    throw notSupported(`Keys of ${algorithm.name} cannot be exported`);
  }
  if (!key.extractable) {
    throw domException("InvalidAccessError", "The key is not extractable");
  }
  return algorithm.exportKey(format, key);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

function parseJwk(bytes) {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    throw dataError("What was unwrapped is not a JSON Web Key");
  }
}

export class SubtleCrypto {
  #brand;

  constructor() {
    if (arguments[0] !== MAKE) {
      throw illegalConstructor();
    }
  }

  async encrypt(algorithm, key, data) {
    this.#brand;
    requireArguments(arguments.length, 3, "encrypt");
    return useKey("encrypt", algorithm, toKey(key), toBytes(data, "The data"));
  }

  async decrypt(algorithm, key, data) {
    this.#brand;
    requireArguments(arguments.length, 3, "decrypt");
    return useKey("decrypt", algorithm, toKey(key), toBytes(data, "The data"));
  }

  async sign(algorithm, key, data) {
    this.#brand;
    requireArguments(arguments.length, 3, "sign");
    return useKey("sign", algorithm, toKey(key), toBytes(data, "The data"));
  }

  async verify(algorithm, key, signature, data) {
    this.#brand;
    requireArguments(arguments.length, 4, "verify");
    return useKey("verify", algorithm, toKey(key), toBytes(signature, "The signature"), toBytes(data, "The data"));
  }

  async digest(algorithm, data) {
    this.#brand;
    requireArguments(arguments.length, 2, "digest");
    const bytes = toBytes(data, "The data");
    const { algorithm: found, parameters } = normalize("digest", algorithm);
    return found.digest(parameters, bytes);
  }

  async generateKey(algorithm, extractable, keyUsages) {
    this.#brand;
    requireArguments(arguments.length, 3, "generateKey");
    const usages = toUsages(keyUsages);
    const { algorithm: found, parameters } = normalize("generateKey", algorithm);
    refuseInSnapshot("crypto.subtle.generateKey");
    return found.generateKey(parameters, Boolean(extractable), usages);
  }

  async deriveKey(algorithm, baseKey, derivedKeyType, extractable, keyUsages) {
    this.#brand;
    requireArguments(arguments.length, 5, "deriveKey");
    const key = toKey(baseKey);
    const usages = toUsages(keyUsages);
    const { algorithm: found, parameters } = normalize("deriveBits", algorithm);
    const derived = normalize("importKey", derivedKeyType);
    const length = normalize("getKeyLength", derivedKeyType);
    checkUse(key, found, "deriveKey");
    const bits = found.deriveBits(parameters, key, length.algorithm.getKeyLength(length.parameters));
    const result = derived.algorithm.importKey(derived.parameters, "raw", bits, Boolean(extractable), usages);
    return checkDerived(result);
  }

  async deriveBits(algorithm, baseKey, length = null) {
    this.#brand;
    requireArguments(arguments.length, 2, "deriveBits");
    const key = toKey(baseKey);
    const bits = toLength(length);
    const { algorithm: found, parameters } = normalize("deriveBits", algorithm);
    checkUse(key, found, "deriveBits");
    return found.deriveBits(parameters, key, bits);
  }

  async importKey(format, keyData, algorithm, extractable, keyUsages) {
    this.#brand;
    requireArguments(arguments.length, 5, "importKey");
    const kind = toFormat(format);
    const usages = toUsages(keyUsages);
    const { algorithm: found, parameters } = normalize("importKey", algorithm);
    if (kind === "jwk" && (ArrayBuffer.isView(keyData) || keyData instanceof ArrayBuffer)) {
      throw new TypeError("The key is not a JSON Web Key");
    }
    return checkDerived(found.importKey(parameters, kind, keyData, Boolean(extractable), usages));
  }

  async exportKey(format, key) {
    this.#brand;
    requireArguments(arguments.length, 2, "exportKey");
    return exportBytes(toFormat(format), toKey(key));
  }

  async wrapKey(format, key, wrappingKey, wrapAlgorithm) {
    this.#brand;
    requireArguments(arguments.length, 4, "wrapKey");
    const kind = toFormat(format);
    const { algorithm, parameters, operation } = wrapOperation("wrapKey", "encrypt", wrapAlgorithm);
    checkUse(toKey(wrappingKey), algorithm, "wrapKey");
    const exported = exportBytes(kind, toKey(key));
    const bytes = kind === "jwk" ? encoder.encode(padded(algorithm, JSON.stringify(exported))) : exported;
    return algorithm[operation](parameters, wrappingKey, bytes);
  }

  async unwrapKey(format, wrappedKey, unwrappingKey, unwrapAlgorithm, unwrappedKeyAlgorithm, extractable, keyUsages) {
    this.#brand;
    requireArguments(arguments.length, 7, "unwrapKey");
    const kind = toFormat(format);
    const wrapped = toBytes(wrappedKey, "The wrapped key");
    const usages = toUsages(keyUsages);
    const { algorithm, parameters, operation } = wrapOperation("unwrapKey", "decrypt", unwrapAlgorithm);
    const unwrapped = normalize("importKey", unwrappedKeyAlgorithm);
    checkUse(toKey(unwrappingKey), algorithm, "unwrapKey");
    const bytes = algorithm[operation](parameters, unwrappingKey, wrapped);
    const data = kind === "jwk" ? parseJwk(bytes) : bytes;
    return checkDerived(unwrapped.algorithm.importKey(unwrapped.parameters, kind, data, Boolean(extractable), usages));
  }
}

function useKey(operation, identifier, key, ...data) {
  const { algorithm, parameters } = normalize(operation, identifier);
  checkUse(key, algorithm, operation);
  return algorithm[operation](parameters, key, ...data);
}

// Some algorithms wrap keys in a way of their own, the others encrypt them.
function wrapOperation(own, other, identifier) {
  const found = findOperation(own, identifier);
  return found === undefined ? { ...normalize(other, identifier), operation: other } : { ...found, operation: own };
}

// AES-KW takes whole blocks of 8 bytes; spaces behind JSON mean nothing. (A JSON Web Key is ASCII.)
function padded({ name }, text) {
  return name === "AES-KW" ? text.padEnd(Math.ceil(text.length / 8) * 8) : text;
}

// A secret or private key that nothing may be done with is a mistake.
function checkDerived(key) {
  if (key.type !== "public" && key.usages.length === 0) {
    throw domException("SyntaxError", "A secret or private key needs a usage");
  }
  return key;
}

const integerArrays = new Set(
  "Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array".split(" "),
);
const typeOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get;
const { toHex } = Uint8Array.prototype;

export class Crypto {
  #subtle = new SubtleCrypto(MAKE);

  constructor() {
    if (arguments[0] !== MAKE) {
      throw illegalConstructor();
    }
  }

  get subtle() {
    return this.#subtle;
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

defineInterface("SubtleCrypto", SubtleCrypto);
defineInterface("Crypto", Crypto);

const crypto = new Crypto(MAKE);
defineReplaceableGlobal("crypto", Object.getOwnPropertyDescriptor({ get crypto() { return crypto; } }, "crypto").get);
registerCloneable(isCryptoKey, cloneKey);
