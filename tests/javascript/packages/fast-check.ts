// SPDX-License-Identifier: AGPL-3.0-only
//
// fast-check, and by it some properties of the engine itself.

import fc from "fast-check";

const PROPERTIES: Record<string, () => fc.RunDetails<any>> = {
    json: () => fc.check(fc.property(fc.jsonValue(), (value) => JSON.stringify(JSON.parse(JSON.stringify(value))) === JSON.stringify(value))),
    text: () => fc.check(fc.property(fc.string({ unit: "binary" }), (text) => new TextDecoder().decode(new TextEncoder().encode(text)) === text)),
    base64: () => fc.check(fc.property(fc.uint8Array(), (bytes) => {
        const text = String.fromCharCode(...bytes);
        return atob(btoa(text)) === text;
    })),
    parameters: () => fc.check(fc.property(fc.array(fc.tuple(fc.string(), fc.string())), (pairs) => {
        const again = new URLSearchParams(new URLSearchParams(pairs).toString());
        return JSON.stringify([...again]) === JSON.stringify(pairs);
    })),
    url: () => fc.check(fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (text) => new URL(new URL(text).href).href === new URL(text).href)),
    clone: () => fc.check(fc.property(fc.object({ withDate: true, withMap: true, withSet: true, withTypedArray: true, withBigInt: true }), (value) => fc.stringify(structuredClone(value)) === fc.stringify(value))),
    sort: () => fc.check(fc.property(fc.array(fc.integer()), (list) => list.toSorted((a, b) => a - b).every((n, i, all) => i === 0 || all[i - 1]! <= n))),
    bigint: () => fc.check(fc.property(fc.bigInt(), fc.bigInt().filter((n) => n !== 0n), (a, b) => (a / b) * b + (a % b) === a)),
    wrong: () => fc.check(fc.property(fc.nat(), (n) => n < 1000), { seed: 42 }),
};

export default {
    fetch(request) {
        const { failed, numRuns, counterexample } = PROPERTIES[new URL(request.url).pathname.slice(1)]!();
        return Response.json({ failed, numRuns, counterexample });
    },
} satisfies ExportedHandler;
