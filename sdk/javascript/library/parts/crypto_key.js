// SPDX-License-Identifier: Apache-2.0
//
// CryptoKey, and what every algorithm does with keys: usages, bytes, JSON Web Keys, errors.

import { domException } from "../dom_exception.js";
import { showFields } from "../inspection.js";
import { illegalConstructor, isObject, shapeInterface } from "../web_idl.js";

const MAKE = Symbol("make");
const USAGES = ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"];

export let keyBytes;
export let isCryptoKey;

// Its bytes are what the native library takes for a key of its kind; no script can reach them but by exportKey.
export class CryptoKey {
  #type;
  #extractable;
  #algorithm;
  #usages;
  #bytes;

  constructor() {
    if (arguments[0] !== MAKE) {
      throw illegalConstructor();
    }
    [, this.#type, this.#extractable, this.#algorithm, this.#usages, this.#bytes] = arguments;
  }

  get type() {
    return this.#type;
  }

  get extractable() {
    return this.#extractable;
  }

  get algorithm() {
    return this.#algorithm;
  }

  get usages() {
    return this.#usages;
  }

  static {
    keyBytes = (key) => key.#bytes;
    isCryptoKey = (value) => isObject(value) && #bytes in value;
  }
}

shapeInterface("CryptoKey", CryptoKey);
showFields("CryptoKey", CryptoKey, ["type", "extractable", "algorithm", "usages"]);

export function makeKey(type, extractable, algorithm, usages, bytes) {
  return new CryptoKey(MAKE, type, extractable, algorithm, usages, bytes);
}

export function cloneKey(key) {
  return makeKey(key.type, key.extractable, structuredClone(key.algorithm), [...key.usages], keyBytes(key));
}

export const dataError = (message) => domException("DataError", message);
export const operationError = (message) => domException("OperationError", message);
export const notSupported = (message) => domException("NotSupportedError", message);

// What the native library could not compute.
export function required(result, error) {
  if (result === null) {
    throw error();
  }
  return result;
}

// A sequence of usages, as a list in the order of the standard, each once.
export function toUsages(value) {
  if (!isObject(value) || typeof value[Symbol.iterator] !== "function") {
    throw new TypeError("keyUsages is not a sequence");
  }
  const given = new Set();
  for (const item of value) {
    const usage = `${item}`;
    if (!USAGES.includes(usage)) {
      throw new TypeError(`'${usage}' is not a valid key usage`);
    }
    given.add(usage);
  }
  return USAGES.filter((usage) => given.has(usage));
}

export function checkUsages(usages, allowed) {
  for (const usage of usages) {
    if (!allowed.includes(usage)) {
      throw domException("SyntaxError", `A key of this algorithm cannot have the usage '${usage}'`);
    }
  }
}

export function selectUsages(usages, allowed) {
  return usages.filter((usage) => allowed.includes(usage));
}

const BASE64URL = { alphabet: "base64url", omitPadding: true };
const { fromBase64, prototype: { toBase64 } } = Uint8Array;

export function encodeBase64url(buffer) {
  return Reflect.apply(toBase64, new Uint8Array(buffer), [BASE64URL]);
}

export function decodeBase64url(text, what) {
  if (typeof text !== "string" || /[^\w-]/.test(text)) {
    throw dataError(`The JSON Web Key's "${what}" is missing or not base64url`);
  }
  try {
    return Reflect.apply(fromBase64, Uint8Array, [text, BASE64URL]);
  } catch {
    throw dataError(`The JSON Web Key's "${what}" is not base64url`);
  }
}

const JWK_TEXTS = ["alg", "crv", "d", "dp", "dq", "e", "k", "kty", "n", "p", "q", "qi", "use", "x", "y"];

// The dictionary JsonWebKey, converted.
export function toJwk(value) {
  if (!isObject(value)) {
    throw new TypeError("The key is not a JSON Web Key");
  }
  const jwk = {};
  for (const name of JWK_TEXTS) {
    if (value[name] !== undefined) {
      jwk[name] = `${value[name]}`;
    }
  }
  if (value.ext !== undefined) {
    jwk.ext = Boolean(value.ext);
  }
  if (value.key_ops !== undefined) {
    jwk.key_ops = Array.from(value.key_ops, (item) => `${item}`);
  }
  if (value.oth !== undefined) {
    jwk.oth = value.oth;
  }
  return jwk;
}

// What is checked in every JSON Web Key. `use` is what the key may be for: "sig" or "enc".
export function checkJwk(jwk, type, use, extractable, usages) {
  if (jwk.kty !== type) {
    throw dataError(`The JSON Web Key's "kty" is not "${type}"`);
  }
  if (usages.length > 0 && jwk.use !== undefined && jwk.use !== use) {
    throw dataError(`The JSON Web Key's "use" is not "${use}"`);
  }
  if (jwk.key_ops !== undefined) {
    if (new Set(jwk.key_ops).size < jwk.key_ops.length || !usages.every((usage) => jwk.key_ops.includes(usage))) {
      throw dataError('The JSON Web Key\'s "key_ops" do not allow these usages');
    }
  }
  if (jwk.ext === false && extractable) {
    throw dataError("The JSON Web Key may not be extractable");
  }
}

export function checkJwkAlgorithm(jwk, name) {
  if (jwk.alg !== undefined && jwk.alg !== name) {
    throw dataError(`The JSON Web Key's "alg" is not "${name}"`);
  }
}

// What is in every JSON Web Key that is exported.
export function commonJwk(key, type) {
  return { kty: type, key_ops: [...key.usages], ext: key.extractable };
}
