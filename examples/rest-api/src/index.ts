// SPDX-License-Identifier: Apache-2.0

/** Tasks, over HTTP: the routes. README.md says how to run it. */

import { Hono, type Context } from "hono";
import type { z } from "zod";
import { document } from "./openapi";
import { page } from "./page";
import { complaints, Problem } from "./problem";
import { ABSENT, type Entry, Store, StoreError, type StoreEnvironment } from "./store";
import { makeId, NewTask, PageQuery, Task, TaskChange } from "./tasks";

type Call = Context<{ Bindings: StoreEnvironment }>;

const app = new Hono<{ Bindings: StoreEnvironment }>();

const storeOf = (call: Call) => new Store(call.env, "tasks");

// ---- Tasks

app.get("/tasks", async (call) => {
    const query = PageQuery.safeParse(call.req.query());
    if (!query.success) {
        const [first] = query.error.issues;
        throw new Problem("malformed", `${first?.path.join(".")}: ${first?.message}`);
    }
    const { after, limit } = query.data;
    const { entries, more, revision } = await storeOf(call).list(after, limit);
    const etag = `W/"${revision}"`;
    if (isKnown(call, etag)) return unchanged(etag);
    const items = entries.map(toTask);
    const next = more ? `/tasks?after=${items.at(-1)!.id}&limit=${limit}` : null;
    const headers: Record<string, string> = { ETag: etag, "Cache-Control": "no-cache" };
    if (next) headers.Link = `<${next}>; rel="next"`;
    return call.json({ items, next }, 200, headers);
});

app.post("/tasks", async (call) => {
    const input = await readBody(call, "application/json", NewTask);
    const now = new Date();
    const task = { ...input, createdAt: now.toISOString(), updatedAt: now.toISOString() };
    const id = makeId(now.getTime());
    const revision = await storeOf(call).put(id, task, ABSENT);
    if (revision === undefined) throw new Error(`the id ${id} was given twice`);
    return answerTask(call, { key: id, value: task, revision }, 201, { Location: `/tasks/${id}` });
});

app.get("/tasks/:id", async (call) => {
    const entry = await findTask(call);
    const etag = etagOf(entry);
    return isKnown(call, etag) ? unchanged(etag) : answerTask(call, entry);
});

app.put("/tasks/:id", async (call) => {
    const input = await readBody(call, "application/json", NewTask);
    return change(call, await findTask(call, { toChange: true }), input);
});

app.patch("/tasks/:id", async (call) => {
    const input = await readBody(call, "application/merge-patch+json", TaskChange);
    return change(call, await findTask(call, { toChange: true }), input);
});

app.delete("/tasks/:id", async (call) => {
    const entry = await findTask(call, { toChange: true });
    if (!(await storeOf(call).delete(entry.key, entry.revision))) throw changedMeanwhile();
    return call.body(null, 204);
});

async function change(call: Call, entry: Entry, input: z.infer<typeof TaskChange>) {
    const { id: _, ...before } = toTask(entry);
    const value = { ...before, ...input, updatedAt: new Date().toISOString() };
    const revision = await storeOf(call).put(entry.key, value, entry.revision);
    if (revision === undefined) throw changedMeanwhile();
    return answerTask(call, { key: entry.key, value, revision });
}

/** The task that the path names; `toChange`: if the client has seen it as it is now. */
async function findTask(call: Call, { toChange = false } = {}): Promise<Entry> {
    const id = call.req.param("id")!;
    const precondition = call.req.header("If-Match");
    if (toChange && precondition === undefined)
        throw new Problem("precondition-required", "If-Match is missing: the ETag of the task that is to be changed");
    if (toChange && !/^(\*|(W\/)?"[\x21\x23-\x7e]*"(\s*,\s*(W\/)?"[\x21\x23-\x7e]*")*)$/.test(precondition!))
        throw new Problem("malformed", 'If-Match is an entity tag like "7", or *');
    const entry = Task.shape.id.safeParse(id).success ? await storeOf(call).get(id) : undefined;
    if (!entry) throw new Problem("not-found", `there is no task ${id}`);
    if (toChange && precondition !== "*" && !tagsOf(precondition!).includes(etagOf(entry))) throw changedMeanwhile();
    return entry;
}

function toTask(entry: Entry): Task {
    const { title, notes, done, priority, due, tags, createdAt, updatedAt } = entry.value as Omit<Task, "id">;
    return { id: entry.key, title, notes, done, priority, due, tags, createdAt, updatedAt };
}

function answerTask(call: Call, entry: Entry, status: 200 | 201 = 200, headers: Record<string, string> = {}) {
    return call.json(toTask(entry), status, { ETag: etagOf(entry), "Cache-Control": "no-cache", ...headers });
}

function changedMeanwhile() {
    return new Problem("precondition-failed", "the task is not what it was: get it again");
}

// ---- Bodies and entity tags

async function readBody<Schema extends z.ZodType>(call: Call, type: string, schema: Schema): Promise<z.infer<Schema>> {
    const given = call.req.header("Content-Type")?.split(";")[0]?.trim().toLowerCase();
    if (given !== type)
        throw new Problem("unsupported-media-type", `the body has to be ${type}`, undefined, {
            [call.req.method === "PATCH" ? "Accept-Patch" : "Accept"]: type,
        });
    let value: unknown;
    try {
        value = JSON.parse(await call.req.text());
    } catch (error) {
        throw new Problem("malformed", `the body is no JSON: ${(error as Error).message}`);
    }
    const result = schema.safeParse(value);
    if (!result.success) throw new Problem("invalid", "the task is not valid", complaints(result.error));
    return result.data;
}

function etagOf(entry: Entry) {
    return `"${entry.revision}"`;
}

function tagsOf(header: string): string[] {
    return header.match(/(W\/)?"[^"]*"/g) ?? [];
}

/** Whether the client has what it asks for already; If-None-Match compares weakly. */
function isKnown(call: Call, etag: string) {
    const header = call.req.header("If-None-Match");
    const strong = (tag: string) => tag.replace(/^W\//, "");
    return header === "*" || tagsOf(header ?? "").map(strong).includes(strong(etag));
}

function unchanged(etag: string) {
    return new Response(null, { status: 304, headers: { ETag: etag, "Cache-Control": "no-cache" } });
}

// ---- Everything else

app.get("/", (call) => call.html(page, 200, { "Cache-Control": "public, max-age=300" }));
app.get("/openapi.json", (call) => call.json(document, 200, { "Cache-Control": "public, max-age=300" }));

/** What is there, with what can be done to it. */
const ALLOWED: [path: string, methods: string][] = [
    ["/", "GET, HEAD"],
    ["/openapi.json", "GET, HEAD"],
    ["/tasks", "GET, HEAD, POST"],
    ["/tasks/:id", "GET, HEAD, PUT, PATCH, DELETE"],
];

for (const [path, methods] of ALLOWED) {
    app.all(path, (call) => {
        throw new Problem("method-not-allowed", `${call.req.method} is none of ${methods}`, undefined, { Allow: methods });
    });
}

app.notFound((call) => new Problem("not-found", `there is nothing at ${call.req.path}`).toResponse());

app.onError((error) => {
    if (error instanceof Problem) return error.toResponse();
    if (!(error instanceof StoreError)) throw error;
    console.error(error.message);
    return new Problem("unavailable", "the store does not answer", undefined, { "Retry-After": "1" }).toResponse();
});

// What Hono and Zod make when they are first used is made here, while the function is built, and is there in each instance.
for (const schema of [NewTask, TaskChange, PageQuery]) schema.safeParse({});
void app.fetch(new Request("http://localhost/"));

export default app;
