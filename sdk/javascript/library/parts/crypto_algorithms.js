// SPDX-License-Identifier: Apache-2.0
//
// The algorithms of Web Cryptography, a table: for each its name, and for each operation that it has
// - a function that reads the parameters out of the algorithm's dictionary (in `parameters`, by operation),
// - the operation itself, synchronous, over what the native library offers.

import {
  checkJwk,
  checkJwkAlgorithm,
  checkUsages,
  commonJwk,
  dataError,
  decodeBase64url,
  encodeBase64url,
  isCryptoKey,
  keyBytes,
  makeKey,
  notSupported,
  operationError,
  required,
  selectUsages,
  toJwk,
} from "./crypto_key.js";
import { copyBytes, toBytes } from "../buffer_source.js";
import { domException } from "../dom_exception.js";
import { native } from "../native.js";
import { randomBytes, refuseInSnapshot } from "../random.js";
import { isObject } from "../web_idl.js";

const { cryptography } = native;

// As enum fn0_hash, with the size of a digest and of a block.
const HASHES = new Map([
  ["SHA-1", { name: "SHA-1", number: 0, size: 20, block: 64, jose: "1" }],
  ["SHA-256", { name: "SHA-256", number: 1, size: 32, block: 64, jose: "256" }],
  ["SHA-384", { name: "SHA-384", number: 2, size: 48, block: 128, jose: "384" }],
  ["SHA-512", { name: "SHA-512", number: 3, size: 64, block: 128, jose: "512" }],
]);

// As enum fn0_key_kind.
const CURVES = new Map([
  ["P-256", { number: 0, size: 32, jose: "ES256" }],
  ["P-384", { number: 1, size: 48, jose: "ES384" }],
  ["P-521", { number: 2, size: 66, jose: "ES512" }],
]);
const ED25519 = 3;
const X25519 = 4;
const RSA = 5;

const AES_CBC = 0;
const AES_CTR = 1;
const AES_GCM = 2;
const AES_KW = 3;

const NOTHING = new Uint8Array(0);
const SEED_SIZE = 32;

function seed(what) {
  refuseInSnapshot(what);
  return randomBytes(SEED_SIZE);
}

// ---- What dictionaries hold ---------------------------------------------------------------------------------------------

function member(dictionary, name) {
  const value = dictionary[name];
  if (value === undefined) {
    throw new TypeError(`The algorithm lacks its "${name}"`);
  }
  return value;
}

// [EnforceRange]
function toInteger(value, maximum, name) {
  const number = Number(value);
  if (!Number.isFinite(number) || Math.trunc(number) < 0 || Math.trunc(number) > maximum) {
    throw new TypeError(`The algorithm's "${name}" is out of range`);
  }
  return Math.trunc(number);
}

const memberInteger = (dictionary, name, maximum = 0xffffffff) => toInteger(member(dictionary, name), maximum, name);
const memberBytes = (dictionary, name) => copyBytes(member(dictionary, name), `The algorithm's "${name}"`);
const memberHash = (dictionary) => hashOf(member(dictionary, "hash"));

function memberKey(dictionary, name) {
  const key = member(dictionary, name);
  if (!isCryptoKey(key)) {
    throw new TypeError(`The algorithm's "${name}" is not a CryptoKey`);
  }
  return key;
}

function hashOf(identifier) {
  const { algorithm } = normalize("digest", identifier);
  return HASHES.get(algorithm.name);
}

const hashOfKey = (key) => HASHES.get(key.algorithm.hash.name);
const noParameters = () => ({});

// ---- Digests ------------------------------------------------------------------------------------------------------------

const digests = [...HASHES.values()].map(({ name, number }) => ({
  name,
  parameters: { digest: noParameters },
  digest: (parameters, data) => cryptography.digest(number, data),
}));

// ---- Secret keys --------------------------------------------------------------------------------------------------------

