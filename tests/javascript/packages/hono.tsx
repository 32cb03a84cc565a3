// SPDX-License-Identifier: AGPL-3.0-only
//
// Hono with its middleware: what most functions will be made of.

import { Hono } from "hono";
import { basicAuth } from "hono/basic-auth";
import { bearerAuth } from "hono/bearer-auth";
import { bodyLimit } from "hono/body-limit";
import { compress } from "hono/compress";
import { deleteCookie, getCookie, getSignedCookie, setCookie, setSignedCookie } from "hono/cookie";
import { cors } from "hono/cors";
import { csrf } from "hono/csrf";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import { jwt, sign } from "hono/jwt";
import { logger } from "hono/logger";
import { prettyJSON } from "hono/pretty-json";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { stream, streamSSE, streamText } from "hono/streaming";
import { timeout } from "hono/timeout";
import { timing } from "hono/timing";
import { validator } from "hono/validator";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { proxy } from "hono/proxy";

type Bindings = { SECRET: string; NAME: string };

const app = new Hono<{ Bindings: Bindings; Variables: { requestId: string } }>();

app.use("/logged/*", logger());
app.get("/", (c) => c.text("Hello"));
app.get("/logged/text", (c) => c.text("logged"));
app.get("/users/:id{[0-9]+}", (c) => c.json({ id: Number(c.req.param("id")), sort: c.req.query("sort"), tags: c.req.queries("tag") }));
app.get("/env", (c) => c.text(c.env.NAME));
app.get("/redirect", (c) => c.redirect("/elsewhere", 307));
app.get("/files/*", (c) => c.text(c.req.path));
app.all("/method", (c) => c.text(c.req.method));

// ---- CORS, ETag, headers
app.use("/cors/*", cors({ origin: ["https://a.example", "https://b.example"], allowHeaders: ["x-own"], exposeHeaders: ["x-seen"], maxAge: 600, credentials: true }));
app.all("/cors/data", (c) => c.json({ shared: true }));
app.use("/etag/*", etag());
app.get("/etag/text", (c) => c.text("the same again"));
app.get("/etag/weak", (c) => c.body("weak", 200, { etag: 'W/"mine"' }));
app.use("/secure/*", secureHeaders(), requestId(), timing());
app.get("/secure/page", (c) => c.text(c.get("requestId")));
app.use("/pretty/*", prettyJSON());
app.get("/pretty/json", (c) => c.json({ a: [1, 2] }));

// ---- Who may
app.use("/private/*", (c, next) => jwt({ secret: c.env.SECRET, alg: "HS256" })(c, next));
app.get("/private/me", (c) => c.json(c.get("jwtPayload" as never)));
app.get("/token/:name", async (c) => c.text(await sign({ sub: c.req.param("name"), exp: Math.floor(Date.now() / 1000) + 60 }, c.env.SECRET)));
app.use("/basic/*", basicAuth({ username: "ada", password: "léngthy" }));
app.get("/basic/in", (c) => c.text("in"));
app.use("/bearer/*", bearerAuth({ token: "t0ken" }));
app.get("/bearer/in", (c) => c.text("in"));
app.use("/form/*", csrf());
app.post("/form/send", async (c) => c.json(await c.req.parseBody({ all: true })));

// ---- Cookies
app.get("/cookies/set", async (c) => {
    setCookie(c, "plain", "a b;c", { path: "/", maxAge: 60, httpOnly: true, sameSite: "Lax" });
    await setSignedCookie(c, "signed", "value", c.env.SECRET, { secure: true });
    deleteCookie(c, "old");
    return c.text("set");
});
app.get("/cookies/get", async (c) => c.json({ all: getCookie(c), signed: (await getSignedCookie(c, c.env.SECRET, "signed")) ?? null }));

// ---- What comes in
const person = validator("json", (value, c) => {
    if (typeof value.name !== "string") {
        return c.json({ error: "name must be a string" }, 422);
    }
    return { name: value.name as string };
});
app.post("/people", person, (c) => c.json({ created: c.req.valid("json").name }, 201));
app.get(
    "/search",
    validator("query", (value, c) => (typeof value.q === "string" ? { q: value.q } : c.text("q is missing", 400))),
    (c) => c.json(c.req.valid("query")),
);
app.post("/upload", async (c) => {
    const body = await c.req.parseBody();
    const file = body.file as File;
    return c.json({ name: file.name, type: file.type, size: file.size, text: await file.text(), note: body.note });
});
app.post("/limited", bodyLimit({ maxSize: 10, onError: (c) => c.text("too much", 413) }), async (c) => c.text(await c.req.text()));
app.post("/echo", async (c) => c.body(await c.req.arrayBuffer(), 200, { "content-type": c.req.header("content-type") ?? "none" }));

// ---- What goes out
app.get("/stream/text", (c) =>
    streamText(c, async (to) => {
        for (const word of ["one", "two", "three"]) {
            await to.writeln(word);
            await to.sleep(10);
        }
    }),
);
app.get("/stream/events", (c) =>
    streamSSE(c, async (to) => {
        for (let id = 0; id < 3; id++) {
            await to.writeSSE({ id: String(id), event: "tick", data: `line ${id}\nmore` });
            await to.sleep(5);
        }
    }),
);
app.get("/stream/bytes", (c) =>
    stream(c, async (to) => {
        await to.write(new Uint8Array([0, 255]));
        await to.pipe(new Blob(["piped"]).stream());
    }),
);
app.use("/compressed/*", compress());
app.get("/compressed/text", (c) => c.text("all the same ".repeat(500)));
app.get("/slow", timeout(30), async (c) => {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    return c.text("never");
});
app.get("/proxy", (c) => proxy(c.req.query("url")!, { headers: { "x-own": "1" } }));
app.get("/background", (c) => {
    c.executionCtx.waitUntil(
        (async () => {
            await new Promise((resolve) => setTimeout(resolve, 20));
            console.log("after the answer");
        })(),
    );
    return c.text("answered");
});

const Row = ({ name, children }: { name: string; children?: unknown }) => (
    <tr>
        <td title={`"${name}"`}>{name}</td>
        <td>{children}</td>
    </tr>
);
app.get("/page", (c) =>
    c.html(
        <html lang="en">
            <body>
                <table>
                    <Row name="<Ada>">
                        <b>1815</b>
                    </Row>
                    <Row name="Grace" />
                </table>
            </body>
        </html>,
    ),
);

// ---- Parts and errors
const part = new Hono({ router: new RegExpRouter() }).basePath("/deep");
part.get("/er/:a/:b?", (c) => c.json(c.req.param()));
app.route("/part", part);
app.get("/throws", () => {
    throw new Error("on purpose");
});
app.get("/refuses", () => {
    throw new HTTPException(418, { message: "a teapot" });
});
app.notFound((c) => c.text(`no ${c.req.path}`, 404));
app.onError((error, c) => (error instanceof HTTPException ? error.getResponse() : c.json({ error: error.message }, 500)));

export default app;
