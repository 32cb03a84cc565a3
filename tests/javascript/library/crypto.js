// SPDX-License-Identifier: AGPL-3.0-only

for (const kind of [Crypto, SubtleCrypto, CryptoKey]) {
  await checkShape(kind);
}

const { subtle } = crypto;
const bytes = (size, seed = 1) => Uint8Array.from({ length: size }, (_, index) => (index * 7 + seed * 31) % 256);
const text = new TextEncoder().encode("The quick brown fox jumps over the lazy dog");
const show64 = (data) => btoa(String.fromCharCode(...new Uint8Array(data)));
// The order of properties and usages is each engine's own.
const sorted = (object) => JSON.stringify(Object.entries(object).map(([name, value]) => [name, Array.isArray(value) ? [...value].sort() : value]).sort());
const describe = ({ type, extractable, algorithm, usages }) => [type, extractable, sorted(algorithm), [...usages].sort()];
const exportJwk = async (key) => sorted(await subtle.exportKey("jwk", key));
const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];

// ---- Random numbers

await check("random values", () => {
  const array = new Uint32Array(8);
  return [crypto.getRandomValues(array) === array, array.some((value) => value !== 0)];
});
for (const array of [new Float32Array(1), new DataView(new ArrayBuffer(4)), [], null, new ArrayBuffer(1), new Uint8Array(65537), new BigInt64Array(1)]) {
  await check(`random values for ${Object.prototype.toString.call(array)} ${array?.length}`, () => typeof crypto.getRandomValues(array));
}
await check("random values of a part", () => {
  const whole = new Uint8Array(64);
  crypto.getRandomValues(whole.subarray(16, 48));
  return [whole.subarray(0, 16), whole.subarray(16, 48).some((value) => value !== 0), whole.subarray(48)];
});
await check("UUIDs", () => {
  const made = Array.from({ length: 100 }, () => crypto.randomUUID());
  return [new Set(made).size, made.every((uuid) => /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid))];
});
await check("another's subtle", () => Object.getOwnPropertyDescriptor(Crypto.prototype, "subtle").get.call({}));
await check("a digest of something else", () => SubtleCrypto.prototype.digest.call({}, "SHA-1", text));

// ---- Digests

for (const hash of [...HASHES, "sha-256", { name: "SHA-384" }]) {
  for (const size of [0, 1, 55, 56, 63, 64, 65, 111, 112, 128, 1000]) {
    await check(`${JSON.stringify(hash)} of ${size}`, async () => show64(await subtle.digest(hash, bytes(size))));
  }
}
await check("digest of views", async () => {
  const { buffer } = bytes(32);
  const views = [buffer, new DataView(buffer, 3, 9), new Uint16Array(buffer, 2, 5), new Uint8Array(buffer).subarray(4)];
  return Promise.all(views.map(async (data) => show64(await subtle.digest("SHA-256", data))));
});
for (const [hash, data] of [["MD5", text], ["SHA-1", "text"], ["SHA-1"], [{}, text], [null, text], ["HMAC", text]]) {
  await check(`digest ${JSON.stringify(hash)} of ${typeof data}`, () => subtle.digest(...(data === undefined ? [hash] : [hash, data])));
}

// ---- HMAC

for (const hash of HASHES) {
  await check(`HMAC with ${hash}`, async () => {
    const key = await subtle.importKey("raw", bytes(20), { name: "HMAC", hash }, true, ["sign", "verify"]);
    const signature = await subtle.sign("HMAC", key, text);
    const wrong = new Uint8Array(signature).map((byte, index) => (index === 3 ? byte ^ 1 : byte));
    const verified = [await subtle.verify("HMAC", key, signature, text), await subtle.verify("HMAC", key, wrong, text),
      await subtle.verify("HMAC", key, signature.slice(1), text)];
    return [show64(signature), verified, describe(key), await exportJwk(key), show64(await subtle.exportKey("raw", key))];
  });
  await check(`a key of HMAC for ${hash}`, async () => describe(await subtle.generateKey({ name: "HMAC", hash }, false, ["sign"])));
}
await check("a long key of HMAC", async () =>
  show64(await subtle.sign("HMAC", await subtle.importKey("raw", bytes(200), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]), text)));
