// SPDX-License-Identifier: Apache-2.0

/** The OpenAPI document. It is made while the function is built, of the schemas that the requests are checked by. */

import { z } from "zod";
import { PROBLEMS, type ProblemKind } from "./problem";
import { NewTask, Task, TaskChange, TaskPage } from "./tasks";

export interface Operation {
    operationId: string;
    summary: string;
    description?: string;
    parameters?: object[];
    requestBody?: { required: boolean; content: Record<string, { schema: object; example?: unknown }> };
    responses: Record<string, Answer>;
}

export interface Answer {
    description: string;
    headers?: Record<string, object>;
    content?: Record<string, { schema: object; example?: unknown }>;
    links?: Record<string, object>;
}

// ---- Schemas

function describe(schema: z.ZodType, io: "input" | "output") {
    const { $schema: _, ...described } = z.toJSONSchema(schema, {
        io,
        // A format says it all, to people above all.
        override: ({ jsonSchema }) => void (jsonSchema.format && delete jsonSchema.pattern),
    });
    return described;
}

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const taskPage = describe(TaskPage, "output");
(taskPage.properties!.items as { items: object }).items = reference("Task");

const schemas = {
    Task: describe(Task, "output"),
    NewTask: describe(NewTask, "input"),
    TaskChange: describe(TaskChange, "input"),
    TaskPage: taskPage,
    Problem: {
        type: "object",
        description: "What went wrong (RFC 9457)",
        required: ["type", "title", "status", "detail"],
        properties: {
            type: { type: "string", format: "uri-reference", examples: ["/#invalid"] },
            title: { type: "string" },
            status: { type: "integer" },
            detail: { type: "string" },
            errors: {
                type: "array",
                items: {
                    type: "object",
                    required: ["pointer", "detail"],
                    properties: {
                        pointer: { type: "string", description: "A JSON Pointer into the body" },
                        detail: { type: "string" },
                    },
                },
            },
        },
    },
};

const example = {
    id: "0193b2a4-8f5e-7c31-9d70-5a4c0e6f1b22",
    title: "Water the plants",
    notes: "",
    done: false,
    priority: "normal",
    due: "2027-03-01",
    tags: ["home"],
    createdAt: "2027-02-27T09:30:00.000Z",
    updatedAt: "2027-02-27T09:30:00.000Z",
};

// ---- Parameters and answers

const text = { type: "string" };
const entityTag = { description: "Which version this is", required: true, schema: { type: "string" } };
const id = { name: "id", in: "path", required: true, schema: { type: "string", format: "uuid" } };
const ifMatch = {
    name: "If-Match",
    in: "header",
    required: true,
    description: "The ETag of the version that is to be changed, or * for any",
    schema: { type: "string", pattern: '^(\\*|"[0-9]{1,18}")$', examples: ['"7"'] },
};
const ifNoneMatch = {
    name: "If-None-Match",
    in: "header",
    description: "The ETag of the version that is there already: 304 if it is still that",
    schema: { type: "string", examples: ['"7"'] },
};

function problem(kind: ProblemKind, headers?: Record<string, object>): Record<string, Answer> {
    const [status, title, meaning] = PROBLEMS[kind];
    const content = { "application/problem+json": { schema: reference("Problem") } };
    return { [status]: { description: `${title}. ${meaning}`, ...(headers && { headers }), content } };
}

const problems = (...kinds: ProblemKind[]) => Object.assign({}, ...kinds.map((kind) => problem(kind)));

const unavailable = problem("unavailable", { "Retry-After": { required: true, schema: { type: "integer" } } });

const theTask = (description: string, more: Partial<Answer> = {}): Answer => ({
    description,
    ...more,
    headers: { ETag: entityTag, ...more.headers },
    content: { "application/json": { schema: reference("Task"), example } },
});

const notModified = { 304: { description: "It is still what the client has", headers: { ETag: entityTag } } };

/** What can be done to a task that was just made. */
function links() {
    const parameters = { id: "$response.body#/id" };
    const changed = { ...parameters, "If-Match": "$response.header.ETag" };
    return {
        get: { operationId: "getTask", parameters },
        replace: { operationId: "replaceTask", parameters: changed },
        change: { operationId: "changeTask", parameters: changed },
        delete: { operationId: "deleteTask", parameters: changed },
    };
}

function body(type: string, schema: string, example: object) {
    return { required: true, content: { [type]: { schema: reference(schema), example } } };
}

// ---- The document

const tasks: Record<string, Operation> = {
    get: {
        operationId: "listTasks",
        summary: "List tasks",
        description: "In the order in which they were made. Link, and next in the body, lead to the next page.",
        parameters: [
            {
                name: "limit",
                in: "query",
                description: "How many at most",
                schema: { type: "integer", minimum: 1, maximum: 100, default: 20 },
            },
            {
                name: "after",
                in: "query",
                description: "The task before the first of them",
                schema: { type: "string", format: "uuid" },
            },
            ifNoneMatch,
        ],
        responses: {
            200: {
                description: "A page of tasks",
                headers: {
                    ETag: entityTag,
                    Link: { description: 'Where the next page is, with rel="next"', schema: text },
                },
                content: {
                    "application/json": { schema: reference("TaskPage"), example: { items: [example], next: null } },
                },
            },
            ...notModified,
            ...problems("malformed"),
            ...unavailable,
        },
    },
    post: {
        operationId: "createTask",
        summary: "Make a task",
        requestBody: body("application/json", "NewTask", { title: "Water the plants", tags: ["home"] }),
        responses: {
            201: theTask("The task that was made", {
                headers: { Location: { description: "Where it is", required: true, schema: text } },
                links: links(),
            }),
            ...problems("malformed", "unsupported-media-type", "invalid"),
            ...unavailable,
        },
    },
};

const changing: ProblemKind[] = ["malformed", "not-found", "precondition-failed", "precondition-required"];

const task: Record<string, Operation> = {
    get: {
        operationId: "getTask",
        summary: "Get a task",
        parameters: [id, ifNoneMatch],
        responses: { 200: theTask("The task"), ...notModified, ...problems("not-found"), ...unavailable },
    },
    put: {
        operationId: "replaceTask",
        summary: "Replace a task",
        description: "What is not said gets its default.",
        parameters: [id, ifMatch],
        requestBody: body("application/json", "NewTask", { title: "Water all plants", done: true }),
        responses: {
            200: theTask("The task as it is now"),
            ...problems(...changing, "unsupported-media-type", "invalid"),
            ...unavailable,
        },
    },
    patch: {
        operationId: "changeTask",
        summary: "Change a task",
        description: "What is not said stays as it is.",
        parameters: [id, ifMatch],
        requestBody: body("application/merge-patch+json", "TaskChange", { done: true }),
        responses: {
            200: theTask("The task as it is now"),
            ...problems(...changing, "unsupported-media-type", "invalid"),
            ...unavailable,
        },
    },
    delete: {
        operationId: "deleteTask",
        summary: "Delete a task",
        parameters: [id, ifMatch],
        responses: { 204: { description: "It is gone" }, ...problems(...changing), ...unavailable },
    },
};

export const document = {
    openapi: "3.1.0",
    info: {
        title: "Tasks",
        version: "1.0.0",
        description: "What there is to do: tasks that are made, listed, changed and deleted, and nobody's change is lost.",
        license: { name: "Apache 2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths: { "/tasks": tasks, "/tasks/{id}": task },
    components: { schemas },
};
