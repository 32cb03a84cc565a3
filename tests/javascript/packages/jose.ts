// SPDX-License-Identifier: AGPL-3.0-only
//
// Tokens of each kind, and keys of each kind that Web Crypto has.

import * as jose from "jose";

const SIGNING = ["HS256", "HS384", "HS512", "ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA", "Ed25519"];

async function keysFor(alg: string) {
    if (alg.startsWith("HS")) {
        const secret = crypto.getRandomValues(new Uint8Array(64));
        return { privateKey: secret, publicKey: secret };
    }
    return jose.generateKeyPair(alg, { extractable: true });
}

async function signAndVerify(alg: string) {
    const { privateKey, publicKey } = await keysFor(alg);
    const token = await new jose.SignJWT({ role: "tester" })
        .setProtectedHeader({ alg })
        .setIssuer("fn0")
        .setSubject("ada")
        .setIssuedAt()
        .setExpirationTime("1m")
        .sign(privateKey);
    const { payload, protectedHeader } = await jose.jwtVerify(token, publicKey, { issuer: "fn0" });
    const [head, body, signature] = token.split(".");
    const forged = `${head}.${body}.${signature!.startsWith("A") ? "B" : "A"}${signature!.slice(1)}`;
    const refusal = await jose.jwtVerify(forged, publicKey).catch((error) => error.code);
    return { alg: protectedHeader.alg, role: payload.role, sub: payload.sub, refusal };
}

async function encryptAndDecrypt(alg: string, enc: string) {
    const secret = alg === "dir" || alg.startsWith("A") ? await jose.generateSecret(alg === "dir" ? enc : alg) : null;
    const pair = secret === null && !alg.startsWith("PBES2") ? await jose.generateKeyPair(alg) : null;
    const password = new TextEncoder().encode("open sesame");
    const jwe = await new jose.CompactEncrypt(new TextEncoder().encode("héllo"))
        .setProtectedHeader({ alg, enc })
        .encrypt(secret ?? pair?.publicKey ?? password);
    const { plaintext } = await jose.compactDecrypt(jwe, secret ?? pair?.privateKey ?? password, {
        keyManagementAlgorithms: [alg],
        contentEncryptionAlgorithms: [enc],
    });
    return new TextDecoder().decode(plaintext);
}

async function exported(alg: string) {
    const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true });
    const pkcs8 = await jose.exportPKCS8(privateKey);
    const spki = await jose.exportSPKI(publicKey);
    const jwk = await jose.exportJWK(publicKey);
    const token = await new jose.SignJWT({}).setProtectedHeader({ alg }).sign(await jose.importPKCS8(pkcs8, alg));
    await jose.jwtVerify(token, await jose.importSPKI(spki, alg));
    await jose.jwtVerify(token, jose.createLocalJWKSet({ keys: [{ ...jwk, alg }] }));
    const thumbprint = await jose.calculateJwkThumbprint(jwk);
    return { pem: [pkcs8.split("\n")[0], spki.split("\n")[0]], kty: jwk.kty, thumbprint: thumbprint.length };
}

// A token of RFC 7515, appendix A.1.
const KNOWN_KEY = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
const KNOWN_TOKEN =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

export default {
    async fetch(request) {
        const { pathname, searchParams } = new URL(request.url);
        const alg = searchParams.get("alg") ?? "";
        if (pathname === "/sign") {
            return Response.json(await signAndVerify(alg));
        }
        if (pathname === "/encrypt") {
            return new Response(await encryptAndDecrypt(alg, searchParams.get("enc")!));
        }
        if (pathname === "/export") {
            return Response.json(await exported(alg));
        }
        if (pathname === "/known") {
            const verified = await jose.compactVerify(KNOWN_TOKEN, jose.base64url.decode(KNOWN_KEY));
            const late = await jose.jwtVerify(KNOWN_TOKEN, jose.base64url.decode(KNOWN_KEY)).catch((error) => error.code);
            return Response.json({ payload: new TextDecoder().decode(verified.payload), late });
        }
        if (pathname === "/issue") {
            const [other, mine] = await Promise.all([jose.generateKeyPair("RS256"), jose.generateKeyPair("Ed25519", { extractable: true })]);
            const keys = await Promise.all([other, mine].map(({ publicKey }) => jose.exportJWK(publicKey)));
            const token = await new jose.SignJWT({ sub: "ada" }).setProtectedHeader({ alg: "Ed25519", kid: "1" }).sign(mine.privateKey);
            return Response.json({ token, keys: { keys: keys.map((key, kid) => ({ ...key, kid: String(kid) })) } });
        }
        if (pathname === "/remote") {
            const keys = jose.createRemoteJWKSet(new URL(searchParams.get("url")!));
            const { payload } = await jose.jwtVerify(searchParams.get("token")!, keys);
            return Response.json(payload);
        }
        return Response.json(SIGNING);
    },
} satisfies ExportedHandler;