await check("a JSON Web Key of HMAC", async () => {
  const jwk = { kty: "oct", k: "AQIDBA", alg: "HS256", key_ops: ["sign", "verify"], ext: true };
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await subtle.importKey("jwk", jwk, algorithm, true, ["sign"]);
  const wrong = [{ ...jwk, alg: "HS512" }, { ...jwk, kty: "RSA" }, { ...jwk, ext: false }, { ...jwk, key_ops: ["verify"] }, { ...jwk, use: "enc" }, { kty: "oct" }, { ...jwk, k: "?" }];
  const errors = await Promise.all(wrong.map((item) => subtle.importKey("jwk", item, algorithm, true, ["sign"]).catch((error) => error)));
  return [describe(key), show64(await subtle.exportKey("raw", key)), errors];
});
await check("usages of HMAC", async () => {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const signs = await subtle.importKey("raw", bytes(20), algorithm, false, ["sign"]);
  return Promise.all([
    subtle.verify("HMAC", signs, bytes(32), text), subtle.exportKey("raw", signs), subtle.importKey("raw", bytes(20), algorithm, false, []),
    subtle.importKey("raw", bytes(20), algorithm, false, ["encrypt"]), subtle.importKey("raw", bytes(20), algorithm, false, ["fly"]),
    subtle.importKey("raw", bytes(0), algorithm, false, ["sign"]), subtle.importKey("spki", bytes(20), algorithm, false, ["sign"]),
    subtle.importKey("raw", "text", algorithm, false, ["sign"]), subtle.importKey("raw", bytes(20), "HMAC", false, ["sign"]),
    subtle.sign("AES-CBC", signs, text), subtle.sign("ECDSA", signs, text), subtle.sign({ name: "ECDSA", hash: "SHA-1" }, signs, text),
    subtle.sign("HMAC", {}, text), subtle.generateKey({ ...algorithm, length: 0 }, false, ["sign"]), subtle.generateKey(algorithm, false, []),
  ].map((promise) => promise.catch((error) => error)));
});

// ---- AES

const AES = [
  { name: "AES-CBC", iv: bytes(16) },
  { name: "AES-CTR", counter: bytes(16), length: 64 },
  { name: "AES-CTR", counter: new Uint8Array(16).fill(255), length: 5 },
  { name: "AES-CTR", counter: new Uint8Array(16).fill(255), length: 128 },
  { name: "AES-GCM", iv: bytes(12) },
  { name: "AES-GCM", iv: bytes(16), additionalData: bytes(30) },
  { name: "AES-GCM", iv: bytes(12), tagLength: 96 },
  { name: "AES-GCM", iv: bytes(12), tagLength: 32, additionalData: bytes(3) },
  ...[13, 15, 17, 31, 32, 60, 128].map((size) => ({ name: "AES-GCM", iv: bytes(size), additionalData: bytes(20) })),
  ...[32, 64, 96, 104, 112, 120, 128].map((tagLength) => ({ name: "AES-GCM", iv: bytes(20), tagLength, additionalData: bytes(16) })),
];
for (const [index, algorithm] of AES.entries()) {
  for (const size of [16, 24, 32]) {
    await check(`${algorithm.name} ${index} with ${size}`, async () => {
      const key = await subtle.importKey("raw", bytes(size, 3), algorithm.name, true, ["encrypt", "decrypt"]);
      const results = [describe(key), await exportJwk(key)];
      for (const length of [0, 1, 15, 16, 17, 100]) {
        const hidden = await subtle.encrypt(algorithm, key, bytes(length, 9));
        results.push(show64(hidden), show64(await subtle.decrypt(algorithm, key, hidden)));
      }
      return results;
    });
  }
  await check(`${algorithm.name} ${index}, tampered with`, async () => {
    const key = await subtle.importKey("raw", bytes(16, 3), algorithm.name, true, ["encrypt", "decrypt"]);
    const hidden = new Uint8Array(await subtle.encrypt(algorithm, key, bytes(40)));
    hidden[hidden.length - 1] ^= 1;
    return algorithm.name === "AES-CBC" ? "by chance" : show64(await subtle.decrypt(algorithm, key, hidden));
  });
}
for (const algorithm of [
  { name: "AES-CBC", iv: bytes(15) }, { name: "AES-CBC" }, { name: "AES-CBC", iv: "text" }, { name: "AES-CTR", counter: bytes(15), length: 64 },
  { name: "AES-CTR", counter: bytes(16), length: 0 }, { name: "AES-CTR", counter: bytes(16), length: 129 }, { name: "AES-CTR", counter: bytes(16) },
  { name: "AES-GCM", iv: bytes(12), tagLength: 100 }, { name: "AES-GCM", iv: bytes(12), tagLength: 0 }, { name: "AES-GCM", iv: bytes(12), tagLength: 136 },
  { name: "AES-GCM", iv: bytes(12), tagLength: 256 }, { name: "AES-GCM", iv: bytes(0) }, { name: "AES-GCM" }, { name: "AES-GCM", iv: bytes(12), additionalData: 5 },
]) {
  await check(`wrong parameters ${JSON.stringify(algorithm)}`, async () =>
    subtle.encrypt(algorithm, await subtle.importKey("raw", bytes(16), algorithm.name, false, ["encrypt"]), text));
}
// Cases 5 and 6, 11 and 12, 17 and 18 of "The Galois/Counter Mode of Operation" (McGrew and Viega): ivs of 8 and 60 bytes.
const hex = (text) => Uint8Array.from(text.match(/../g), (digits) => parseInt(digits, 16));
const GCM_KEY = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
const GCM_TEXT =
  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
