// SPDX-License-Identifier: AGPL-3.0-only

import { AutoRouter, cors, error, html, status, StatusError, withContent, withParams } from "itty-router";

const { preflight, corsify } = cors({ origin: "https://a.example", allowMethods: "GET,POST" });
const router = AutoRouter({ before: [preflight, withParams], finally: [corsify] });

router
    .get("/hello/:name", ({ name, query }: any) => ({ hello: name, query }))
    .get("/page", () => html("<h1>Hi</h1>"))
    .get("/env", (_request: any, env: any) => env.NAME)
    .get("/files/:path+", ({ params }: any) => params.path)
    .get("/optional/:one?", ({ params }: any) => params.one ?? "none")
    .post("/sum", withContent, ({ content }: any) => ({ sum: content.numbers.reduce((a: number, b: number) => a + b, 0) }))
    .get("/gone", () => error(410, "gone"))
    .get("/teapot", () => {
        throw new StatusError(418, { error: "a teapot" });
    })
    .get("/throws", () => {
        throw new Error("on purpose");
    })
    .get("/created", () => status(201));

export default router;
