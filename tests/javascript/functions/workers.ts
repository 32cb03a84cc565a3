// SPDX-License-Identifier: AGPL-3.0-only
//
// What functions for Workers are made of, as their documentation and many a repository has it, a route each.

interface Env {
    SECRET: string;
    ORIGIN: string;
}

const encoder = new TextEncoder();
const hex = (bytes: ArrayBuffer) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

type Handler = (request: Request, env: Env, ctx: ExecutionContext) => Response | Promise<Response>;

// ---- Streams

const events: Handler = (_request, _env, ctx) => {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    ctx.waitUntil(
        (async () => {
            for (let id = 1; id <= 3; id++) {
                await writer.write(encoder.encode(`id: ${id}\ndata: ${JSON.stringify({ id })}\n\n`));
                await sleep(100);
            }
            await writer.close();
        })(),
    );
    return new Response(readable, { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
};

const pulled: Handler = () => {
    let count = 0;
    const stream = new ReadableStream({
        async pull(controller) {
            await sleep(5);
            controller.enqueue(encoder.encode(`line ${++count}\n`));
            if (count === 3) {
                controller.close();
            }
        },
    });
    return new Response(stream);
};

const tee: Handler = async (request, _env, ctx) => {
    const [one, other] = request.body!.tee();
    ctx.waitUntil(new Response(other).text().then((text) => console.log(`stored ${text.length} characters`)));
    return new Response(one, { headers: { "content-type": request.headers.get("content-type")! } });
};

const jsonLines: Handler = async (_request, { ORIGIN }) => {
    const answer = await fetch(`${ORIGIN}/lines`);
    let rest = "";
    const upper = new TransformStream<string, string>({
        transform(chunk, controller) {
            const lines = (rest + chunk).split("\n");
            rest = lines.pop()!;
            for (const line of lines) {
                controller.enqueue(`${JSON.stringify({ ...JSON.parse(line), seen: true })}\n`);
            }
        },
    });
    const body = answer.body!.pipeThrough(new TextDecoderStream()).pipeThrough(upper).pipeThrough(new TextEncoderStream());
    return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
};

const compressed: Handler = () =>
    new Response(new Blob(["the same ".repeat(1000)]).stream().pipeThrough(new CompressionStream("gzip")), {
        headers: { "content-type": "text/plain", "content-encoding": "gzip" },
    });

// ---- Cookies and cryptography

const hmacKey = (secret: string) =>
    crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);

const signCookie: Handler = async (_request, { SECRET }) => {
    const value = `ada.${1_700_000_000}`;
    const signature = await crypto.subtle.sign("HMAC", await hmacKey(SECRET), encoder.encode(value));
    const headers = new Headers();
    headers.append("set-cookie", `session=${value}.${hex(signature)}; Path=/; HttpOnly; Secure; SameSite=Lax`);
    headers.append("set-cookie", "theme=dark; Max-Age=60");
    return new Response("signed in", { headers });
};

const checkCookie: Handler = async (request, { SECRET }) => {
    const cookies = Object.fromEntries((request.headers.get("cookie") ?? "").split(/;\s*/).map((pair) => pair.split(/=(.*)/s)));
    const [user, time, signature] = (cookies.session ?? "..").split(".");
    const bytes = Uint8Array.from(signature.match(/../g) ?? [], (digits: string) => parseInt(digits, 16));
    const isGood = await crypto.subtle.verify("HMAC", await hmacKey(SECRET), bytes, encoder.encode(`${user}.${time}`));
    return isGood ? Response.json({ user }) : new Response("Unauthorized", { status: 401, headers: { "www-authenticate": "Cookie" } });
};

const seal: Handler = async (request, { SECRET }) => {
    const text = await request.text();
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const password = await crypto.subtle.importKey("raw", encoder.encode(SECRET), "PBKDF2", false, ["deriveKey"]);
    const derivation = { name: "PBKDF2", salt, iterations: 1000, hash: "SHA-256" };
    const key = await crypto.subtle.deriveKey(derivation, password, { name: "AES-GCM", length: 256 }, true, ["encrypt", "decrypt"]);
    const hidden = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, encoder.encode(text));
    const shown = new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, hidden));
    const base64 = btoa(String.fromCharCode(...new Uint8Array(hidden)));
    return Response.json({ shown, bytes: atob(base64).length, id: crypto.randomUUID() });
};