const GCM_IVS = [
  "cafebabefacedbad",
  "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b",
];
const GCM_TAGS = [
  "3612d2e79e3b0785561be14aaca2fccb", "619cc5aefffe0bfa462af43c1699d050", "65dcc57fcf623a24094fcca40d3533f8",
  "dcf566ff291c25bbb8568fc3d376a6d9", "3a337dbf46a792c45e454913fe2ea8f2", "a44a8266ee1c8eb0c8b5d4cf5ae9f19a",
];
for (const size of [16, 24, 32]) {
  for (const iv of GCM_IVS) {
    await check(`published vector of AES-GCM with ${size}, iv of ${iv.length / 2}`, async () => {
      const key = await subtle.importKey("raw", hex(GCM_KEY).slice(0, size), "AES-GCM", false, ["encrypt"]);
      const additionalData = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
      const hidden = new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv: hex(iv), additionalData }, key, hex(GCM_TEXT)));
      const tag = [...hidden.slice(-16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return [tag, GCM_TAGS.includes(tag)];
    });
  }
}
await check("too little to decrypt", async () => {
  const key = await subtle.importKey("raw", bytes(16), "AES-GCM", false, ["decrypt"]);
  return subtle.decrypt({ name: "AES-GCM", iv: bytes(12) }, key, bytes(15));
});
await check("keys of AES", async () => {
  const made = await Promise.all([128, 192, 256].map((length) => subtle.generateKey({ name: "AES-GCM", length }, true, ["decrypt", "encrypt", "encrypt"])));
  return made.map(describe);
});
await check("keys of AES that are none", () => Promise.all([
  subtle.generateKey({ name: "AES-GCM", length: 100 }, true, ["encrypt"]), subtle.importKey("raw", bytes(15), "AES-GCM", true, ["encrypt"]),
  subtle.generateKey({ name: "AES-GCM" }, true, ["encrypt"]), subtle.generateKey({ name: "AES-KW", length: 128 }, true, ["encrypt"]),
].map((promise) => promise.catch((error) => error))));

// ---- Derivation

