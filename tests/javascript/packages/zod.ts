// SPDX-License-Identifier: AGPL-3.0-only

import { z } from "zod";

const Person = z.strictObject({
    name: z.string().trim().min(1).max(20),
    email: z.email(),
    born: z.coerce.date().optional(),
    tags: z.array(z.enum(["math", "poetry"])).default([]),
    address: z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("post"), street: z.string() }),
        z.object({ kind: z.literal("net"), url: z.url() }),
    ]),
    extra: z.record(z.string(), z.number().int().positive()).nullable().optional(),
});

const Query = z.object({ page: z.coerce.number().int().gte(1).catch(1), upper: z.stringbool().optional() });

export default {
    async fetch(request) {
        const url = new URL(request.url);
        if (url.pathname === "/query") {
            return Response.json(Query.parse(Object.fromEntries(url.searchParams)));
        }
        if (url.pathname === "/schema") {
            return Response.json(z.toJSONSchema(Person, { unrepresentable: "any" }));
        }
        const result = await Person.refine((one) => one.name !== "nobody", { path: ["name"], error: "nobody is no name" }).safeParseAsync(
            await request.json(),
        );
        return result.success
            ? Response.json(result.data)
            : Response.json({ issues: result.error.issues, pretty: z.prettifyError(result.error) }, { status: 422 });
    },
} satisfies ExportedHandler;
