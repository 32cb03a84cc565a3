// SPDX-License-Identifier: AGPL-3.0-only
//
// A client of the kind that language models have: it reads a stream of events while it comes, and passes the words on.

import OpenAI from "openai";

function clientOf(request: Request, env: { KEY: string }) {
    const baseURL = new URL(request.url).searchParams.get("base")!;
    return new OpenAI({ baseURL, apiKey: env.KEY, maxRetries: 1, timeout: 2000 });
}

function streamed(client: OpenAI) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const encoder = new TextEncoder();
    (async () => {
        const stream = await client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "Hi" }], stream: true });
        for await (const chunk of stream) {
            await writer.write(encoder.encode(chunk.choices[0]?.delta?.content ?? ""));
        }
        await writer.close();
    })().catch((error) => writer.abort(error));
    return new Response(readable, { headers: { "content-type": "text/plain" } });
}

export default {
    async fetch(request, env) {
        const client = clientOf(request, env);
        const { pathname } = new URL(request.url);
        if (pathname === "/stream") {
            return streamed(client);
        }
        if (pathname === "/passed-on") {
            const stream = await client.chat.completions.create({ model: "m", messages: [], stream: true });
            return new Response(stream.toReadableStream() as ReadableStream);
        }
        try {
            const completion = await client.chat.completions.create({ model: pathname.slice(1), messages: [{ role: "user", content: "Hi" }] });
            return Response.json({ text: completion.choices[0]?.message.content, tokens: completion.usage?.total_tokens });
        } catch (error) {
            const { name, status, message } = error as InstanceType<typeof OpenAI.APIError>;
            return Response.json({ name, status, message }, { status: 502 });
        }
    },
} satisfies ExportedHandler<{ KEY: string }>;