for (const hash of HASHES) {
  await check(`PBKDF2 with ${hash}`, async () => {
    const key = await subtle.importKey("raw", text, "PBKDF2", false, ["deriveBits", "deriveKey"]);
    const algorithm = { name: "PBKDF2", hash, salt: bytes(16), iterations: 10 };
    const derived = await subtle.deriveKey(algorithm, key, { name: "AES-GCM", length: 256 }, true, ["encrypt"]);
    return [show64(await subtle.deriveBits(algorithm, key, 136)), describe(key), show64(await subtle.exportKey("raw", derived))];
  });
  await check(`HKDF with ${hash}`, async () => {
    const key = await subtle.importKey("raw", text, "HKDF", false, ["deriveBits", "deriveKey"]);
    const algorithm = { name: "HKDF", hash, salt: bytes(16), info: bytes(5) };
    const derived = await subtle.deriveKey(algorithm, key, { name: "HMAC", hash }, true, ["sign"]);
    return [show64(await subtle.deriveBits(algorithm, key, 640)), describe(derived), show64(await subtle.exportKey("raw", derived))];
  });
}
await check("derivation that fails", async () => {
  const key = await subtle.importKey("raw", text, "PBKDF2", false, ["deriveBits"]);
  const other = await subtle.importKey("raw", text, "HKDF", false, ["deriveBits"]);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt: bytes(16), iterations: 10 };
  return Promise.all([
    subtle.deriveBits(algorithm, key, 7), subtle.deriveBits(algorithm, key, null), subtle.deriveBits({ ...algorithm, iterations: 0 }, key, 8),
    subtle.deriveBits({ name: "HKDF", hash: "SHA-1", salt: bytes(0), info: bytes(0) }, other, 255 * 160 + 8),
    subtle.deriveBits(algorithm, other, 8), subtle.deriveKey(algorithm, key, { name: "AES-GCM", length: 128 }, true, ["encrypt"]),
    subtle.importKey("raw", text, "PBKDF2", true, ["deriveBits"]), subtle.importKey("jwk", {}, "PBKDF2", false, ["deriveBits"]),
  ].map((promise) => promise.catch((error) => error)));
});

// ---- Curves. What one engine has signed or agreed on another could check: fixed keys make the answers comparable.

