# SPDX-License-Identifier: AGPL-3.0-only
"""The types of the JavaScript SDK: what is offered passes `tsc --strict`, what isn't is an error."""

import json
import re
import shutil
import subprocess

import pytest
from bundler import PACKAGES, write_project
from host import ROOT

TYPES = ROOT / "build/sdk/javascript/types"
GENERATE = ROOT / "sdk/javascript/types/generate.mjs"

# As people's projects have it. Packages whose own declarations speak of the DOM (Hono's do) need skipLibCheck; the types of
# this SDK are checked without.
SETTINGS = {
    "strict": True,
    "lib": ["es2023"],
    "target": "es2023",
    "module": "esnext",
    "moduleResolution": "bundler",
    "types": ["@fn0/types"],
    "noEmit": True,
    "jsx": "react-jsx",
    "jsxImportSource": "hono/jsx",
}


@pytest.fixture(scope="module", autouse=True)
def types():
    subprocess.run(["node", str(GENERATE), str(TYPES)], check=True, timeout=60)
    return TYPES


def check(folder, files, by_path=False, **settings):
    """`tsc` on a project with all packages in reach: what it says, a list of "file(line): code: text"."""
    modules = folder / "node_modules"
    (modules / "@fn0").mkdir(parents=True)
    for package in PACKAGES.iterdir():
        (modules / package.name).symlink_to(package)
    if by_path:
        settings["types"] = [str(TYPES)]
    else:
        (modules / "@fn0/types").symlink_to(TYPES)
    write_project(folder, {"tsconfig.json": json.dumps({"compilerOptions": SETTINGS | settings}), **files})
    words = ["node", str(PACKAGES / "typescript/bin/tsc"), "--pretty", "false", "-p", str(folder)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=110)
    return re.findall(r"^(\S+\(\d+),\d+(\): error TS\d+): (.*)$", done.stdout, re.M) or done.stdout


PLAIN = """
    export default {
        async fetch(request, env, ctx) {
            const { searchParams } = new URL(request.url);
            const token: string | undefined = env.TOKEN;
            ctx.waitUntil(fetch("https://example.com/", { method: "POST", body: JSON.stringify({ token }) }));
            return Response.json({ name: searchParams.get("name") ?? "world" }, { headers: { "cache-control": "no-store" } });
        },
    } satisfies ExportedHandler;
"""

OFFERED = """
    declare const request: Request;
    async function everything(): Promise<unknown[]> {
        const form = await request.formData();
        const file = form.get("file");
        const controller = new AbortController();
        const signal: AbortSignal = AbortSignal.any([controller.signal, AbortSignal.timeout(50)]);
        const bytes = new ReadableStream({ type: "bytes", pull(to) { to.enqueue(new Uint8Array(3)); to.close(); } });
        const reader = bytes.getReader({ mode: "byob" });
        const { value, done } = await reader.read(new Uint8Array(10));
        const text = new Blob(["a"]).stream().pipeThrough(new CompressionStream("gzip")).pipeThrough(new TextDecoderStream());
        for await (const piece of text) console.log(piece.length, value?.byteLength, done);
        for await (const number of ReadableStream.from([1, 2])) console.debug(number + 1);
        const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign", "verify"]);
        const signature: ArrayBuffer = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode("a"));
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => reportError(data);
        port2.postMessage(structuredClone({ a: new Map([[1, new Date()]]) }));
        const timer: number = setTimeout((a: string, b: number) => console.warn(a, b), 10, "a", 1);
        clearTimeout(timer);
        clearInterval(setInterval(() => {}, 1));
        queueMicrotask(() => {});
        addEventListener("unhandledrejection", (event) => console.error(event.reason, event.promise));
        addEventListener("anything", (event) => console.info(event.type));
        dispatchEvent(new CustomEvent("anything", { detail: 1 }));
        onerror = (message) => console.log(message);
        new EventTarget().addEventListener("x", { handleEvent: (event: Event) => event.preventDefault() }, { once: true, signal });
        const pattern = new URLPattern({ pathname: "/books/:id" }).exec("https://a/books/1")?.pathname.groups["id"];
        const headers = new Headers([["a", "b"]]);
        const lists: string[] = headers.getSetCookie();
        for (const [name, value] of headers) lists.push(name + value);
        for (const [name, value] of new URLSearchParams("a=1")) lists.push(name, value);
        const streamed = await fetch("https://a/", { method: "POST", body: request.body, duplex: "half", signal });
        const copy = new Response(streamed.body, streamed).clone();
        const failed: DOMException = new DOMException("a", "AbortError");
        return [
            file instanceof File && file.name, signature, pattern, copy.status, failed.code, atob(btoa("a")), self === globalThis,
            performance.now() + performance.timeOrigin, navigator.userAgent, crypto.randomUUID(), crypto.getRandomValues(new Uint8Array(2)),
            new TextDecoder("latin1", { fatal: true }).decode(new Uint8Array(1)), URL.canParse("a"), URL.parse("a")?.href,
            await copy.bytes(), Response.error(), Response.redirect("/"), new CountQueuingStrategy({ highWaterMark: 1 }),
        ];
    }
    export default { fetch: async () => Response.json(await everything()) } satisfies ExportedHandler<{ TOKEN: string }>;
"""

