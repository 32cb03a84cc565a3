// SPDX-License-Identifier: AGPL-3.0-only
//
// What functions do all day, for a look at what an instance holds after many calls.

let visits = 0;

const ROUTES: Record<string, (request: Request) => Response | Promise<Response>> = {
    "/text": () => new Response("Hello"),
    "/json": async (request) => Response.json(await request.json(), { headers: { "x-one": "1", "x-two": "2" } }),
    "/form": async (request) => Response.json([...(await request.formData()).keys()]),
    "/echo": (request) => new Response(request.body, { headers: request.headers }),
    "/stream": () =>
        new Response(
            new ReadableStream({
                start(controller) {
                    controller.enqueue(new TextEncoder().encode("one"));
                    setTimeout(() => {
                        controller.enqueue(new TextEncoder().encode("two"));
                        controller.close();
                    }, 0);
                },
            }),
        ),
    "/errors": async () => {
        const outcomes = await Promise.allSettled([
            Promise.reject(new Error("kept by nobody")),
            fetch("no url"),
            new Response("{").json(),
            AbortSignal.abort("now"),
        ]);
        return Response.json(outcomes.map(({ status }) => status));
    },
    "/many": async (request) => {
        const { searchParams } = new URL(request.url);
        const controller = new AbortController();
        controller.signal.addEventListener("abort", () => searchParams.delete("a"));
        controller.abort();
        const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(searchParams.toString()));
        const copy = structuredClone(new Map([["digest", new Uint8Array(digest).length]]));
        return Response.json([...copy, [...request.clone().headers].length, await new Blob(["a", "b"]).text()]);
    },
    "/unread": () => new Response(null, { status: 204 }),
};

export default {
    async fetch(request, _env, ctx) {
        visits++;
        ctx.waitUntil(Promise.resolve(visits));
        const { pathname } = new URL(request.url);
        return ROUTES[pathname]!(request);
    },
} satisfies ExportedHandler;
