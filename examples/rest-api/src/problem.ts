// SPDX-License-Identifier: Apache-2.0

/** What goes wrong, as RFC 9457 has it: application/problem+json. */

import type { z } from "zod";

/** Each kind of problem: its status, and what it means. The page explains them under `#NAME`. */
export const PROBLEMS = {
    malformed: [400, "The request cannot be read", "The body is no JSON, or a parameter or a header field is not what it has to be."],
    "not-found": [404, "There is no such thing", "No task has this id, or there is nothing at this path."],
    "method-not-allowed": [405, "This cannot be done here", "Allow lists what can."],
    "precondition-failed": [412, "It has changed meanwhile", "The entity tag in If-Match is not the task's any more. Get the task again, and decide anew."],
    "unsupported-media-type": [415, "The body is of another type", "A new task is application/json, a change application/merge-patch+json."],
    invalid: [422, "The task is not valid", "errors says which members, as JSON Pointers, and what was expected."],
    "precondition-required": [428, "Which version do you mean?", "A change needs If-Match with the task's entity tag, so that nobody undoes what another has just done."],
    unavailable: [503, "The store does not answer", "Nothing was changed. Try again later."],
} as const;

export type ProblemKind = keyof typeof PROBLEMS;

/** Where in the body something is wrong. */
export interface Complaint {
    pointer: string;
    detail: string;
}

export class Problem extends Error {
    constructor(
        readonly kind: ProblemKind,
        readonly detail: string,
        readonly errors?: Complaint[],
        readonly headers: Record<string, string> = {},
    ) {
        super(detail);
    }

    toResponse(): Response {
        const [status, title] = PROBLEMS[this.kind];
        const document = { type: `/#${this.kind}`, title, status, detail: this.detail, errors: this.errors };
        return new Response(`${JSON.stringify(document)}\n`, {
            status,
            headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...this.headers },
        });
    }
}

/** What a schema has said, with pointers as RFC 6901 writes them. */
export function complaints(error: z.ZodError): Complaint[] {
    return error.issues.map((issue) => ({
        pointer: issue.path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""),
        detail: issue.message,
    }));
}
