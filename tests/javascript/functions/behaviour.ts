// SPDX-License-Identifier: AGPL-3.0-only
//
// What docs/javascript.md promises, a route each.

const started = Date.now();
const random = Math.random();
let visits = 0;

class NotFound extends Error {
    override name = "NotFound";
}

function load(name: string): never {
    throw new NotFound(`no user ${name}`, { cause: new RangeError("out of users") });
}

const ROUTES: Record<string, (request: Request, env: Env, ctx: ExecutionContext) => Response | Promise<Response>> = {
    "/throws": () => load("Ada"),
    "/rejects": async () => {
        await Promise.resolve();
        return load("Grace");
    },
    "/throws-a-string": () => {
        throw "just a string";
    },
    "/no-response": () => "text" as never,
    "/passes-through": (_request, _env, ctx) => ctx.passThroughOnException(),
    "/unhandled": () => {
        void Promise.reject(new Error("nobody waits for this"));
        return new Response("answered");
    },
    "/logs": () => {
        console.debug("at debug", { deep: { er: [1, new Map([["a", 1]])] } });
        console.log("at log %d %s", 1, "two");
        console.warn("at warn");
        console.error("at error", new TypeError("shown"));
        return new Response("logged");
    },
    "/state": () => Response.json({ visits: ++visits, started, random, now: Date.now(), other: Math.random() }),
    "/env": (_request, env) => Response.json(env),
    "/headers": (request) => Response.json(Object.fromEntries(request.headers)),
    "/connection-headers": () =>
        new Response("sent", { headers: { "transfer-encoding": "chunked", connection: "keep-alive", upgrade: "h2c", "x-own": "1" } }),
    "/deep": () => {
        const deeper = (n: number): number => 1 + deeper(n + 1);
        try {
            return Response.json(deeper(0));
        } catch (error) {
            return new Response((error as Error).name);
        }
    },
    "/eval": () => Response.json([(0, eval)("1 + 1"), new Function("a", "return a + 1")(2)]),
    "/node": () =>
        Response.json(["process", "Buffer", "require", "__dirname", "setImmediate", "WebAssembly"].filter((name) => name in globalThis)),
    "/string-timer": () => {
        try {
            setTimeout("globalThis.ran = true" as never, 1);
            return new Response("taken");
        } catch (error) {
            return new Response((error as Error).name);
        }
    },
};

export default {
    async fetch(request, env, ctx) {
        return ROUTES[new URL(request.url).pathname]!(request, env, ctx);
    },
} satisfies ExportedHandler;
