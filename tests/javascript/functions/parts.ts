// SPDX-License-Identifier: AGPL-3.0-only
//
// Reaches parts of the library by names that are not in its source, so that they are not loaded when it is built.

const word = (...pieces: string[]) => pieces.join("");
const globals = globalThis as unknown as Record<string, any>;

const WAYS: Record<string, (request: Request) => unknown> = {
    intl: () => new globals[word("In", "tl")].NumberFormat().format(12345.678),
    number: () => (1234567.5 as any)[word("toLo", "caleString")](),
    date: () => (new Date(0) as any)[word("toLo", "caleDateString")](),
    subtle: async () => (await globals[word("cry", "pto")][word("sub", "tle")].digest("SHA-256", new Uint8Array(3))).byteLength,
    key: () => globals[word("Crypto", "Key")].name,
    pattern: () => new globals[word("URL", "Pattern")]({ pathname: "/a/:b" }).exec("https://x/a/c").pathname.groups.b,
    multipart: async (request) => [...(await (request as any)[word("form", "Data")]())].length,
    log: () => globals[word("con", "sole")].log({ a: [1, new Headers({ b: "c" })] }),
    fail: () => {
        throw new TypeError("on purpose");
    },
    replaced: () => {
        const name = word("Subtle", "Crypto");
        globals[name] = 5;
        const { value, writable, enumerable } = Object.getOwnPropertyDescriptor(globalThis, name)!;
        return [value, writable, enumerable];
    },
};

export default {
    async fetch(request) {
        const way = WAYS[new URL(request.url).pathname.slice(1)]!;
        return Response.json((await way(request)) ?? null);
    },
} satisfies ExportedHandler;
