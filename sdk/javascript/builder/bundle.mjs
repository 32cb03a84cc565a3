// SPDX-License-Identifier: Apache-2.0
//
// node bundle.mjs ENTRY --out-dir DIR [--mode development|production]
//
// Makes DIR/main.js, one ES module whose default export is the entry's, and DIR/main.js.map; DIR/main.js.LEGAL.txt where
// packages ask for their notices to be kept. Silent when all is well. Ends with 1 when the entry can't be built, with what
// is wrong on stderr, and with 2 when it is called wrongly.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BuildFailure, bundle } from "./bundler.mjs";
import { formatMessage } from "./messages.mjs";

const USAGE = "usage: node bundle.mjs ENTRY --out-dir DIR [--mode development|production]";
const MODES = ["development", "production"];

function readCommandLine() {
    try {
        const { values, positionals } = parseArgs({
            allowPositionals: true,
            options: { "out-dir": { type: "string" }, mode: { type: "string", default: "production" } },
        });
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

async function main() {
    const { entry, folder, mode } = readCommandLine();
    try {
        const built = await bundle({ entry, mode, workingDirectory: process.cwd() });
        process.stderr.write(built.warnings.map(formatMessage).join(""));
        makeFolder(folder);
        put(folder, "main.js", built.code);
        put(folder, "main.js.map", built.map);
        put(folder, "main.js.LEGAL.txt", built.legal);
    } catch (failure) {
        if (failure instanceof BuildFailure) {
            process.stderr.write(failure.messages.map(formatMessage).join(""));
        } else if (failure.syscall !== undefined) {
            process.stderr.write(`${failure.path}: error: ${failure.message}\n`);
        } else {
            throw failure;
        }
        process.exitCode = 1;
    }
    // esbuild's process would be waited for otherwise.
    process.exit();
}

await main();
