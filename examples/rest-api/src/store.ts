// SPDX-License-Identifier: Apache-2.0

/**
 * What is kept from one request to the next: in etcd, through its JSON gateway. An instance of a function keeps nothing for
 * sure, and there may be many of them; so each change says which revision it is of, and etcd refuses it where another one
 * was quicker.
 *
 * https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/
 */

export interface StoreEnvironment {
    /** Where etcd's client port is: "http://127.0.0.1:2379" */
    STORE_URL: string;
    /** Sent as Authorization, where the store wants one. */
    STORE_AUTHORIZATION?: string;
}

export interface Entry {
    key: string;
    value: unknown;
    /** Another one after each change; no two changes of the whole store have the same. */
    revision: string;
}

/** The store did not answer, or not as it should. */
export class StoreError extends Error {
    override name = "StoreError";
}

/** A key that is not there has this revision. */
export const ABSENT = "0";

interface KeyValue {
    key: string;
    value?: string;
    mod_revision: string;
}

interface RangeAnswer {
    header: { revision: string };
    kvs?: KeyValue[];
    more?: boolean;
}

interface TransactionAnswer {
    header: { revision: string };
    succeeded?: boolean;
}

export class Store {
    constructor(
        private readonly environment: StoreEnvironment,
        private readonly prefix: string,
    ) {}

    async get(key: string): Promise<Entry | undefined> {
        const answer = await this.call<RangeAnswer>("range", { key: this.encodeKey(key) });
        return answer.kvs?.map((one) => this.decode(one))[0];
    }

    /** The entries behind a key, or from the first one on, in the order of their keys; and the store's revision. */
    async list(after: string | undefined, limit: number) {
        const answer = await this.call<RangeAnswer>("range", {
            // The next text after a key is that key with a zero behind it.
            key: this.encodeKey(after === undefined ? "" : `${after}\0`),
            // "/" is followed by "0": all keys that begin with the prefix.
            range_end: btoa(`${this.prefix}0`),
            limit: String(limit),
        });
        return {
            entries: (answer.kvs ?? []).map((one) => this.decode(one)),
            more: answer.more ?? false,
            revision: answer.header.revision,
        };
    }

    /** Puts a value where the key has a revision, or ABSENT. Returns the new one; undefined: it has another. */
    async put(key: string, value: unknown, revision: string): Promise<string | undefined> {
        return this.change(key, revision, {
            request_put: { key: this.encodeKey(key), value: btoa(stringify(value)) },
        });
    }

    /** Removes a key that has a revision. False: it has another. */
    async delete(key: string, revision: string): Promise<boolean> {
        const request = { request_delete_range: { key: this.encodeKey(key) } };
        return (await this.change(key, revision, request)) !== undefined;
    }

    private async change(key: string, revision: string, request: object) {
        const answer = await this.call<TransactionAnswer>("txn", {
            compare: [{ key: this.encodeKey(key), target: "MOD", result: "EQUAL", mod_revision: revision }],
            success: [request],
        });
        return answer.succeeded ? answer.header.revision : undefined;
    }

    private async call<Answer>(name: string, body: object): Promise<Answer> {
        const headers = new Headers({ "content-type": "application/json" });
        if (this.environment.STORE_AUTHORIZATION) headers.set("authorization", this.environment.STORE_AUTHORIZATION);
        try {
            const response = await fetch(new URL(`/v3/kv/${name}`, this.environment.STORE_URL), {
                method: "POST",
                headers,
                body: JSON.stringify(body),
                signal: AbortSignal.timeout(5000),
            });
            if (response.ok) return (await response.json()) as Answer;
            throw new Error(`${response.status}: ${await response.text()}`);
        } catch (cause) {
            const place = `the store at ${this.environment.STORE_URL}`;
            throw new StoreError(`${place} did not do ${name}: ${(cause as Error).message}`, { cause });
        }
    }

    private encodeKey(key: string) {
        return btoa(`${this.prefix}/${key}`);
    }

    private decode(one: KeyValue): Entry {
        return {
            key: atob(one.key).slice(this.prefix.length + 1),
            value: JSON.parse(atob(one.value ?? "")),
            revision: one.mod_revision,
        };
    }
}

/** JSON in ASCII, as etcd's keys and values are bytes (in base64): any other character can be written as an escape. */
function stringify(value: unknown): string {
    return JSON.stringify(value).replace(/[\x7f-\uffff]/g, (character) => {
        return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    });
}
