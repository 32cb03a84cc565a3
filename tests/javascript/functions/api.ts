// SPDX-License-Identifier: AGPL-3.0-only
//
// What there is on the global object, as JSON: names, and the members of each, static ones and those of instances.

// Of these an instance has members of its own.
const SAMPLES: Record<string, () => object> = {
    Event: () => new Event("x"),
    CustomEvent: () => new CustomEvent("x"),
    ErrorEvent: () => new ErrorEvent("x"),
    MessageEvent: () => new MessageEvent("x"),
    PromiseRejectionEvent: () => new PromiseRejectionEvent("x", { promise: Promise.resolve() }),
};

function namesOf(value: unknown): string[] {
    const names = new Set<string>();
    for (let object = value; Object(object) === object; object = Object.getPrototypeOf(object)) {
        if (object !== Object.prototype && object !== Function.prototype) {
            for (const key of Reflect.ownKeys(object as object)) {
                names.add(typeof key === "symbol" ? `[${key.description}]` : key);
            }
        }
    }
    return [...names];
}

function membersOf(name: string) {
    const value = (globalThis as unknown as Record<string, unknown>)[name];
    const prototype = typeof value === "function" ? value.prototype : undefined;
    if (prototype === undefined) {
        return { kind: typeof value, static: [], instance: typeof value === "function" ? [] : namesOf(value) };
    }
    return { kind: "class", static: namesOf(value), instance: [...namesOf(prototype), ...namesOf(SAMPLES[name]?.())] };
}

export default {
    fetch() {
        const names = namesOf(globalThis);
        return Response.json(Object.fromEntries(names.filter((name) => name !== "globalThis").map((name) => [name, membersOf(name)])));
    },
} satisfies ExportedHandler;