FILES = """
    import page from "./page.html";
    import query from "./a/query.sql";
    import image from "./dot.png";
    import data from "./data.json";
    const all: [string, string, Uint8Array, number] = [page, query, image, data.size];
    export default { fetch: () => new Response(all[2] as Uint8Array<ArrayBuffer>) } satisfies ExportedHandler;
"""

ITTY = """
    import { AutoRouter, type IRequest } from "itty-router";
    const router = AutoRouter<IRequest, [Env, ExecutionContext]>();
    router.get("/hello/:name", ({ params }, env, ctx) => { ctx.waitUntil(Promise.resolve()); return { hello: params.name, env }; });
    export default router satisfies ExportedHandler;
"""

ZOD = """
    import { z } from "zod";
    const Person = z.object({ name: z.string().min(1), age: z.number().int().optional() });
    export default {
        async fetch(request) {
            const person: { name: string; age?: number | undefined } = Person.parse(await request.json());
            return Response.json(person);
        },
    } satisfies ExportedHandler;
"""

HONO = """
    import { Hono } from "hono";
    import { cors } from "hono/cors";
    import { etag } from "hono/etag";
    import { jwt } from "hono/jwt";
    import { stream } from "hono/streaming";
    const app = new Hono<{ Bindings: { TOKEN: string } }>();
    const Page = (props: { name: string }) => <html lang="en"><body class="a">Hello {props.name}</body></html>;
    app.use(cors(), etag()).use("/private/*", jwt({ secret: "it", alg: "HS256" }));
    app.get("/:name", (c) => c.html(<Page name={c.req.param("name") + c.env.TOKEN} />));
    app.get("/stream", (c) => stream(c, async (to) => { await to.write("a"); c.executionCtx.waitUntil(to.sleep(1)); }));
    export default app satisfies ExportedHandler<{ TOKEN: string }>;
    export const around = { fetch: (request, env, ctx) => app.fetch(request, env, ctx) } satisfies ExportedHandler<{ TOKEN: string }>;
"""


@pytest.mark.parametrize("by_path", [False, True], ids=["by name", "by path"])
def test_what_is_offered_passes(tmp_path, by_path):
    files = {"plain.ts": PLAIN, "offered.ts": OFFERED, "files.ts": FILES, "data.json": '{"size": 1}'}
    assert check(tmp_path, files | {"itty.ts": ITTY, "zod.ts": ZOD}, by_path) == ""


def test_hono_with_jsx_passes(tmp_path):
    assert check(tmp_path, {"hono.tsx": HONO}, skipLibCheck=True) == ""


@pytest.mark.parametrize("folder", ["packages", "functions"])
def test_the_functions_of_other_tests_pass(tmp_path, folder):
    sources = ROOT / "tests/javascript" / folder
    files = {path.name: path.read_text() for path in sources.iterdir() if path.suffix in (".ts", ".tsx")}
    assert check(tmp_path, files, skipLibCheck=True) == ""


NOT_OFFERED = """document window process Buffer require __dirname module setImmediate localStorage sessionStorage indexedDB
    caches XMLHttpRequest WebSocket EventSource Worker SharedWorker importScripts WebAssembly HTMLElement Node Window alert
    location history Notification BroadcastChannel global FileReader ImageData OffscreenCanvas postMessage close
    requestAnimationFrame WorkerGlobalScope FormDataEvent ProgressEvent Deno Bun HTMLRewriter WebSocketPair scheduler""".split()


def test_what_is_not_offered_is_an_error(tmp_path):
    lines = [f"use({name});" for name in NOT_OFFERED]
    lines.insert(0, "function use(_: unknown) {}")
    said = check(tmp_path, {"a.ts": "\n".join([*lines, "export {};"])})
    found = {int(place.split("(")[1]) for place, _, _ in said}
    assert {name for number, name in enumerate(NOT_OFFERED, 2) if number not in found} == set()
    assert len(said) == len(NOT_OFFERED)


@pytest.mark.parametrize(
    "source",
    [
        "URL.createObjectURL(new Blob());",
        "performance.clearResourceTimings();",
        "navigator.language;",
        "setTimeout('code', 1);",
        "import fs from 'node:fs'; fs;",
        "export default { fetch() { return 'text'; } } satisfies ExportedHandler;",
        "export default { scheduled() {} } satisfies ExportedHandler;",
        "export default { fetch(_, env) { return new Response(env.TOKEN.length as any); } } satisfies ExportedHandler;",
        "export default { fetch(_, env) { env.OTHER; return new Response(); } } satisfies ExportedHandler<{ TOKEN: string }>;",
        "export function f(ctx: ExecutionContext): number { ctx.passThroughOnException(); return 1; }",
    ],
)
def test_misuse_is_an_error(tmp_path, source):
    said = check(tmp_path, {"a.ts": source}, allowUnreachableCode=False)
    assert len(said) == 1 and said[0][0] == "a.ts(1", said


def test_a_row_that_typescript_does_not_have_fails(tmp_path):
    sdk = GENERATE.parents[1]
    for folder in ("types", "builder"):
        shutil.copytree(sdk / folder, tmp_path / folder)
    (tmp_path / "node_modules").symlink_to(sdk / "node_modules")
    rows = tmp_path / "types/offered.mjs"
    rows.write_text(rows.read_text().replace("AbortController", "AbortControler", 1))
    words = ["node", str(tmp_path / "types/generate.mjs"), str(tmp_path / "out")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "AbortControler" in done.stderr
