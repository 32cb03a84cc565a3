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
    const response = await fetch(`${url}/?name=Ada`);
    assert.equal(await response.text(), "Hello, Ada!\n");
});