const digest: Handler = async (request) => new Response(hex(await crypto.subtle.digest("SHA-256", await request.arrayBuffer())));

// ---- Forms, redirections, headers

const upload: Handler = async (request) => {
    const form = await request.formData();
    const files = await Promise.all(
        form.getAll("file").map(async (file) =>
            file instanceof File ? { name: file.name, type: file.type, size: file.size, text: await file.text() } : String(file),
        ),
    );
    return Response.json({ title: form.get("title"), files }, { status: 201 });
};

const redirectTo: Handler = ({ url }) => Response.redirect(new URL("/elsewhere?from=here", url).href, 301);

const cached: Handler = async (request) => {
    const body = "something that stays";
    const etag = `"${hex(await crypto.subtle.digest("SHA-1", encoder.encode(body))).slice(0, 16)}"`;
    const headers = { etag, "cache-control": "public, max-age=60", vary: "accept-encoding", "last-modified": new Date(0).toUTCString() };
    return request.headers.get("if-none-match") === etag ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
};

const CORS = { "access-control-allow-origin": "*", "access-control-allow-methods": "GET,HEAD,POST,OPTIONS", "access-control-max-age": "86400" };
const cors: Handler = (request) => {
    if (request.method === "OPTIONS" && request.headers.has("origin") && request.headers.has("access-control-request-method")) {
        return new Response(null, { headers: { ...CORS, "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "" } });
    }
    return request.method === "GET" ? Response.json({ ok: true }, { headers: CORS }) : new Response(null, { status: 405, statusText: "Method Not Allowed" });
};

const login: Handler = (request) => {
    const [scheme, encoded] = (request.headers.get("authorization") ?? "").split(" ");
    if (scheme !== "Basic" || encoded === undefined) {
        return new Response("You need to login.", { status: 401, headers: { "www-authenticate": 'Basic realm="my scope", charset="UTF-8"' } });
    }
    const [user, password] = new TextDecoder().decode(Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))).split(/:(.*)/s);
    return new Response(`Hello ${user}, ${password?.length}`);
};

// ---- Fetches

const addHeaders: Handler = async (request, { ORIGIN }) => {
    const url = new URL(request.url);
    const upstream = new URL(ORIGIN);
    url.protocol = upstream.protocol;
    url.host = upstream.host;
    url.pathname = "/headers";
    const forwarded = new Request(url, request);
    forwarded.headers.set("x-added", "yes");
    forwarded.headers.delete("cookie");
    const answer = await fetch(forwarded);
    const changed = new Response(answer.body, answer);
    changed.headers.set("x-frame-options", "DENY");
    changed.headers.append("server-timing", "origin;dur=1");
    return changed;
};

const echoThrough: Handler = (request, { ORIGIN }) => fetch(`${ORIGIN}/echo`, request);

const all: Handler = async (_request, { ORIGIN }) => {
    const urls = ["/slow/150", "/slow/150", "/slow/150", "/bytes/3"].map((path) => ORIGIN + path);
    const began = Date.now();
    const texts = await Promise.all(urls.map(async (url) => (await fetch(url)).text()));
    const settled = await Promise.allSettled([fetch(`${ORIGIN}/nothing`), fetch("nonsense"), fetch(`${ORIGIN}/status/404`)]);
    return Response.json({ texts, took: Date.now() - began, settled: settled.map(({ status }) => status) });
};

const post: Handler = async (_request, { ORIGIN }) => {
    const form = new FormData();
    form.append("text", "a & b");
    form.append("file", new File(["content"], "name.txt", { type: "text/plain" }));
    const send = async (body: BodyInit, headers: HeadersInit = {}) => {
        const answer = await fetch(`${ORIGIN}/kept`, { method: "POST", body, headers });
        return answer.json();
    };
    return Response.json([
        await send(JSON.stringify({ a: 1 }), { "content-type": "application/json" }),
        await send(new URLSearchParams({ q: "a b", r: "é" })),
        await send(form),
        await send(new Blob(["<b>"], { type: "text/html" })),
        await send(new Uint8Array([1, 2, 3])),
    ]);
};

const withTimeout: Handler = async (_request, { ORIGIN }) => {
    const names = [];
    for (const path of ["/slow/2000", "/gap/2000"]) {
        try {
            const answer = await fetch(ORIGIN + path, { signal: AbortSignal.timeout(100) });
            await answer.text();
            names.push("in time");
        } catch (error) {
            names.push((error as Error).name);
        }
    }
    const controller = new AbortController();
    setTimeout(() => controller.abort(new RangeError("mine")), 20);
    names.push(await fetch(`${ORIGIN}/slow/2000`, { signal: controller.signal }).catch((error) => error.message));
    names.push(await fetch(`${ORIGIN}/`, { signal: AbortSignal.abort() }).catch((error) => error.name));
    const race = await Promise.race([fetch(`${ORIGIN}/slow/500`).then(() => "slow"), sleep(50).then(() => "fast")]);
    return Response.json([...names, race]);
};

// A signal that aborts while an answer is read, in each way of reading.
const abortedBody: Handler = async (_request, { ORIGIN }) => {
    const aborted = async (read: (answer: Response) => Promise<unknown>) => {
        const controller = new AbortController();
        const answer = await fetch(`${ORIGIN}/gap/1000`, { signal: controller.signal });
        setTimeout(() => controller.abort(new RangeError("enough")), 30);
        return read(answer).then(String, (error) => error.message);
    };
    const readStream = async (stream: ReadableStream<Uint8Array>) => {
        const reader = stream.getReader();
        await reader.read();
        return reader.read();
    };
    const late = new AbortController();
    const answer = await fetch(`${ORIGIN}/gap/0`, { signal: late.signal });
    const whole = await answer.text();
    late.abort();
    const found = await Promise.all([
        aborted((one) => one.text()),
        aborted((one) => readStream(one.body!)),
        aborted((one) => readStream(one.clone().body!)),
        aborted((one) => new Response(one.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new TextEncoderStream())).text()),
        aborted(async (one) => (await sleep(60), one.text())),
        aborted(async (one) => one.body!.cancel()),
    ]);
    return Response.json([...found, whole, answer.type]);
};

