// SPDX-License-Identifier: AGPL-3.0-only
//
// Errors of all kinds, for the page that shows them in development.

class Hostile extends Error {
    override get message(): string {
        throw new Error("no message");
    }
}

function find(id: string): never {
    try {
        return JSON.parse("{broken") as never;
    } catch (cause) {
        throw new RangeError(`no order <script>alert("${id}")</script> & more`, { cause });
    }
}

const FAILURES: Record<string, (request: Request) => unknown> = {
    "/nested": ({ url }) => find(new URL(url).searchParams.get("id") ?? "1"),
    "/text": () => {
        throw "<b>only text</b>";
    },
    "/undefined": () => {
        throw undefined;
    },
    "/aggregate": () => {
        throw new AggregateError([new Error("the first"), "the second"], "all failed");
    },
    "/circular": () => {
        const error = new Error("round");
        error.cause = error;
        throw error;
    },
    "/hostile": () => {
        throw new Hostile();
    },
    "/proxy": () => {
        throw new Proxy(new Error("hidden"), {
            get() {
                throw new Error("trap");
            },
            getPrototypeOf() {
                throw new Error("trap");
            },
        });
    },
    "/late": () => {
        const { readable, writable } = new TransformStream();
        const writer = writable.getWriter();
        void writer.write(new TextEncoder().encode("begun"));
        setTimeout(() => void writer.abort(new Error("too late")), 50);
        return new Response(readable);
    },
};

export default {
    fetch: (request) => FAILURES[new URL(request.url).pathname]!(request) as Response,
} satisfies ExportedHandler;