function importSecret(format, data, { use, jose, extractable, usages }) {
  if (format === "raw") {
    return copyBytes(data, "The key");
  }
  if (format !== "jwk") {
    throw notSupported(`Keys of this algorithm cannot be imported as ${format}`);
  }
  const jwk = toJwk(data);
  checkJwk(jwk, "oct", use, extractable, usages);
  const bytes = decodeBase64url(jwk.k, "k");
  checkJwkAlgorithm(jwk, jose(bytes.length));
  return bytes;
}

function exportSecret(format, key, jose) {
  const bytes = keyBytes(key);
  if (format === "raw") {
    return bytes.slice().buffer;
  }
  if (format !== "jwk") {
    throw notSupported(`Keys of this algorithm cannot be exported as ${format}`);
  }
  return { ...commonJwk(key, "oct"), k: encodeBase64url(bytes), alg: jose(bytes.length) };
}

function requireSecretUsages(usages) {
  if (usages.length === 0) {
    throw domException("SyntaxError", "A secret or private key needs a usage");
  }
}

const HMAC_USAGES = ["sign", "verify"];

const hmacParameters = (dictionary) => ({
  hash: memberHash(dictionary),
  length: dictionary.length === undefined ? undefined : toInteger(dictionary.length, 0xffffffff, "length"),
});

function hmacKey(hash, length, bytes, extractable, usages) {
  return makeKey("secret", extractable, { name: "HMAC", length, hash: { name: hash.name } }, usages, bytes);
}

function hmacLength({ hash, length }) {
  if (length === 0) {
    throw operationError("A key of HMAC cannot be empty");
  }
  return length ?? hash.block * 8;
}

const hmac = {
  name: "HMAC",
  parameters: { sign: noParameters, verify: noParameters, generateKey: hmacParameters, importKey: hmacParameters, getKeyLength: hmacParameters },
  sign: (parameters, key, data) => cryptography.hmac(hashOfKey(key).number, keyBytes(key), data),
  verify: (parameters, key, signature, data) =>
    cryptography.equal(cryptography.hmac(hashOfKey(key).number, keyBytes(key), data), signature),
  generateKey(parameters, extractable, usages) {
    checkUsages(usages, HMAC_USAGES);
    requireSecretUsages(usages);
    const length = hmacLength(parameters);
    return hmacKey(parameters.hash, length, randomBytes(Math.ceil(length / 8)), extractable, usages);
  },
  importKey({ hash, length }, format, data, extractable, usages) {
    checkUsages(usages, HMAC_USAGES);
    const bytes = importSecret(format, data, { use: "sig", jose: () => `HS${hash.jose}`, extractable, usages });
    const bits = bytes.length * 8;
    if (bits === 0 || (length !== undefined && (length > bits || length <= bits - 8))) {
      throw dataError("The key does not have the length that is asked for");
    }
    return hmacKey(hash, length ?? bits, bytes, extractable, usages);
  },
  exportKey: (format, key) => exportSecret(format, key, () => `HS${hashOfKey(key).jose}`),
  getKeyLength(parameters) {
    if (parameters.length === 0) {
      throw new TypeError("A key of HMAC cannot be empty");
    }
    return parameters.length ?? parameters.hash.block * 8;
  },
};

const aesLengthParameters = (dictionary) => ({ length: memberInteger(dictionary, "length", 0xffff) });

function aesLength({ length }) {
  if (length !== 128 && length !== 192 && length !== 256) {
    throw operationError("A key of AES has 128, 192 or 256 bits");
  }
  return length;
}

function aesKey(name, bytes, extractable, usages) {
  return makeKey("secret", extractable, { name, length: bytes.length * 8 }, usages, bytes);
}

// A pair of operations that differ in their direction: run(decrypt, parameters, key, data).
const bothWays = ([one, other], parameters, run) => ({
  parameters: { [one]: parameters, [other]: parameters },
  [one]: (...given) => run(0, ...given),
  [other]: (...given) => run(1, ...given),
});