const abortedPassing: Handler = (_request, { ORIGIN }) => fetch(`${ORIGIN}/gap/2000`, { signal: AbortSignal.timeout(200) });

const kept = new AbortController();
const longSignal: Handler = async (_request, { ORIGIN }) => {
    const answer = await fetch(`${ORIGIN}/bytes/3`, { signal: kept.signal });
    return new Response(await answer.text());
};

const logLater: Handler = (request, { ORIGIN }, ctx) => {
    const log = async () => {
        await sleep(30);
        await fetch(`${ORIGIN}/kept`, { method: "POST", body: JSON.stringify({ url: request.url, agent: request.headers.get("user-agent") }) });
    };
    ctx.waitUntil(log());
    ctx.waitUntil(Promise.reject(new Error("logging failed")));
    return new Response("answered first");
};

const readTwice: Handler = async (request) => {
    const copy = request.clone();
    const [text, json] = [await request.text(), await copy.json<{ a: number }>()];
    const again = await request.text().catch((error) => error.name);
    return Response.json({ text, json, a: json.a, again, used: [request.bodyUsed, copy.bodyUsed] });
};

const immutable: Handler = async (_request, { ORIGIN }) => {
    const answer = await fetch(ORIGIN);
    try {
        answer.headers.set("x-own", "1");
        return new Response("changed");
    } catch (error) {
        return new Response((error as Error).name);
    }
};

const about: Handler = (request) => {
    const url = new URL(request.url);
    const { pathname: { groups } } = new URLPattern({ pathname: "/about/:kind/*" }).exec(url)!;
    return Response.json({ groups, query: [...url.searchParams], method: request.method, agent: navigator.userAgent, cf: "cf" in request });
};

const ROUTES: Record<string, Handler> = {
    events, pulled, tee, jsonLines, compressed, signCookie, checkCookie, seal, digest, upload, redirectTo, cached, cors, login, addHeaders,
    echoThrough, all, post, withTimeout, abortedBody, abortedPassing, longSignal, logLater, readTwice, immutable, about,
};

export default {
    async fetch(request, env, ctx) {
        const [, name] = new URL(request.url).pathname.split("/");
        const handler = ROUTES[name!];
        try {
            return handler === undefined ? new Response("Not found", { status: 404 }) : await handler(request, env, ctx);
        } catch (error) {
            console.error(error);
            return new Response(`${error}`, { status: 500 });
        }
    },
} satisfies ExportedHandler<Env>;
