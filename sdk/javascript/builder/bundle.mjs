// SPDX-License-Identifier: Apache-2.0
//
// node bundle.mjs ENTRY --out-dir DIR [--mode development|production]
//
// Makes DIR/main.js, one ES module whose default export is the entry's, and DIR/main.js.map; DIR/main.js.LEGAL.txt where
// packages ask for their notices to be kept; and DIR/main.js.inputs, the files that it was made of, a line each. Silent when
// all is well. Ends with 1 when the entry can't be built, with what is wrong on stderr, and with 2 when it is called wrongly.
//
// node bundle.mjs --serve
//
// Does the same again and again, for who builds at each change: reads lines from the socket that is descriptor 3, each an
// object of JSON { entry, folder, mode }, and answers each by "STATUS BYTES\n" and so many bytes of what would be on stderr.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BuildFailure, KeptBuild, bundle } from "./bundler.mjs";
import { formatMessage } from "./messages.mjs";

const USAGE = "usage: node bundle.mjs ENTRY --out-dir DIR [--mode development|production]";
const SOCKET = 3;
const MODES = ["development", "production"];

function readCommandLine() {
    try {
        const { values, positionals } = parseArgs({
            allowPositionals: true,
            options: {
                "out-dir": { type: "string" },
                mode: { type: "string", default: "production" },
                serve: { type: "boolean", default: false },
            },
        });
        if (values.serve) {
            return { serves: true };
        }
        if (positionals.length === 1 && values["out-dir"] !== undefined && MODES.includes(values.mode)) {
            return { entry: positionals[0], folder: values["out-dir"], mode: values.mode };
        }
    } catch {
        // An unknown flag: said below.
    }
    process.stderr.write(`${USAGE}\n`);
    process.exit(2);
}

// Not `recursive`: Node never returns where that fails below /proc.
function makeFolder(path) {
    try {
        mkdirSync(path);
    } catch (error) {
        if (error.code !== "EEXIST") {
            throw error;
        }
    }
}

function put(folder, name, text) {
    if (text === "") {
        rmSync(join(folder, name), { force: true });
    } else {
        writeFileSync(join(folder, name), text);
    }
}

// Returns { status, text }: what to end with, and what to say.
async function build({ entry, folder, mode }, kept) {
    try {
        const built = await bundle({ entry, mode, workingDirectory: process.cwd(), kept });
        makeFolder(folder);
        put(folder, "main.js", built.code);
        put(folder, "main.js.map", built.map);
        put(folder, "main.js.LEGAL.txt", built.legal);
        put(folder, "main.js.inputs", built.inputs.map((path) => `${path}\n`).join(""));
        return { status: 0, text: built.warnings.map(formatMessage).join("") };
    } catch (failure) {
        if (failure instanceof BuildFailure) {
            return { status: 1, text: failure.messages.map(formatMessage).join("") };
        }
        if (failure.syscall !== undefined) {
            return { status: 1, text: `${failure.path}: error: ${failure.message}\n` };
        }
        throw failure;
    }
}

async function serve() {
    const [{ Socket }, { createInterface }] = await Promise.all([import("node:net"), import("node:readline")]);
    const socket = new Socket({ fd: SOCKET });
    const kept = new KeptBuild();
    for await (const line of createInterface({ input: socket })) {
        const { status, text } = await build(JSON.parse(line), kept);
        socket.write(`${status} ${Buffer.byteLength(text)}\n${text}`);
    }
}

const line = readCommandLine();
if (line.serves) {
    await serve();
} else {
    const { status, text } = await build(line, null);
    process.stderr.write(text);
    process.exitCode = status;
}
// esbuild's process would be waited for otherwise.
process.exit();
