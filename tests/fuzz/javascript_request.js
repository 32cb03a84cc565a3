// SPDX-License-Identifier: AGPL-3.0-only
//
// What fuzz_javascript_request calls: reads all there is of a request, and answers with what it found. Two headers of the
// fuzzer's say what is made of the body, and which status is answered.

async function found(read) {
    try {
        return await read();
    } catch (error) {
        if (!(error instanceof Error || error instanceof DOMException)) {
            throw error;
        }
        return error.name;
    }
}

const attempt = (read) => {
    try {
        return read();
    } catch (error) {
        return error.name;
    }
};

async function readChunks(stream, mode) {
    const reader = stream.getReader({ mode });
    let bytes = 0;
    for (;;) {
        const { done, value } = await (mode === "byob" ? reader.read(new Uint8Array(100)) : reader.read());
        if (done) {
            return bytes;
        }
        bytes += value.byteLength;
    }
}

async function describeForm(form) {
    return Promise.all(
        [...form].map(async ([name, value]) => (typeof value === "string" ? [name, value] : [name, value.name, value.type, (await value.bytes()).length])),
    );
}

const BODIES = [
    (message) => message.text(),
    (message) => message.json(),
    async (message) => describeForm(await message.formData()),
    async (message) => (await message.arrayBuffer()).byteLength,
    async (message) => (await message.bytes()).length,
    async (message) => {
        const blob = await message.blob();
        return [blob.size, blob.type, await blob.slice(1, 9).text()];
    },
    (message) => message.body && readChunks(message.body, undefined),
    (message) => message.body && readChunks(message.body, "byob"),
    async (message) => {
        const copy = message.clone();
        return [await message.text(), await copy.text()];
    },
    async (message) => {
        const [one, two] = message.body?.tee() ?? [];
        await one?.cancel("enough");
        return two && readChunks(two, undefined);
    },
    (message) => message.body && new Response(message.body.pipeThrough(new TextDecoderStream())).body && message.bodyUsed,
    async (message) => {
        await message.body?.cancel();
        return message.bodyUsed;
    },
    async (message) => new Response(await message.text(), { headers: message.headers }).formData().then(describeForm),
];

// The kinds of answers: out of the body itself in some.
const ANSWERS = [
    (text, request, init) => new Response(text, init),
    (text, request, init) => new Response(new TextEncoder().encode(text), init),
    (text, request, init) => new Response(request.bodyUsed ? null : request.body, init),
    (text, request, init) => new Response(ReadableStream.from([new TextEncoder().encode(text), new Uint8Array(3)]), init),
    (text, request, init) => new Response(new Blob([text, text]), init),
    (text, request, init) => new Response(new URLSearchParams(request.headers), init),
    (text, request) => Response.json({ text, url: request.url }),
    (text, request) => Response.redirect(request.headers.get("location") ?? request.url),
    (text) => new Response(text).clone(),
    () => undefined,
];

function describeHeaders(headers) {
    const copy = new Headers(headers);
    for (const [name, value] of [...headers]) {
        copy.append(name, value);
        attempt(() => copy.set(value, name));
        copy.has(name);
    }
    copy.delete("x-mode");
    return [[...headers], headers.getSetCookie(), [...copy.keys()].length];
}

export default {
    async fetch(request, env, context) {
        const mode = Number(request.headers.get("x-mode"));
        const { method, url, bodyUsed, signal } = request;
        const parsed = new URL(url);
        const seen = [method, url, bodyUsed, signal.aborted, parsed.origin, parsed.hash, [...parsed.searchParams], describeHeaders(request.headers)];
        seen.push(attempt(() => new Request(request.clone(), { headers: request.headers, method: "POST" }).url));
        seen.push(attempt(() => new URL(request.headers.get("referer"), url).href));
        if (mode < 128) {
            seen.push(await found(() => BODIES[mode % BODIES.length](request)));
        }
        context.waitUntil(found(() => request.text()));
        const init = { status: Number(request.headers.get("x-status")), headers: mode % 2 ? request.headers : [["x-seen", String(seen.length)]] };
        return ANSWERS[mode % ANSWERS.length](JSON.stringify(seen), request, init);
    },
};
