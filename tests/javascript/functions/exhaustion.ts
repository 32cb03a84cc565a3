// SPDX-License-Identifier: AGPL-3.0-only
//
// Functions that use all there is of the stack, or of the memory: /stack?kind=… and /memory?kind=…

let depth = 0;
const kept: unknown[] = [];

// Where there is no memory for an error, null is thrown.
function name(error: unknown): string {
    return error instanceof Error ? error.name : String(error);
}

const nested = (levels: number): unknown[] => {
    let array: unknown[] = [];
    for (let level = 0; level < levels; level++) {
        array = [array];
    }
    return array;
};

// Each calls itself without end.
const STACK: Record<string, () => unknown> = {
    calls: function calls() {
        depth++;
        return STACK.calls!();
    },
    arguments: function arguments_(...values: unknown[]) {
        depth++;
        return (STACK.arguments as (...values: unknown[]) => unknown)(1, 2, ...values.slice(0, 4));
    },
    constructors: () => {
        class Deeper {
            constructor() {
                depth++;
                new Deeper();
            }
        }
        return new Deeper();
    },
    getters: () => {
        const object: { deeper: unknown } = {
            get deeper() {
                depth++;
                return object.deeper;
            },
        };
        return object.deeper;
    },
    proxies: () => {
        const proxy: { deeper?: unknown } = new Proxy(
            {},
            {
                get: (_target, key, receiver) => {
                    depth++;
                    return receiver[key];
                },
            },
        );
        return proxy.deeper;
    },
    generators: function* generators(): Generator<unknown> {
        depth++;
        yield* STACK.generators!() as Generator<unknown>;
    },
    map: () => {
        const deeper = (): unknown => {
            depth++;
            return [1].map(deeper);
        };
        return deeper();
    },
    sort: () => {
        const deeper = (): number => {
            depth++;
            [1, 2].sort(deeper);
            return 0;
        };
        return deeper();
    },
    replace: () => {
        const deeper = (): string => {
            depth++;
            return "a".replace(/a/, deeper);
        };
        return deeper();
    },
    strings: () => {
        const object = {
            toString: (): string => {
                depth++;
                return `${object}`;
            },
        };
        return `${object}`;
    },
    reviver: () => {
        const deeper = (): unknown => {
            depth++;
            return JSON.parse("[1]", deeper);
        };
        return deeper();
    },
    headers: () => {
        const headers = new Headers({ a: "b" });
        const deeper = (): void => {
            depth++;
            headers.forEach(deeper);
        };
        return deeper();
    },
    request: () => {
        const deeper = (): unknown => {
            depth++;
            return new Request("https://example.com/", {
                get method() {
                    deeper();
                    return "GET";
                },
            });
        };
        return deeper();
    },
    "JSON.parse": () => JSON.parse("[".repeat(1_000_000)),
    "JSON.stringify": () => JSON.stringify(nested(20_000)),
    flat: () => nested(100_000).flat(Infinity),
    regexp: () => new RegExp("(".repeat(1_000_000)),
    eval: () => (0, eval)("(".repeat(1_000_000)),
};

const MEMORY: Record<string, (keep: unknown[]) => unknown> = {
    bytes: (keep) => {
        for (;;) {
            keep.push(new Uint8Array(1 << 20).fill(1));
        }
    },
    objects: (keep) => {
        for (;;) {
            keep.push({ a: keep.length, b: [keep.length] });
        }
    },
    strings: (keep) => {
        for (;;) {
            keep.push(`${keep.length}`.padStart(100_000, "-"));
        }
    },
    "one string": () => {
        let text = "x";
        for (;;) {
            text += text;
        }
    },
    promises: (keep) => {
        for (;;) {
            keep.push(Promise.resolve(keep.length).then(() => keep));
        }
    },
    "one buffer": () => new ArrayBuffer(2 ** 31),
    headers: (keep) => {
        for (;;) {
            keep.push(new Headers({ "x-long": "y".repeat(1000) }));
        }
    },
    blobs: (keep) => {
        for (;;) {
            keep.push(new Blob(["z".repeat(100_000)]));
        }
    },
    encoded: (keep) => {
        for (;;) {
            keep.push(new TextEncoder().encode("ü".repeat(100_000)));
        }
    },
};

export default {
    async fetch(request) {
        const url = new URL(request.url);
        const kind = url.searchParams.get("kind") ?? "";
        if (url.pathname === "/stack") {
            depth = 0;
            try {
                const result = STACK[kind]!();
                for (const _ of (result as Iterable<unknown>) ?? []) {
                }
                return Response.json("came to an end");
            } catch (error) {
                return Response.json([name(error), depth]);
            }
        }
        if (url.pathname === "/memory") {
            try {
                return Response.json(typeof MEMORY[kind]!([]));
            } catch (error) {
                return Response.json(name(error));
            }
        }
        if (url.pathname === "/memory/uncaught") {
            return Response.json(typeof MEMORY[kind]!([]));
        }
        if (url.pathname === "/memory/kept") {
            return Response.json(typeof MEMORY[kind]!(kept));
        }
        return new Response("works");
    },
} satisfies ExportedHandler;
