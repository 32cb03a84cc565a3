// SPDX-License-Identifier: Apache-2.0

// Run by `fn0 test`, which serves the function at FN0_URL.
import assert from "node:assert/strict";
import { test } from "node:test";

const url = process.env.FN0_URL;

test("it greets the world", async () => {
    const response = await fetch(url);
    assert.equal(response.status, 200);
    assert.equal(await response.text(), "Hello, world!\n");
});

test("it greets whoever is named", async () => {
    const response = await fetch(`${url}/hello/Ada`);
    assert.match(response.headers.get("content-type"), /^application\/json/);
    assert.deepEqual(await response.json(), { greeting: "Hello, Ada!" });
});

test("it says what is not there", async () => {
    const response = await fetch(`${url}/nowhere`);
    assert.equal(response.status, 404);
    assert.deepEqual(await response.json(), { error: "there is no /nowhere" });
});