const EC = {
  "P-256": { crv: "P-256", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" },
};
await check("P-256: a key in every form", async () => {
  const jwk = { kty: "EC", ...EC["P-256"] };
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const key = await subtle.importKey("jwk", jwk, algorithm, true, ["sign"]);
  const { d, ...publicJwk } = jwk;
  const publicKey = await subtle.importKey("jwk", publicJwk, algorithm, true, ["verify"]);
  const [pkcs8, spki, raw] = [await subtle.exportKey("pkcs8", key), await subtle.exportKey("spki", publicKey), await subtle.exportKey("raw", publicKey)];
  const again = [
    await subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]), await subtle.importKey("spki", spki, algorithm, true, ["verify"]),
    await subtle.importKey("raw", raw, algorithm, true, ["verify"]),
  ];
  const wrong = [subtle.exportKey("raw", key), subtle.exportKey("pkcs8", publicKey), subtle.importKey("raw", raw, { name: "ECDSA", namedCurve: "P-384" }, true, ["verify"]),
    subtle.importKey("spki", spki.slice(1), algorithm, true, ["verify"]), subtle.importKey("raw", bytes(65), algorithm, true, ["verify"]),
    subtle.importKey("jwk", { ...jwk, d: "AQ" }, algorithm, true, ["sign"]), subtle.importKey("raw", raw, algorithm, true, ["sign"]),
    subtle.importKey("raw", raw, { name: "ECDSA", namedCurve: "P-9" }, true, ["verify"]), subtle.importKey("jwk", { ...jwk, crv: "P-384" }, algorithm, true, ["sign"])];
  return [[pkcs8, spki, raw].map(show64), describe(key), describe(publicKey), await Promise.all(again.map(exportJwk)),
    await Promise.all(wrong.map((promise) => promise.catch((error) => error)))];
});
for (const namedCurve of ["P-256", "P-384", "P-521"]) {
  for (const hash of HASHES) {
    await check(`ECDSA on ${namedCurve} with ${hash}`, async () => {
      const algorithm = { name: "ECDSA", namedCurve, hash };
      const { publicKey, privateKey } = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
      const signature = await subtle.sign(algorithm, privateKey, text);
      const raw = await subtle.exportKey("raw", publicKey);
      const again = await subtle.importKey("pkcs8", await subtle.exportKey("pkcs8", privateKey), algorithm, true, ["sign"]);
      const other = await subtle.sign(algorithm, again, text);
      return [signature.byteLength, raw.byteLength, describe(publicKey), describe(privateKey), await subtle.verify(algorithm, publicKey, signature, text),
        await subtle.verify(algorithm, publicKey, other, text), await subtle.verify(algorithm, publicKey, signature, bytes(3)),
        await subtle.verify(algorithm, publicKey, bytes(signature.byteLength), text), await subtle.verify(algorithm, publicKey, new Uint8Array(), text)];
    });
  }
  await check(`ECDH on ${namedCurve}`, async () => {
    const algorithm = { name: "ECDH", namedCurve };
    const [one, other] = await Promise.all([1, 2].map(() => subtle.generateKey(algorithm, false, ["deriveBits", "deriveKey"])));
    const agree = async (mine, theirs, length) => show64(await subtle.deriveBits({ name: "ECDH", public: theirs.publicKey }, mine.privateKey, length));
    return [await agree(one, other, 128) === await agree(other, one, 128), (await agree(one, other, null)).length, await agree(one, one, 9999).catch((error) => error),
      describe(one.publicKey), describe(one.privateKey), await subtle.deriveBits({ name: "ECDH", public: one.privateKey }, one.privateKey, 8).catch((error) => error)];
  });
}
await check("a secret that is known", async () => {
  const { d, ...rest } = EC["P-256"];
  const key = await subtle.importKey("jwk", { kty: "EC", d, ...rest }, { name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
  const peer = await subtle.importKey("jwk", { kty: "EC", ...rest }, { name: "ECDH", namedCurve: "P-256" }, false, []);
  return [show64(await subtle.deriveBits({ name: "ECDH", public: peer }, key, 256)), show64(await subtle.deriveBits({ name: "ECDH", public: peer }, key, 200))];
});
const OKP = { kty: "OKP", crv: "Ed25519", d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
await check("Ed25519", async () => {
  const key = await subtle.importKey("jwk", OKP, "Ed25519", true, ["sign"]);
  const { d, ...publicJwk } = OKP;
  const publicKey = await subtle.importKey("jwk", publicJwk, "Ed25519", true, ["verify"]);
  const signature = await subtle.sign("Ed25519", key, text);
  const documents = [await subtle.exportKey("pkcs8", key), await subtle.exportKey("spki", publicKey), await subtle.exportKey("raw", publicKey)];
  const again = await subtle.importKey("pkcs8", documents[0], "Ed25519", true, ["sign"]);
  return [show64(signature), await subtle.verify("Ed25519", publicKey, signature, text), await subtle.verify("Ed25519", publicKey, signature, bytes(3)),
    documents.map(show64), await exportJwk(again), await exportJwk(publicKey), describe(key)];
});
await check("X25519", async () => {
  const [one, other] = await Promise.all([1, 2].map(() => subtle.generateKey("X25519", true, ["deriveBits"])));
  const agree = async (mine, theirs) => show64(await subtle.deriveBits({ name: "X25519", public: theirs.publicKey }, mine.privateKey, 256));
  const zero = await subtle.importKey("raw", new Uint8Array(32), "X25519", true, []);
  return [await agree(one, other) === await agree(other, one), describe(one.privateKey), (await subtle.exportKey("pkcs8", one.privateKey)).byteLength,
    await subtle.deriveBits({ name: "X25519", public: zero }, one.privateKey, 256).catch((error) => error)];
});

// ---- RSA

// Made for this test.
const RSA_KEY =
  "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDedsTqmIl9Rxy1iaPIuZbrCeWgl4jHCwBOY54sHZGY3zvJgs9f+P5tII8Zh9" +
  "TbM8V66xZQECx+63gt2PfVUqLy8iiqLC806CqhrcMfz0S3Q50vGuvSslLGCeXbanDLQ6gKkIQmBWob1MnuAQ+S3X9ioQFO/d1LWXAb28jNgpRp" +
  "vYwmC5TWqOy0R4SNCx+8aUX08IwLjwPEdhNwu5NP9yTU9HQZhtc7pTWNPVi0zg+jQaRVZcqORXg/t40YdlGvCG8JlNjPRv/CKOk6dLTAO4UOmk" +
  "+nmb2rilamcoDpgvWd1L4E/x+sqy3P94UkUPflxpkD+t+o+QPfLEzYNywEgNzNAgMBAAECggEAC+m1StDHUA+eUHRh8m5J0CVUCCEFQI9swUXh" +
  "YwBkWxjdNUHNhBir20EqmJXnBqQDl7z+EWSEVXmbkmzzfJdzxWnFVrOOBZnHKqhI8iuhxOSYhry80ygceaFvDyxohOIHHiW2Bek1UO84rwecg2" +
  "NcHnZ7wPSkRJQyBjPjUWoEM5NK3eBXJE8qrYPiNM/DVmAwXffqX+/I0SdHsaN/D7bYqK6CgYfZIPt5/UI82k/QwrT1f/6sCZpHWhPYcfO4lizD" +
  "Z67fWqa+9yQH8esNzq6RaD/+SEblNe9kJ0dmg4F3rf8GwH11ynTDtK4O6ykwnbEUKUZXRHEAdTYKEidsgoXfYQKBgQDxn2g9B8x1UPl+jJwxVs" +
  "Kd8zLrc7LwEFeBrFEqui+iqRRjBOzS0BXhFC16N9aaN0hIuYyYZzEb3bPyP897AQwWyXcX87gNZpJGDjPQxYFQlOaNSWXsw8vH8RehoN6BZJdQ" +
  "H7aekqqlMZ5T3zfr084jFyIDGFw/qxXBqXu9fp+4HQKBgQDrs4VAfcKuaVrPIgbT+xz0g7U2sCOCCYfgXwt+H/roSsqkyna8nkkMtucVtCxypf" +
  "L/HjmNwFmgFhBnsLPIkoht9JkZs+fSTogUIbaIvqFAV5uTXyyYa/xogmYoRZ3WxlY2YiY8d3C/XiM+F5vag0a0acPZsw8mvIgZJ9bY2A94cQKB" +
  "gQCk3Py179VNEwQ5md2VOLqwJVnQF/C3Jp9epmH3gnSwSyfS7HBe44aaPjdNlj4Cmcfjf190Oazjc6GtoGaEalGCVtLA8BXcZulVjalDQRAcGI" +
  "07SCKYq3wnH9Tc/rPzm9w22nyztCVlc/axCbTRX4LepJEbhYqkEqtUqbz5riVy7QKBgQCDZY3YeQNp5bPJGygBTtFCgpYoSaNR3+xOqc2nXz6p" +
  "9t/nZDMzTW5d1y0WDV5l/5tqm7fsDRopw4MbuwdOvlmuKpibGo8Wz87Ooki3DMaqLuy9CGa9Bh4tSNyYgM7QJ7tyD99PACrrlBhDijfJZjupYf" +
  "jbyRWeO6YHmA0Oz8w4EQKBgCk4QnWhp4Z2mrJDBRHSaomXT6ZcxrqY6mkr3AFkPPmV3QoVYOqeM6aXOWLIWfyHHPV/JlmTmcQwvgHyn0/SRrrw" +
  "owdV1tJ3Ucclkir1L60xGE2x7u1RiTmF1BrhDXgBks7VnTimwmBd5mOa+Jkub+c8d5wcl84DgRQmz6H7bNKo";

const RSA = [["RSASSA-PKCS1-v1_5", {}], ["RSA-PSS", { saltLength: 20 }], ["RSA-PSS", { saltLength: 0 }]];
const pair = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };
for (const [name, parameters] of RSA) {
  for (const hash of HASHES) {
    await check(`${name} with ${hash} ${JSON.stringify(parameters)}`, async () => {
      const { publicKey, privateKey } = await rsaPair(name, hash, ["sign"], ["verify"]);
      const algorithm = { name, ...parameters };
      const signature = await subtle.sign(algorithm, privateKey, text);
      const fixed = parameters.saltLength > 0 ? signature.byteLength : show64(signature);
      return [fixed, await subtle.verify(algorithm, publicKey, signature, text), await subtle.verify(algorithm, publicKey, signature, bytes(3)),
        await subtle.verify(algorithm, publicKey, new Uint8Array(256), text), await subtle.verify(algorithm, publicKey, new Uint8Array(3), text), describe(publicKey)];
    });
  }
}
for (const hash of HASHES) {
  await check(`RSA-OAEP with ${hash}`, async () => {
    const { publicKey, privateKey } = await rsaPair("RSA-OAEP", hash, ["decrypt"], ["encrypt"]);
    const algorithm = { name: "RSA-OAEP", label: bytes(4) };
    const hidden = await subtle.encrypt(algorithm, publicKey, text);
    return [hidden.byteLength, show64(await subtle.decrypt(algorithm, privateKey, hidden)), await subtle.decrypt("RSA-OAEP", privateKey, hidden).catch((error) => error),
      await subtle.encrypt(algorithm, publicKey, bytes(250)).catch((error) => error), await exportJwk(privateKey)];
  });
}
await check("a pair of RSA", async () => {
  const { publicKey, privateKey } = await subtle.generateKey({ name: "RSA-PSS", hash: "SHA-256", ...pair }, true, ["sign", "verify"]);
  const jwk = await subtle.exportKey("jwk", privateKey);
  const again = await subtle.importKey("jwk", jwk, { name: "RSA-PSS", hash: "SHA-256" }, true, ["sign"]);
  const signature = await subtle.sign({ name: "RSA-PSS", saltLength: 32 }, again, text);
  const wrong = await subtle.importKey("jwk", { ...jwk, d: jwk.n }, { name: "RSA-PSS", hash: "SHA-256" }, true, ["sign"]).catch((error) => error);
  return [describe(publicKey), describe(privateKey), Object.keys(jwk).sort(), await subtle.verify({ name: "RSA-PSS", saltLength: 32 }, publicKey, signature, text), wrong];
});

async function rsaPair(name, hash, privateUsages, publicUsages) {
  const algorithm = { name, hash };
  const der = Uint8Array.from(atob(RSA_KEY), (character) => character.charCodeAt(0));
  const privateKey = await subtle.importKey("pkcs8", der, algorithm, true, privateUsages);
  const { kty, n, e } = await subtle.exportKey("jwk", privateKey);
  const imported = await subtle.importKey("jwk", { kty, n, e }, algorithm, true, publicUsages);
  return { privateKey, publicKey: await subtle.importKey("spki", await subtle.exportKey("spki", imported), algorithm, true, publicUsages) };
}

// ---- Wrapping

for (const [algorithm, wrap] of [[{ name: "AES-KW", length: 256 }, "AES-KW"], [{ name: "AES-GCM", length: 128 }, { name: "AES-GCM", iv: bytes(12) }], [{ name: "AES-CBC", length: 192 }, { name: "AES-CBC", iv: bytes(16) }]]) {
  for (const format of ["raw", "jwk"]) {
    await check(`wrap ${format} with ${algorithm.name}`, async () => {
      const wrapping = await subtle.importKey("raw", bytes(algorithm.length / 8, 5), algorithm.name, false, ["wrapKey", "unwrapKey"]);
      const key = await subtle.importKey("raw", bytes(32), { name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
      const wrapped = await subtle.wrapKey(format, key, wrapping, wrap);
      const again = await subtle.unwrapKey(format, wrapped, wrapping, wrap, { name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
      return [format === "raw" ? show64(wrapped) : wrapped.byteLength > 0, show64(await subtle.exportKey("raw", again)), describe(again)];
    });
  }
}
await check("wrapping that is not allowed", async () => {
  const wrapping = await subtle.importKey("raw", bytes(16), "AES-KW", false, ["unwrapKey"]);
  const secret = await subtle.importKey("raw", bytes(32), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const wraps = await subtle.importKey("raw", bytes(16), "AES-KW", false, ["wrapKey", "unwrapKey"]);
  return Promise.all([subtle.wrapKey("raw", secret, wrapping, "AES-KW"), subtle.wrapKey("raw", secret, wraps, "AES-KW"),
    subtle.unwrapKey("raw", bytes(40), wraps, "AES-KW", { name: "HMAC", hash: "SHA-256" }, false, ["sign"]),
    subtle.encrypt("AES-KW", wraps, text)].map((promise) => promise.catch((error) => error)));
});
await check("a key of one's own making", () => new CryptoKey());
await check("a key that is cloned", async () => {
  const key = await subtle.importKey("raw", bytes(16), "AES-GCM", true, ["encrypt"]);
  const clone = structuredClone(key);
  return [clone instanceof CryptoKey, describe(clone), show64(await subtle.exportKey("raw", clone))];
});
