// SPDX-License-Identifier: AGPL-3.0-only
//
// node serve.mjs MAIN_JS
//
// A bundled function served by Node at a free port of loopback, in the way that `fn0 serve` does: what the tests of packages
// expect is held against Node's own web interfaces first. VARIABLES in the environment is env, as JSON.

import { createServer } from "node:http";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";

const { default: handler } = await import(pathToFileURL(process.argv[2]));
const env = JSON.parse(process.env.VARIABLES ?? "{}");
const context = { waitUntil: (promise) => void promise.catch((error) => console.error(error)), props: undefined };

function requestOf(incoming) {
    const headers = new Headers();
    for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
        headers.append(incoming.rawHeaders[at], incoming.rawHeaders[at + 1]);
    }
    const body = ["GET", "HEAD"].includes(incoming.method) ? undefined : Readable.toWeb(incoming);
    return new Request(new URL(incoming.url, `http://${incoming.headers.host}`), { method: incoming.method, headers, body, duplex: "half" });
}

async function answer(incoming, outgoing) {
    const response = await handler.fetch(requestOf(incoming), env, context);
    const headers = [];
    response.headers.forEach((value, name) => headers.push(name, value));
    outgoing.writeHead(response.status, response.statusText || undefined, headers);
    for await (const chunk of response.body ?? []) {
        outgoing.write(chunk);
    }
    outgoing.end();
}

const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error) => {
        console.error(error);
        if (!outgoing.headersSent) {
            outgoing.writeHead(500).end();
        } else {
            outgoing.destroy();
        }
    });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
