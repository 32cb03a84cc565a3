// SPDX-License-Identifier: Apache-2.0

/** What a task is. These schemas check what comes in, are the types in here, and are described in the OpenAPI document. */

import { z } from "zod";

/** A text of so many characters, as JSON Schema counts them: "🙂" is one, and two of a string's `length`. */
function text(minimum: number, maximum: number) {
    return z
        .string()
        .refine((value) => value.length >= minimum && [...value].length <= maximum, {
            error: `expected ${minimum} to ${maximum} characters`,
        })
        .meta({ minLength: minimum, maxLength: maximum });
}

const title = text(1, 200).meta({ description: "What is to be done", examples: ["Water the plants"] });
const notes = text(0, 2000).meta({ description: "Whatever else there is to say" });
const done = z.boolean();
const priority = z.enum(["low", "normal", "high"]);
const due = z.iso.date().nullable().meta({ description: "The day", examples: ["2027-03-01"] });
const tags = z
    .array(text(1, 40))
    .max(10)
    .refine((list) => new Set(list).size === list.length, { error: "expected each tag once" })
    .meta({ uniqueItems: true, examples: [["home"]] });

export const NewTask = z
    .strictObject({
        title,
        notes: notes.default(""),
        done: done.default(false),
        priority: priority.default("normal"),
        due: due.default(null),
        tags: tags.default([]),
    })
    .meta({ description: "What a client says of a task" });

export const TaskChange = z
    .strictObject({ title, notes, done, priority, due, tags })
    .partial()
    .meta({ description: "What is to be another: a JSON Merge Patch (RFC 7396)" });

export const Task = z
    .strictObject({
        id: z.uuid(),
        title,
        notes,
        done,
        priority,
        due,
        tags,
        createdAt: z.iso.datetime(),
        updatedAt: z.iso.datetime(),
    })
    .meta({ description: "A task" });

export const TaskPage = z
    .strictObject({
        items: z.array(Task),
        next: z.string().nullable().meta({ description: "Where the next page is; null: this is the last one" }),
    })
    .meta({ description: "Some of the tasks, in the order in which they were made" });

export const PageQuery = z.strictObject({
    limit: z
        .string()
        .regex(/^[0-9]{1,3}$/)
        .transform(Number)
        .refine((limit) => limit >= 1 && limit <= 100, { error: "expected a number from 1 to 100" })
        .default(20),
    after: z.uuid().optional(),
});

export type Task = z.infer<typeof Task>;

/** An id that is greater than those made before, so that a store which sorts by it sorts by time (UUID version 7). */
export function makeId(now: number): string {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    for (let i = 0; i < 6; i++) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i))) % 256;
    bytes[6] = (bytes[6]! & 0x0f) | 0x70;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
