// SPDX-License-Identifier: Apache-2.0
//
// crypto.subtle: arguments, keys' permissions, and which operation an algorithm has. All is computed before the promise is
// given back, so what is handed in needs no copy.

import { toBytes } from "../buffer_source.js";
import { registerCloneable } from "../cloneable.js";
import { domException } from "../dom_exception.js";
import { TextDecoder, TextEncoder } from "../encoding.js";
import { refuseInSnapshot } from "../random.js";
import { illegalConstructor, requireArguments, shapeInterface } from "../web_idl.js";
import { algorithmOfKey, findOperation, normalize } from "./crypto_algorithms.js";
import { cloneKey, dataError, isCryptoKey, notSupported, toUsages } from "./crypto_key.js";

export { CryptoKey } from "./crypto_key.js";

const MAKE = Symbol("make");
const FORMATS = ["raw", "spki", "pkcs8", "jwk"];

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

shapeInterface("SubtleCrypto", SubtleCrypto);
registerCloneable(isCryptoKey, cloneKey);

export const subtle = new SubtleCrypto(MAKE);
