// SPDX-License-Identifier: AGPL-3.0-only

import { Hono } from "hono";

const app = new Hono();

app.get("/", (c) => c.text("Hello, world!"));
app.get("/users/:id", (c) => c.json({ id: c.req.param("id"), name: "Ada", tags: ["first", "second"] }));
// Keeps an instance busy, so that as many are made as there are calls.
app.get("/sleep", async (c) => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return c.text("slept");
});

export default app;