// What all modes of AES have alike.
function aes(name, suffix, usages, { parameters, ...operations }) {
  const jose = (size) => `A${size * 8}${suffix}`;
  return {
    name,
    parameters: { ...parameters, generateKey: aesLengthParameters, importKey: noParameters, getKeyLength: aesLengthParameters },
    ...operations,
    generateKey(given, extractable, asked) {
      checkUsages(asked, usages);
      const length = aesLength(given);
      requireSecretUsages(asked);
      return aesKey(name, randomBytes(length / 8), extractable, asked);
    },
    importKey(given, format, data, extractable, asked) {
      checkUsages(asked, usages);
      const bytes = importSecret(format, data, { use: "enc", jose, extractable, usages: asked });
      if (![16, 24, 32].includes(bytes.length)) {
        throw dataError("A key of AES has 128, 192 or 256 bits");
      }
      return aesKey(name, bytes, extractable, asked);
    },
    exportKey: (format, key) => exportSecret(format, key, jose),
    getKeyLength: aesLength,
  };
}

const ENCRYPTION = ["encrypt", "decrypt"];
const ENCRYPTION_USAGES = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];
const aesFailed = () => operationError("The data cannot be encrypted or decrypted with this key and these parameters");

const ivParameters = (dictionary) => ({ iv: memberBytes(dictionary, "iv") });

function runCbc(decrypt, { iv }, key, data) {
  if (iv.length !== 16) {
    throw operationError('AES-CBC needs an "iv" of 16 bytes');
  }
  return required(cryptography.aes(decrypt, AES_CBC, keyBytes(key), iv, NOTHING, 0, 0, data), aesFailed);
}

const aesCbc = aes("AES-CBC", "CBC", ENCRYPTION_USAGES, bothWays(ENCRYPTION, ivParameters, runCbc));

const counterParameters = (dictionary) => ({
  counter: memberBytes(dictionary, "counter"),
  length: memberInteger(dictionary, "length", 0xff),
});

function runCtr(decrypt, { counter, length }, key, data) {
  if (counter.length !== 16) {
    throw operationError('AES-CTR needs a "counter" of 16 bytes');
  }
  if (length === 0 || length > 128) {
    throw operationError('AES-CTR needs a "length" from 1 to 128');
  }
  return required(cryptography.aes(decrypt, AES_CTR, keyBytes(key), counter, NOTHING, 0, length, data), aesFailed);
}

const aesCtr = aes("AES-CTR", "CTR", ENCRYPTION_USAGES, bothWays(ENCRYPTION, counterParameters, runCtr));

const gcmParameters = (dictionary) => ({
  iv: memberBytes(dictionary, "iv"),
  additionalData:
    dictionary.additionalData === undefined ? NOTHING : copyBytes(dictionary.additionalData, 'The algorithm\'s "additionalData"'),
  tagLength: dictionary.tagLength === undefined ? 128 : toInteger(dictionary.tagLength, 0xff, "tagLength"),
});

function runGcm(decrypt, { iv, additionalData, tagLength }, key, data) {
  if (![32, 64, 96, 104, 112, 120, 128].includes(tagLength)) {
    throw operationError('AES-GCM has no tag of this "tagLength"');
  }
  return required(cryptography.aes(decrypt, AES_GCM, keyBytes(key), iv, additionalData, tagLength / 8, 0, data), aesFailed);
}

const aesGcm = aes("AES-GCM", "GCM", ENCRYPTION_USAGES, bothWays(ENCRYPTION, gcmParameters, runGcm));

const WRAPPING = ["wrapKey", "unwrapKey"];

const runKw = (decrypt, parameters, key, data) =>
  required(cryptography.aes(decrypt, AES_KW, keyBytes(key), NOTHING, NOTHING, 0, 0, data), aesFailed);

const aesKw = aes("AES-KW", "KW", WRAPPING, bothWays(WRAPPING, noParameters, runKw));

// ---- Keys that others are derived from ------------------------------------------------------------------------------------

const DERIVATION_USAGES = ["deriveKey", "deriveBits"];

