// SPDX-License-Identifier: Apache-2.0

import { Hono } from "hono";

const app = new Hono();

app.get("/", (context) => context.text("Hello, world!\n"));

app.get("/hello/:name", (context) => context.json({ greeting: `Hello, ${context.req.param("name")}!` }));

app.notFound((context) => context.json({ error: `there is no ${context.req.path}` }, 404));

export default app;
