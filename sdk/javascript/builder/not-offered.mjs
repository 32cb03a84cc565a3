// SPDX-License-Identifier: Apache-2.0
//
// Facts as table rows: modules that other platforms build in and fn0 does not, and what takes their place.

import { builtinModules } from "node:module";

// What to use instead of a built-in module of Node.js, by its first name: "fs" is for "node:fs/promises" too.
const INSTEAD_OF_NODE = {
    assert: "throw an Error of your own, or a small package such as tiny-invariant",
    async_hooks: "hand the value on as an argument, or keep it in the request's own context (Hono: c.set)",
    buffer: "Uint8Array, with TextEncoder, TextDecoder, atob and btoa",
    child_process: "nothing: a function starts no processes; call another service by fetch",
    cluster: "nothing: the host runs as many instances as are needed",
    console: "the global console",
    constants: "the numbers themselves",
    crypto: "Web Crypto: the global crypto (crypto.subtle, crypto.getRandomValues, crypto.randomUUID)",
    dgram: "nothing: a function has no sockets; what speaks HTTP is reached by fetch",
    diagnostics_channel: "an EventTarget",
    dns: "nothing: fetch resolves names itself",
    domain: "try and catch around await",
    events: "EventTarget and Event, or a package such as eventemitter3",
    fs: "no files here: import text, JSON or binary files into the bundle, or fetch them",
    http: "fetch for outgoing requests; incoming ones arrive at `export default { fetch }`",
    http2: "fetch; the host speaks HTTP/2 where it can",
    https: "fetch",
    inspector: "console",
    module: "import, import()",
    net: "nothing: a function has no sockets; what speaks HTTP is reached by fetch",
    os: "nothing: a function does not see the machine that it runs on",
    path: "URL for paths of URLs, or a package such as pathe",
    perf_hooks: "the global performance",
    process: "the env argument of fetch(request, env, ctx) for variables; console for output",
    punycode: "URL, which encodes host names, or the package punycode (import it as `punycode/`)",
    querystring: "URLSearchParams",
    readline: "TransformStream with TextDecoderStream, which split a body into lines",
    repl: "nothing",
    sea: "nothing",
    sqlite: "a database that is reached by fetch",
    stream: "the web's streams: ReadableStream, WritableStream, TransformStream",
    string_decoder: "TextDecoder with { stream: true }",
    sys: "structuredClone, console, or a small package",
    test: "a test runner outside of the function",
    timers: "the global setTimeout, setInterval, queueMicrotask",
    tls: "fetch with an https: URL",
    trace_events: "console",
    tty: "nothing: there is no terminal",
    url: "the global URL and URLSearchParams",
    util: "structuredClone, TextEncoder, TextDecoder, console; async functions in place of promisify",
    v8: "structuredClone",
    vm: "nothing: a function runs its own code only",
    wasi: "nothing: WebAssembly is not offered inside of JavaScript",
    worker_threads: "nothing: a function has one thread; Promise.all waits for several things at once",
    zlib: "CompressionStream and DecompressionStream (gzip, deflate, deflate-raw)",
};

// Modules of other platforms, by what stands before the colon.
const INSTEAD_OF_OTHERS = {
    bun: "the web's APIs",
    cloudflare: "the web's APIs, and the arguments of fetch(request, env, ctx)",
    deno: "the web's APIs",
    workerd: "the web's APIs",
    jsr: "npm: `npx jsr add NAME`, and import it by its name",
    npm: "`npm install NAME`, and import it by its name",
};

const BUILT_IN = new Set(builtinModules);

// Files that esbuild would take, or refuse in words of its own, and that mean nothing here.
const FILES = {
    ".module.css": "CSS modules are not offered: class names would need a style sheet that is served beside",
    ".node": "an add-on of Node.js is machine code: it runs nowhere but in Node.js",
    ".wasm": "WebAssembly is not offered inside of JavaScript: write that function in its own language",
};

// `path` as it is written in an import. Returns null, or { owner, instead }: whose module it is, and what takes its place.
export function notOffered(path) {
    const [, scheme, rest] = /^([a-z]+):(.+)$/.exec(path) ?? [null, null, path];
    if (scheme === "node" || (scheme === null && BUILT_IN.has(path))) {
        const name = rest.replace(/^_/, "").split(/[/_]/)[0];
        const instead = INSTEAD_OF_NODE[rest.split("/")[0]] ?? INSTEAD_OF_NODE[name];
        return { owner: "a built-in module of Node.js", instead: instead ?? "the web's APIs" };
    }
    if (scheme === "http" || scheme === "https") {
        return { owner: "a module of the network", instead: "`npm install`, and import it by its name" };
    }
    if (scheme !== null && Object.hasOwn(INSTEAD_OF_OTHERS, scheme)) {
        return { owner: `a module of ${scheme}:`, instead: INSTEAD_OF_OTHERS[scheme] };
    }
    return null;
}

// How it is said that `path` is not offered.
export function notOfferedText(path, { owner }) {
    return `"${path}" is ${owner}, which is not offered here`;
}

// Why a file can be no part of a function, or null.
export function refusedFile(path) {
    const extension = Object.keys(FILES).find((end) => path.endsWith(end));
    return extension === undefined ? null : FILES[extension];
}

// The imports that esbuild takes without a word, though one of the two above refuses them.
export const TAKEN_SILENTLY = new RegExp(`^https?:|(${Object.keys(FILES).join("|").replaceAll(".", "\\.")})$`);
