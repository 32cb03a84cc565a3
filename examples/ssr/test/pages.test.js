// SPDX-License-Identifier: Apache-2.0

// Run by `fn0 test`, which serves the function at FN0_URL.
import assert from "node:assert/strict";
import { test } from "node:test";

const url = process.env.FN0_URL;

function get(path, options) {
    return fetch(url + path, { redirect: "manual", ...options });
}

async function page(path, options) {
    const response = await get(path, options);
    assert.equal(response.status, 200, path);
    assert.match(response.headers.get("content-type"), /^text\/html; charset=utf-8$/i);
    return response.text();
}

function heading(html) {
    return /<h1>(.*?)<\/h1>/s.exec(html)[1];
}

test("tonight's moon is the first page", async () => {
    const html = await page("/");
    assert.match(html, /^<!DOCTYPE html><html lang="en">/);
    assert.match(html, /Tonight, /);
    assert.match(heading(html), /moon|quarter|crescent|gibbous/i);
});

test("known nights have the moons they had", async () => {
    const nights = {
        "1969-07-20": "Waxing crescent",
        "2000-01-06": "New moon",
        "2000-01-21": "Full moon",
        "2024-04-08": "New moon",
        "2025-03-14": "Full moon",
        "2026-11-20": "Waxing gibbous",
        "2026-12-17": "First quarter",
    };
    for (const [night, name] of Object.entries(nights)) {
        assert.equal(heading(await page(`/moon/${night}`)), name, night);
    }
});

test("phases come when they come", async () => {
    const html = await page("/almanac/2024-04-03");
    const [, day, hours, minutes] = /New moon<\/strong><span>(.*?)<\/span><span class="time">(\d+):(\d+) UTC/.exec(html);
    assert.equal(day, "8 Apr");
    // Of the eclipse of that day: 18:21.
    assert.ok(Math.abs(hours * 60 + Number(minutes) - (18 * 60 + 21)) < 20, `${hours}:${minutes}`);
    assert.match(html, /Pink Moon<\/strong><span>23 Apr/);
});

test("a page begins before the almanac has answered", async () => {
    const response = await get("/moon/2026-11-20");
    const begun = performance.now();
    let text = "";
    let early;
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
        text += piece;
        early ??= { text, at: performance.now() - begun };
    }
    assert.match(early.text, /<h1>Waxing gibbous<\/h1>.*Asking the almanac…/s);
    assert.doesNotMatch(early.text, /Beaver Moon/);
    assert.match(text, /Beaver Moon/);
    assert.ok(performance.now() - begun - early.at > 200);
});

test("scripts are only those of the page itself", async () => {
    const response = await get("/");
    const [, nonce] = /script-src 'nonce-([^']+)'/.exec(response.headers.get("content-security-policy"));
    const scripts = (await response.text()).match(/<script[^>]*>/g);
    assert.deepEqual(scripts, [`<script nonce="${nonce}">`]);
    const again = await get("/");
    assert.ok(!again.headers.get("content-security-policy").includes(nonce));
    await again.body.cancel();
});

test("the form for another night leads there", async () => {
    const response = await get("/moon?date=1969-07-20");
    assert.equal(response.status, 303);
    assert.equal(response.headers.get("location"), "/moon/1969-07-20");
});

test("a month has all of its days", async () => {
    const html = await page("/calendar/2024-02");
    assert.equal(heading(html), "February 2024");
    assert.equal(html.match(/href="\/moon\/2024-02-\d\d"/g).length, 29);
    assert.match(html, /href="\/calendar\/2024-01"/);
    assert.match(html, /href="\/calendar\/2024-03"/);
    assert.match((await get("/calendar")).headers.get("location"), /^\/calendar\/\d{4}-\d{2}$/);
});

function send(fields) {
    return get("/birthday", { method: "POST", body: new URLSearchParams(fields) });
}

test("a birthday has its moon", async () => {
    const response = await send({ name: " Ada <3 ", date: "1815-12-10" });
    assert.equal(response.status, 422);
    const good = await send({ name: " Ada <3 ", date: "1990-05-17" });
    assert.equal(good.status, 303);
    assert.equal(good.headers.get("location"), "/birthday/1990-05-17?name=Ada%20%3C3");
    assert.equal(heading(await page(good.headers.get("location"))), "Ada &lt;3, yours is a last quarter.");
});

test("a form comes back with what was written and what is wrong", async () => {
    const cases = [
        [{}, /Tell us a name/, /Which day\?/],
        [{ name: "  ", date: "1990-05-17" }, /Tell us a name/],
        [{ name: "x".repeat(41), date: "1990-05-17" }, /That is a long name/],
        [{ name: "Ada", date: "1990-02-30" }, /A day looks like/],
        [{ name: "Ada", date: "17.5.1990" }, /A day looks like/],
        [{ name: "Ada", date: "2099-01-01" }, /still to come/],
    ];
    for (const [fields, ...problems] of cases) {
        const response = await send(fields);
        const html = await response.text();
        assert.equal(response.status, 422, JSON.stringify(fields));
        problems.forEach((problem) => assert.match(html, problem));
        assert.equal(html.match(/aria-invalid="true"/g).length, problems.length);
    }
    const html = await (await send({ name: '"><script>alert(1)</script>', date: "" })).text();
    assert.match(html, /value="&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;"/);
    // A file is no name.
    const form = new FormData();
    form.set("name", new Blob(["Ada"]), "ada.txt");
    assert.equal((await get("/birthday", { method: "POST", body: form })).status, 422);
});

test("what is not there is a page, too", async () => {
    for (const path of ["/nowhere", "/moon/2026-02-30", "/moon/1850-01-01", "/calendar/2026-13", "/almanac/x", "/a/../<b>"]) {
        const response = await get(path);
        assert.equal(response.status, 404, path);
        assert.match(await response.text(), /<h1>No such page<\/h1>/);
    }
});

test("an error is a page that tells nothing but where it is written down", async () => {
    const response = await get("/broken");
    const html = await response.text();
    assert.equal(response.status, 500);
    assert.ok(html.includes(response.headers.get("x-request-id")));
    assert.doesNotMatch(html, /somebody asked for it/);
});

test("the host serves what stands in public/", async () => {
    const style = await get("/style.css");
    assert.equal(style.headers.get("content-type"), "text/css; charset=utf-8");
    assert.equal((await get("/icon.svg")).headers.get("content-type"), "image/svg+xml");
    const again = await get("/style.css", { headers: { "if-none-match": style.headers.get("etag") } });
    assert.equal(again.status, 304);
});