function derivation(name, parameters, derive) {
  return {
    name,
    parameters: { deriveBits: parameters, importKey: noParameters, getKeyLength: noParameters },
    deriveBits(given, key, length) {
      if (length === null || length % 8 !== 0) {
        throw operationError("The length has to be a multiple of 8 bits");
      }
      return derive(given, keyBytes(key), length / 8);
    },
    importKey(given, format, data, extractable, usages) {
      if (format !== "raw") {
        throw notSupported(`Keys of this algorithm cannot be imported as ${format}`);
      }
      checkUsages(usages, DERIVATION_USAGES);
      if (extractable) {
        throw domException("SyntaxError", "A key of this algorithm cannot be extractable");
      }
      return makeKey("secret", false, { name }, usages, copyBytes(data, "The key"));
    },
    getKeyLength: () => null,
  };
}

const pbkdf2 = derivation(
  "PBKDF2",
  (dictionary) => ({
    salt: memberBytes(dictionary, "salt"),
    iterations: memberInteger(dictionary, "iterations"),
    hash: memberHash(dictionary),
  }),
  ({ salt, iterations, hash }, password, size) => {
    if (iterations === 0) {
      throw operationError("PBKDF2 needs at least one iteration");
    }
    return cryptography.pbkdf2(hash.number, password, salt, iterations, size);
  },
);

const hkdf = derivation(
  "HKDF",
  (dictionary) => ({ hash: memberHash(dictionary), salt: memberBytes(dictionary, "salt"), info: memberBytes(dictionary, "info") }),
  ({ hash, salt, info }, secret, size) =>
    required(cryptography.hkdf(hash.number, secret, salt, info, size), () => operationError("HKDF does not give that many bits")),
);

// ---- Keys on curves -------------------------------------------------------------------------------------------------------

const badKey = () => dataError("The key is not valid");

// The pair of a generated key. What may be done with each half is told apart by usage.
function keyPair(algorithm, extractable, usages, { publicUsages, privateUsages, publicBytes, privateBytes }) {
  const privateSelected = selectUsages(usages, privateUsages);
  requireSecretUsages(privateSelected);
  return {
    publicKey: makeKey("public", true, { ...algorithm }, selectUsages(usages, publicUsages), publicBytes),
    privateKey: makeKey("private", extractable, { ...algorithm }, privateSelected, privateBytes),
  };
}

const view = (buffer) => new Uint8Array(buffer);

function generateOnCurve(number, algorithm, extractable, usages, { publicUsages, privateUsages }) {
  checkUsages(usages, [...publicUsages, ...privateUsages]);
  const privateBytes = view(required(cryptography.curveGenerate(number, seed("crypto.subtle.generateKey")), badKey));
  const publicBytes = view(cryptography.curvePublic(number, privateBytes));
  return keyPair(algorithm, extractable, usages, { publicUsages, privateUsages, publicBytes, privateBytes });
}

// The bytes of a key in a document or raw; its type tells which it is.
function importFromDocument(number, format, data, usages, { publicUsages, privateUsages }) {
  if (format === "pkcs8") {
    checkUsages(usages, privateUsages);
    return ["private", view(required(cryptography.pkcs8Read(number, toBytes(data, "The key")), badKey))];
  }
  checkUsages(usages, publicUsages);
  if (format === "spki") {
    return ["public", view(required(cryptography.spkiRead(number, toBytes(data, "The key")), badKey))];
  }
  return ["public", view(required(cryptography.curveCheckPublic(number, toBytes(data, "The key")), badKey))];
}

function exportToDocument(number, format, key) {
  const type = format === "pkcs8" ? "private" : "public";
  if (key.type !== type) {
    throw domException("InvalidAccessError", `A ${key.type} key cannot be exported as ${format}`);
  }
  if (format === "raw") {
    return keyBytes(key).slice().buffer;
  }
  return format === "pkcs8" ? cryptography.pkcs8Write(number, keyBytes(key)) : cryptography.spkiWrite(number, keyBytes(key));
}

