// SPDX-License-Identifier: AGPL-3.0-only
//
// Answers with a Content-Encoding, read and passed on in all ways. The path's rest is what the origin is asked for.

export default {
    async fetch(request, env: { ORIGIN: string }) {
        const { pathname } = new URL(request.url);
        const [, how, ...rest] = pathname.split("/");
        const url = `${env.ORIGIN}/${rest.join("/")}`;
        const method = request.method;
        switch (how) {
            case "pass":
                return fetch(url, { method });
            case "forward":
                return fetch(url, request);
            case "signal":
                return fetch(url, { signal: AbortSignal.timeout(10_000) });
            case "rewrap": {
                const answer = await fetch(url);
                return new Response(answer.body, answer);
            }
            case "clone":
                return (await fetch(url)).clone();
            case "text": {
                const answer = await fetch(url);
                return new Response(await answer.text(), { headers: answer.headers });
            }
            case "headers":
                return Response.json(Object.fromEntries((await fetch(url, { method })).headers));
            case "asked":
                return Response.json((await (await fetch(url, request)).json()).headers);
            case "length": {
                let length = 0;
                let largest = 0;
                for await (const chunk of (await fetch(url)).body!) {
                    length += chunk.byteLength;
                    largest = Math.max(largest, chunk.byteLength);
                }
                return Response.json({ length, largest });
            }
            case "first": {
                const reader = (await fetch(url)).body!.getReader();
                const { value } = await reader.read();
                await reader.cancel();
                return new Response(value);
            }
            default: {
                try {
                    return Response.json({ text: await (await fetch(url)).text() });
                } catch (error) {
                    return Response.json({ name: (error as Error).name, message: (error as Error).message });
                }
            }
        }
    },
} satisfies ExportedHandler<{ ORIGIN: string }>;
