// SPDX-License-Identifier: AGPL-3.0-only
//
// Computing only, one kind for each path.

const fibonacci = (n) => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));

// A generator of its own, so that each engine is given the same numbers.
function numbers(count) {
    let state = 12345;
    return Array.from({ length: count }, () => (state = (state * 1103515245 + 12345) % 2147483648));
}

const record = (number) => ({ id: number, name: `user ${number}`, tags: ["a", "b", "c"], nested: { value: number / 3 } });

const log = Array.from(
    { length: 2000 },
    (_, i) => `10.0.${i % 256}.${(i * 7) % 256} - - [${1 + (i % 28)}/Nov/2026] "GET /page/${i}?q=${i * 3} HTTP/1.1" 200 ${i * 13}`,
).join("\n");

const kinds = {
    "/fib": () => fibonacci(27),
    "/json": () => {
        const text = JSON.stringify(numbers(5000).map(record));
        return JSON.stringify(JSON.parse(text)).length;
    },
    "/regexp": () => {
        let bytes = 0;
        for (const [, , path, size] of log.matchAll(/^(\d+\.\d+\.\d+\.\d+) - - \[[^\]]+\] "GET ([^ "]+) HTTP\/1\.1" 200 (\d+)$/gm)) {
            bytes += path.length + Number(size);
        }
        return bytes;
    },
    "/sort": () => {
        const sorted = numbers(50000).sort((a, b) => a - b);
        return sorted[0] + sorted[sorted.length - 1];
    },
};

export function compute(path) {
    return String(kinds[path]?.() ?? "ready");
}

export default {
    async fetch(request) {
        return new Response(compute(new URL(request.url).pathname));
    },
};
