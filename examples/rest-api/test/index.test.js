// SPDX-License-Identifier: Apache-2.0

// Run by `fn0 test`, which serves the function at FN0_URL. Where no store listens at STORE_URL the stand-in does.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startStore } from "../store/server.js";

const url = process.env.FN0_URL;
const storeUrl = new URL(process.env.FN0_ENVIRONMENT_STORE_URL ?? "http://127.0.0.1:2379");
const problemType = "application/problem+json";

let store;
before(async () => {
    const isThere = await fetch(storeUrl).then(
        () => true,
        () => false,
    );
    if (!isThere) store = await startStore(Number(storeUrl.port));
});
after(() => {
    store?.close();
    store?.closeAllConnections();
});

/** A request with an answer whose JSON was read. */
async function ask(method, path, { body, type = "application/json", ...headers } = {}) {
    const sent = body === undefined ? headers : { "content-type": type, ...headers };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await fetch(url + path, { method, headers: sent, body: text });
    const content = await answer.text();
    const header = (name) => answer.headers.get(name);
    return { status: answer.status, header, content: content && header("content-type")?.includes("json") ? JSON.parse(content) : content };
}

const make = (task = { title: "Water the plants" }) => ask("POST", "/tasks", { body: task });
const merge = "application/merge-patch+json";

function isProblem(answer, status, kind) {
    assert.equal(answer.status, status, JSON.stringify(answer.content));
    assert.equal(answer.header("content-type"), problemType);
    assert.equal(answer.content.status, status);
    assert.equal(answer.content.type, `/#${kind}`);
}

describe("a task", () => {
    test("is made, got, changed, replaced and deleted", async () => {
        const made = await make({ title: "Grüße 🙂", tags: ["home", "späti"] });
        assert.equal(made.status, 201);
        const { id, createdAt, updatedAt, ...rest } = made.content;
        assert.deepEqual(rest, { title: "Grüße 🙂", notes: "", done: false, priority: "normal", due: null, tags: ["home", "späti"] });
        assert.equal(createdAt, updatedAt);
        const path = made.header("location");
        assert.equal(path, `/tasks/${id}`);

        const got = await ask("GET", path);
        assert.deepEqual([got.status, got.content], [200, made.content]);
        assert.equal(got.header("etag"), made.header("etag"));

        const changed = await ask("PATCH", path, { body: { done: true }, type: merge, "if-match": got.header("etag") });
        assert.equal(changed.status, 200);
        assert.deepEqual([changed.content.done, changed.content.title, changed.content.createdAt], [true, "Grüße 🙂", createdAt]);
        assert.notEqual(changed.header("etag"), got.header("etag"));

        const replaced = await ask("PUT", path, { body: { title: "Other", due: "2027-03-01" }, "if-match": changed.header("etag") });
        assert.deepEqual([replaced.status, replaced.content.title, replaced.content.done, replaced.content.tags], [200, "Other", false, []]);
        assert.deepEqual((await ask("GET", path)).content, replaced.content);

        assert.equal((await ask("DELETE", path, { "if-match": replaced.header("etag") })).status, 204);
        isProblem(await ask("GET", path), 404, "not-found");
        isProblem(await ask("DELETE", path, { "if-match": "*" }), 404, "not-found");
    });

    test("is not sent to whoever has it", async () => {
        const made = await make();
        const path = made.header("location");
        const etag = made.header("etag");
        for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
            const answer = await ask("GET", path, { "if-none-match": known });
            assert.deepEqual([answer.status, answer.content, answer.header("etag")], [304, "", etag]);
        }
        assert.equal((await ask("GET", path, { "if-none-match": '"other"' })).status, 200);
        const head = await ask("HEAD", path);
        assert.deepEqual([head.status, head.content, head.header("etag")], [200, "", etag]);
    });

    test("is changed by nobody who has not seen it as it is", async () => {
        const made = await make();
        const path = made.header("location");
        const body = { done: true };
        isProblem(await ask("PATCH", path, { body, type: merge }), 428, "precondition-required");
        isProblem(await ask("PUT", path, { body: { title: "x" } }), 428, "precondition-required");
        isProblem(await ask("DELETE", path), 428, "precondition-required");
        const old = made.header("etag");
        assert.equal((await ask("PATCH", path, { body, type: merge, "if-match": old })).status, 200);
        isProblem(await ask("PATCH", path, { body, type: merge, "if-match": old }), 412, "precondition-failed");
        isProblem(await ask("DELETE", path, { "if-match": old }), 412, "precondition-failed");
        // If-Match compares strongly.
        isProblem(await ask("DELETE", path, { "if-match": `W/${(await ask("GET", path)).header("etag")}` }), 412, "precondition-failed");
        isProblem(await ask("DELETE", path, { "if-match": "7" }), 400, "malformed");
    });

    test("has one winner when many change it at once", async () => {
        const made = await make();
        const headers = { type: merge, "if-match": made.header("etag") };
        const answers = await Promise.all(
            Array.from({ length: 8 }, (_, i) => ask("PATCH", made.header("location"), { body: { title: `by ${i}` }, ...headers })),
        );
        const won = answers.filter((answer) => answer.status === 200);
        assert.equal(won.length, 1, answers.map((answer) => answer.status).join());
        assert.equal(answers.filter((answer) => answer.status === 412).length, 7);
        assert.deepEqual((await ask("GET", made.header("location"))).content, won[0].content);
    });

    test("is checked", async () => {
        const long = "🙂".repeat(200);
        assert.equal((await make({ title: long })).status, 201);
        for (const [task, pointer] of [
            [{}, "/title"],
            [{ title: "" }, "/title"],
            [{ title: long + "x" }, "/title"],
            [{ title: "x", priority: "urgent" }, "/priority"],
            [{ title: "x", due: "2027-02-30" }, "/due"],
            [{ title: "x", tags: ["a", 7] }, "/tags/1"],
            [{ title: "x", tags: ["a", "a"] }, "/tags"],
            [{ title: "x", color: "red" }, ""],
            [[], ""],
            [null, ""],
        ]) {
            const answer = await make(task);
            isProblem(answer, 422, "invalid");
            assert.deepEqual(answer.content.errors.map((error) => error.pointer), [pointer], JSON.stringify(answer.content));
        }
        isProblem(await ask("POST", "/tasks", { body: "{" }), 400, "malformed");
        isProblem(await ask("POST", "/tasks", { body: "x", type: "text/plain" }), 415, "unsupported-media-type");
        const made = await make();
        const wrong = await ask("PATCH", made.header("location"), { body: { done: true }, "if-match": "*" });
        isProblem(wrong, 415, "unsupported-media-type");
        assert.equal(wrong.header("accept-patch"), merge);
    });
});