// Type and bytes of one half of a pair. fromJwk(jwk): what is the algorithm's own in reading a JSON Web Key.
function importHalf({ number, kty, use, usages, fromJwk }, format, data, extractable, asked) {
  if (format !== "jwk") {
    return importFromDocument(number, format, data, asked, usages);
  }
  const jwk = toJwk(data);
  const type = jwk.d === undefined ? "public" : "private";
  checkUsages(asked, type === "private" ? usages.privateUsages : usages.publicUsages);
  checkJwk(jwk, kty, use, extractable, asked);
  return [type, fromJwk(jwk)];
}

function makeHalf(type, extractable, algorithm, usages, bytes) {
  if (type === "private") {
    requireSecretUsages(usages);
  }
  return makeKey(type, extractable, algorithm, usages, bytes);
}

// The bytes of a JSON Web Key of a curve, whose private half has to belong to its public one.
function halfOfJwk(jwk, number, publicBytes) {
  if (jwk.d === undefined) {
    return publicBytes;
  }
  const privateBytes = decodeBase64url(jwk.d, "d");
  if (!cryptography.equal(required(cryptography.curvePublic(number, privateBytes), badKey), publicBytes)) {
    throw badKey();
  }
  return privateBytes;
}

function ellipticJwkBytes(jwk, { number, size }) {
  const coordinates = [decodeBase64url(jwk.x, "x"), decodeBase64url(jwk.y, "y")];
  if (coordinates.some(({ length }) => length !== size)) {
    throw badKey();
  }
  const point = new Uint8Array(2 * size + 1);
  point[0] = 4;
  point.set(coordinates[0], 1);
  point.set(coordinates[1], size + 1);
  return halfOfJwk(jwk, number, view(required(cryptography.curveCheckPublic(number, point), badKey)));
}

const curveParameters = (dictionary) => ({ namedCurve: `${member(dictionary, "namedCurve")}` });

function curveOf(name) {
  const curve = CURVES.get(name);
  if (curve === undefined) {
    throw notSupported(`There is no curve '${name}'`);
  }
  return curve;
}

const curveOfKey = (key) => CURVES.get(key.algorithm.namedCurve);

// What ECDSA and ECDH have alike.
function elliptic(name, use, usages, { parameters, ...operations }) {
  return {
    name,
    parameters: { ...parameters, generateKey: curveParameters, importKey: curveParameters },
    ...operations,
    generateKey({ namedCurve }, extractable, asked) {
      const { number } = curveOf(namedCurve);
      return generateOnCurve(number, { name, namedCurve }, extractable, asked, usages);
    },
    importKey({ namedCurve }, format, data, extractable, asked) {
      const curve = curveOf(namedCurve);
      const fromJwk = (jwk) => {
        if (jwk.crv !== namedCurve) {
          throw dataError('The JSON Web Key\'s "crv" is not the curve that is asked for');
        }
        if (use === "sig") {
          checkJwkAlgorithm(jwk, curve.jose);
        }
        return ellipticJwkBytes(jwk, curve);
      };
      const kind = { number: curve.number, kty: "EC", use, usages, fromJwk };
      const [type, bytes] = importHalf(kind, format, data, extractable, asked);
      return makeHalf(type, extractable, { name, namedCurve }, asked, bytes);
    },
    exportKey(format, key) {
      const { number, size } = curveOfKey(key);
      if (format !== "jwk") {
        return exportToDocument(number, format, key);
      }
      const point = key.type === "public" ? keyBytes(key) : view(cryptography.curvePublic(number, keyBytes(key)));
      return {
        ...commonJwk(key, "EC"),
        crv: key.algorithm.namedCurve,
        x: encodeBase64url(point.slice(1, size + 1)),
        y: encodeBase64url(point.slice(size + 1)),
        ...(key.type === "private" && { d: encodeBase64url(keyBytes(key)) }),
      };
    },
  };
}

const SIGNATURE_USAGES = { publicUsages: ["verify"], privateUsages: ["sign"] };
const AGREEMENT_USAGES = { publicUsages: [], privateUsages: DERIVATION_USAGES };

function requireType(key, type) {
  if (key.type !== type) {
    throw domException("InvalidAccessError", `This needs a ${type} key`);
  }
}

