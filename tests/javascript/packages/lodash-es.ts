// SPDX-License-Identifier: AGPL-3.0-only

import {
    camelCase, chunk, cloneDeep, debounce, deburr, difference, get, groupBy, isEqual, isPlainObject, kebabCase, memoize, merge, orderBy,
    pick, range, set, sortBy, throttle, truncate, uniqBy, words, zipObject,
} from "lodash-es";
// @ts-expect-error @types/lodash-es leaves the default export out, which has the chained form.
import all from "lodash-es";

export default {
    async fetch() {
        let calls = 0;
        const later = debounce(() => ++calls, 10);
        later(), later(), later();
        const often = throttle(() => ++calls, 1000, { trailing: false });
        often(), often();
        await new Promise((resolve) => setTimeout(resolve, 40));
        const original = { a: [new Date(0), /x/gi, new Map([[1, new Set([2])]])], b: { c: new Uint8Array([1, 2]) } };
        const copy = cloneDeep(original);
        return Response.json({
            calls,
            chunk: chunk(range(7), 3),
            grouped: groupBy(["one", "two", "three"], "length"),
            equal: [isEqual(copy, original), copy.a !== original.a, isEqual(copy, { ...original, b: 1 })],
            merged: merge({ a: { b: 1, list: [1, 2] } }, { a: { c: 2, list: [3] } }),
            path: get(set({}, "a[0].b.c", 5), ["a", 0, "b", "c"]),
            names: [camelCase("Foo Bar-baz"), kebabCase("fooBar"), deburr("déjà vu"), truncate("a long text here", { length: 9 })],
            sorted: orderBy([{ a: 1, b: 2 }, { a: 2, b: 1 }, { a: 1, b: 1 }], ["a", "b"], ["desc", "asc"]),
            more: [sortBy(["b", "a"]), uniqBy([1.2, 1.9, 2.1], Math.floor), difference([1, 2, 3], [2]), words("fred, barney & pebbles")],
            objects: [pick({ a: 1, b: 2 }, ["a"]), zipObject(["x", "y"], [1, 2]), isPlainObject(Object.create(null))],
            memoized: (() => { let n = 0; const f = memoize(() => ++n); f(); return f(); })(),
            chained: all([3, 1, 2]).map((n: number) => n * 2).sortBy().take(2).value(),
            template: all.template("hello <%- name %>!")({ name: "<Ada>" }),
        });
    },
} satisfies ExportedHandler;