describe("the list", () => {
    test("comes in pages, in the order in which tasks were made", async () => {
        const made = [];
        for (let i = 0; i < 5; i++) made.push((await make({ title: `Page ${i}` })).content);
        const seen = [];
        let path = "/tasks?limit=2";
        while (path) {
            const page = await ask("GET", path);
            assert.equal(page.status, 200);
            assert.ok(page.content.items.length <= 2);
            seen.push(...page.content.items);
            path = page.content.next;
            assert.equal(page.header("link"), path && `<${path}>; rel="next"`);
        }
        assert.deepEqual(seen.filter((task) => made.some((one) => one.id === task.id)), made);
        assert.deepEqual(seen.map((task) => task.id), seen.map((task) => task.id).sort());
    });

    test("is not sent to whoever has it", async () => {
        const list = await ask("GET", "/tasks");
        assert.equal((await ask("GET", "/tasks", { "if-none-match": list.header("etag") })).status, 304);
        await make();
        assert.equal((await ask("GET", "/tasks", { "if-none-match": list.header("etag") })).status, 200);
    });

    test("is asked for with care", async () => {
        for (const query of ["limit=0", "limit=101", "limit=many", "limit=1.5", "after=x", "page=2"])
            isProblem(await ask("GET", `/tasks?${query}`), 400, "malformed");
    });
});

describe("all the rest", () => {
    test("says what is there", async () => {
        isProblem(await ask("GET", "/nowhere"), 404, "not-found");
        isProblem(await ask("GET", "/tasks/7"), 404, "not-found");
        const answer = await ask("DELETE", "/tasks");
        isProblem(answer, 405, "method-not-allowed");
        assert.equal(answer.header("allow"), "GET, HEAD, POST");
    });

    test("is described", async () => {
        const { content } = await ask("GET", "/openapi.json");
        assert.equal(content.openapi, "3.1.0");
        assert.deepEqual(Object.keys(content.paths), ["/tasks", "/tasks/{id}"]);
        const page = await ask("GET", "/");
        assert.match(page.header("content-type"), /^text\/html/);
        for (const operations of Object.values(content.paths))
            for (const operation of Object.values(operations)) assert.ok(page.content.includes(operation.summary));
    });
});