const hashParameters = (dictionary) => ({ hash: memberHash(dictionary) });

const ecdsa = elliptic("ECDSA", "sig", SIGNATURE_USAGES, {
  parameters: { sign: hashParameters, verify: hashParameters },
  sign({ hash }, key, data) {
    requireType(key, "private");
    const digest = cryptography.digest(hash.number, data);
    return required(cryptography.ecdsaSign(curveOfKey(key).number, keyBytes(key), digest), operationError);
  },
  verify({ hash }, key, signature, data) {
    requireType(key, "public");
    return cryptography.ecdsaVerify(curveOfKey(key).number, keyBytes(key), cryptography.digest(hash.number, data), signature);
  },
});

const publicParameters = (dictionary) => ({ publicKey: memberKey(dictionary, "public") });

// The first bits of what two have agreed on.
function agree(number, { publicKey }, key, length) {
  requireType(key, "private");
  requireType(publicKey, "public");
  const { name, namedCurve } = key.algorithm;
  if (publicKey.algorithm.name !== name || publicKey.algorithm.namedCurve !== namedCurve) {
    throw domException("InvalidAccessError", "The two keys are not of one algorithm and curve");
  }
  const failed = () => operationError("The two keys give no secret");
  const secret = required(cryptography.ecdh(number, keyBytes(key), keyBytes(publicKey)), failed);
  if (length === null) {
    return secret;
  }
  if (length > secret.byteLength * 8) {
    throw operationError("The secret does not have that many bits");
  }
  const bits = view(secret.slice(0, Math.ceil(length / 8)));
  if (length % 8 !== 0) {
    bits[bits.length - 1] &= 0xff << (8 - (length % 8));
  }
  return bits.buffer;
}

const ecdh = elliptic("ECDH", "enc", AGREEMENT_USAGES, {
  parameters: { deriveBits: publicParameters },
  deriveBits: (parameters, key, length) => agree(curveOfKey(key).number, parameters, key, length),
});

// Ed25519 and X25519: one curve each, keys of 32 bytes.
function octetKeys(name, number, use, usages, { parameters, ...operations }) {
  return {
    name,
    parameters: { ...parameters, generateKey: noParameters, importKey: noParameters },
    ...operations,
    generateKey: (given, extractable, asked) => generateOnCurve(number, { name }, extractable, asked, usages),
    importKey(given, format, data, extractable, asked) {
      const fromJwk = (jwk) => {
        if (jwk.crv !== name) {
          throw dataError(`The JSON Web Key's "crv" is not "${name}"`);
        }
        if (use === "sig" && jwk.alg !== undefined && jwk.alg !== "EdDSA" && jwk.alg !== name) {
          throw dataError('The JSON Web Key\'s "alg" is not "EdDSA"');
        }
        return octetJwkBytes(jwk, number);
      };
      const [type, bytes] = importHalf({ number, kty: "OKP", use, usages, fromJwk }, format, data, extractable, asked);
      return makeHalf(type, extractable, { name }, asked, bytes);
    },
    exportKey(format, key) {
      if (format !== "jwk") {
        return exportToDocument(number, format, key);
      }
      const publicBytes = key.type === "public" ? keyBytes(key) : cryptography.curvePublic(number, keyBytes(key));
      return {
        ...commonJwk(key, "OKP"),
        ...(use === "sig" && { alg: name }),
        crv: name,
        x: encodeBase64url(publicBytes),
        ...(key.type === "private" && { d: encodeBase64url(keyBytes(key)) }),
      };
    },
  };
}

function octetJwkBytes(jwk, number) {
  const publicBytes = decodeBase64url(jwk.x, "x");
  required(cryptography.curveCheckPublic(number, publicBytes), badKey);
  return halfOfJwk(jwk, number, publicBytes);
}

const ed25519 = octetKeys("Ed25519", ED25519, "sig", SIGNATURE_USAGES, {
  parameters: { sign: noParameters, verify: noParameters },
  sign(parameters, key, data) {
    requireType(key, "private");
    return cryptography.ed25519Sign(keyBytes(key), data);
  },
  verify(parameters, key, signature, data) {
    requireType(key, "public");
    return cryptography.ed25519Verify(keyBytes(key), data, signature);
  },
});

