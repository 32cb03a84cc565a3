// SPDX-License-Identifier: Apache-2.0

// A stand-in for etcd, for development: keys and values in memory, behind the two of etcd's calls that src/store.ts makes
// (https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/). Nothing is kept when it ends.
//
//     node store/server.js [PORT]
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

/** Serves an empty store at 127.0.0.1; the promise is fulfilled when it listens. */
export function startStore(port = 2379) {
    const entries = new Map(); // by key, in base64 as everything here
    let revision = 1;

    const compares = {
        EQUAL: (one, other) => one === other,
        NOT_EQUAL: (one, other) => one !== other,
        GREATER: (one, other) => one > other,
        LESS: (one, other) => one < other,
    };
    const order = (one, other) => Buffer.compare(Buffer.from(one, "base64"), Buffer.from(other, "base64"));

    function range({ key, range_end, limit = 0 }) {
        const found = range_end
            ? [...entries.values()].filter((one) => order(key, one.key) <= 0 && order(one.key, range_end) < 0)
            : [entries.get(key)].filter(Boolean);
        found.sort((one, other) => order(one.key, other.key));
        const kvs = Number(limit) > 0 ? found.slice(0, Number(limit)) : found;
        return { kvs, more: kvs.length < found.length, count: String(found.length) };
    }

    function put({ key, value }) {
        const before = entries.get(key);
        entries.set(key, {
            key,
            create_revision: before?.create_revision ?? String(revision),
            mod_revision: String(revision),
            version: String(Number(before?.version ?? 0) + 1),
            value,
        });
        return {};
    }

    function remove({ key }) {
        return { deleted: String(Number(entries.delete(key))) };
    }

    function transaction({ compare = [], success = [], failure = [] }) {
        const succeeded = compare.every(({ key, target, result = "EQUAL", mod_revision, create_revision }) => {
            const entry = entries.get(key);
            const [is, wanted] =
                target === "CREATE" ? [entry?.create_revision, create_revision] : [entry?.mod_revision, mod_revision];
            return compares[result](Number(is ?? 0), Number(wanted ?? 0));
        });
        const requests = succeeded ? success : failure;
        if (requests.some((one) => one.request_put || one.request_delete_range)) revision++;
        const responses = requests.map((one) => ({
            ...(one.request_range && { response_range: range(one.request_range) }),
            ...(one.request_put && { response_put: put(one.request_put) }),
            ...(one.request_delete_range && { response_delete_range: remove(one.request_delete_range) }),
        }));
        return { succeeded, responses };
    }

    const calls = { "/v3/kv/range": range, "/v3/kv/txn": transaction };
    const server = createServer(async (request, response) => {
        let text = "";
        for await (const piece of request.setEncoding("utf8")) text += piece;
        let status = 404;
        let answer = { error: "this stand-in has no such call", code: 12 };
        try {
            const call = request.method === "POST" && calls[request.url];
            if (call) {
                answer = call(JSON.parse(text));
                answer.header = { revision: String(revision) };
                status = 200;
            }
        } catch (error) {
            [status, answer] = [400, { error: String(error), code: 3 }];
        }
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
    return new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, "127.0.0.1", () => resolve(server));
    });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const server = await startStore(Number(process.argv[2] ?? 2379));
    console.log(`the store listens at http://127.0.0.1:${server.address().port}`);
}