const x25519 = octetKeys("X25519", X25519, "enc", AGREEMENT_USAGES, {
  parameters: { deriveBits: publicParameters },
  deriveBits: (parameters, key, length) => agree(X25519, parameters, key, length),
});

// ---- RSA ------------------------------------------------------------------------------------------------------------------

// As enum fn0_rsa_scheme.
const RSA_PKCS1 = 0;
const RSA_PSS = 1;

// The names of a private key's numbers in a JSON Web Key, in the order of the native library; the first two are the public.
const RSA_NUMBERS = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

const rsaGenerateParameters = (dictionary) => ({
  modulusLength: memberInteger(dictionary, "modulusLength"),
  publicExponent: rsaExponent(member(dictionary, "publicExponent")),
  hash: memberHash(dictionary),
});

function rsaExponent(value) {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError('The algorithm\'s "publicExponent" is not a Uint8Array');
  }
  return copyBytes(value, "publicExponent");
}

function rsaAlgorithm(name, hash, publicBytes) {
  const [modulus, exponent] = required(cryptography.rsaPublicParts(publicBytes), badKey).map(view);
  return {
    name,
    modulusLength: modulus.length * 8 - Math.clz32(modulus[0]) + 24,
    publicExponent: exponent,
    hash: { name: hash.name },
  };
}

const rsaPublicOf = (privateBytes) => view(required(cryptography.rsaPublic(privateBytes), badKey));

function rsaJwkBytes(jwk) {
  if (jwk.d === undefined) {
    return view(required(cryptography.rsaPublicOfParts(decodeBase64url(jwk.n, "n"), decodeBase64url(jwk.e, "e")), badKey));
  }
  if (jwk.oth !== undefined) {
    throw notSupported("RSA keys of more than two primes are not supported");
  }
  return view(required(cryptography.rsaPrivateOfParts(...RSA_NUMBERS.map((name) => decodeBase64url(jwk[name], name))), badKey));
}

// What the three schemes have alike. jose(hash): the algorithm's name in a JSON Web Key.
function rsa(name, use, usages, jose, { parameters, ...operations }) {
  return {
    name,
    parameters: { ...parameters, generateKey: rsaGenerateParameters, importKey: hashParameters },
    ...operations,
    generateKey({ modulusLength, publicExponent, hash }, extractable, asked) {
      checkUsages(asked, [...usages.publicUsages, ...usages.privateUsages]);
      requireSecretUsages(selectUsages(asked, usages.privateUsages));
      const failed = () => operationError("No key of this length and exponent can be made");
      const made = cryptography.rsaGenerate(modulusLength, publicExponent, seed("crypto.subtle.generateKey"));
      const privateBytes = view(required(made, failed));
      const publicBytes = rsaPublicOf(privateBytes);
      return keyPair(rsaAlgorithm(name, hash, publicBytes), extractable, asked, { ...usages, publicBytes, privateBytes });
    },
    importKey({ hash }, format, data, extractable, asked) {
      if (format === "raw") {
        throw notSupported("RSA keys cannot be imported as raw");
      }
      const fromJwk = (jwk) => {
        checkJwkAlgorithm(jwk, jose(hash));
        return rsaJwkBytes(jwk);
      };
      const [type, bytes] = importHalf({ number: RSA, kty: "RSA", use, usages, fromJwk }, format, data, extractable, asked);
      if (type === "private" && !cryptography.rsaCheckPrivate(bytes)) {
        throw badKey();
      }
      const publicBytes = type === "private" ? rsaPublicOf(bytes) : bytes;
      return makeHalf(type, extractable, rsaAlgorithm(name, hash, publicBytes), asked, bytes);
    },
    exportKey(format, key) {
      if (format === "raw") {
        throw notSupported("RSA keys cannot be exported as raw");
      }
      if (format !== "jwk") {
        return exportToDocument(RSA, format, key);
      }
      const bytes = keyBytes(key);
      const numbers = key.type === "public" ? cryptography.rsaPublicParts(bytes) : cryptography.rsaPrivateParts(bytes);
      const named = numbers.map((number, index) => [RSA_NUMBERS[index], encodeBase64url(number)]);
      return { ...commonJwk(key, "RSA"), alg: jose(hashOfKey(key)), ...Object.fromEntries(named) };
    },
  };
}

function rsaSignature(name, scheme, jose, parameters) {
  return rsa(name, "sig", SIGNATURE_USAGES, jose, {
    parameters: { sign: parameters, verify: parameters },
    sign({ saltLength = 0 }, key, data) {
      requireType(key, "private");
      const { number } = hashOfKey(key);
      const digest = cryptography.digest(number, data);
      const failed = () => operationError("The key is too short for this hash and salt");
      const random = seed("signing with RSA");
      return required(cryptography.rsaSign(scheme, number, keyBytes(key), saltLength, random, digest), failed);
    },
    verify({ saltLength = 0 }, key, signature, data) {
      requireType(key, "public");
      const { number } = hashOfKey(key);
      return cryptography.rsaVerify(scheme, number, keyBytes(key), saltLength, cryptography.digest(number, data), signature);
    },
  });
}

const rsaPkcs1 = rsaSignature("RSASSA-PKCS1-v1_5", RSA_PKCS1, (hash) => `RS${hash.jose}`, noParameters);
const rsaPss = rsaSignature("RSA-PSS", RSA_PSS, (hash) => `PS${hash.jose}`, (dictionary) => ({
  saltLength: memberInteger(dictionary, "saltLength"),
}));

const OAEP_USAGES = { publicUsages: ["encrypt", "wrapKey"], privateUsages: ["decrypt", "unwrapKey"] };

const labelParameters = (dictionary) => ({
  label: dictionary.label === undefined ? NOTHING : copyBytes(dictionary.label, 'The algorithm\'s "label"'),
});

function runOaep(decrypt, { label }, key, data) {
  requireType(key, decrypt ? "private" : "public");
  const failed = () => operationError("The data cannot be encrypted or decrypted with this key");
  return required(cryptography.rsaOaep(decrypt, hashOfKey(key).number, keyBytes(key), label, seed("encryption with RSA"), data), failed);
}

const rsaOaep = rsa(
  "RSA-OAEP",
  "enc",
  OAEP_USAGES,
  (hash) => (hash.name === "SHA-1" ? "RSA-OAEP" : `RSA-OAEP-${hash.jose}`),
  bothWays(ENCRYPTION, labelParameters, runOaep),
);

// ---- The table ------------------------------------------------------------------------------------------------------------

const algorithms = new Map(
  [
    ...digests, hmac, aesCbc, aesCtr, aesGcm, aesKw, pbkdf2, hkdf, ecdsa, ecdh, ed25519, x25519, rsaPkcs1, rsaPss, rsaOaep,
  ].map((algorithm) => [algorithm.name.toUpperCase(), algorithm]),
);

// The algorithm that a string or a dictionary names, and its parameters for the operation.
export function normalize(operation, identifier) {
  const dictionary = isObject(identifier) ? identifier : { name: `${identifier}` };
  const name = `${member(dictionary, "name")}`;
  const algorithm = algorithms.get(name) ?? algorithms.get(name.toUpperCase());
  const read = algorithm?.parameters[operation];
  if (read === undefined) {
    throw notSupported(`'${name}' is not an algorithm for ${operation}`);
  }
  return { algorithm, parameters: read(dictionary) };
}

// The same, for an operation that the algorithm may lack: undefined then.
export function findOperation(operation, identifier) {
  const name = `${member(isObject(identifier) ? identifier : { name: `${identifier}` }, "name")}`;
  return algorithms.get(name.toUpperCase())?.parameters[operation] && normalize(operation, identifier);
}

export function algorithmOfKey(key) {
  return algorithms.get(key.algorithm.name.toUpperCase());
}
