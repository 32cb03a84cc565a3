// SPDX-License-Identifier: Apache-2.0
//
// node bundle.mjs PACKAGES OUT [sizes]: bundles this folder, with the npm packages installed in PACKAGES, into the script OUT.

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [packages, out, mode] = process.argv.slice(2);
const { build } = createRequire(path.join(packages, "package.json"))("esbuild");
const folder = path.dirname(fileURLToPath(import.meta.url));

// The package asks its modules `types` and `util` what V8 would know; they are replaced by ours, which ask the engine.
// The places are found by what stands there, and a version of the package that looks otherwise stops the build.
const inspectNatives = {
    name: "inspect-natives",
    setup(builder) {
        builder.onLoad({ filter: /node-inspect-extracted\/dist\/inspect\.js$/ }, ({ path: file }) => {
            const text = fs.readFileSync(file, "utf8");
            const numberOf = (beginning) => {
                const before = text.slice(0, findOnce(text, beginning));
                return Number([...before.matchAll(/[,{](\d+)\(\w(?:,\w)*\)\{/g)].at(-1)[1]);
            };
            const numbers = {
                types: numberOf("exports={isAsyncFunction:"),
                util: numberOf("exports={constants:{kPending:"),
                url: numberOf("exports=URL}"),
            };
            const place = findOnce(text, "const e={};return function n(r){");
            const call = `require(${JSON.stringify(path.join(folder, "inspect_natives.js"))}).replace(t,${JSON.stringify(numbers)});`;
            return { contents: text.slice(0, place) + call + text.slice(place) };
        });
    },
};

function findOnce(text, part) {
    const place = text.indexOf(part);
    if (place < 0 || text.indexOf(part, place + 1) >= 0) {
        throw new Error(`node-inspect-extracted looks otherwise than expected: "${part}"`);
    }
    return place;
}

const result = await build({
    absWorkingDir: folder,
    entryPoints: ["index.js"],
    bundle: true,
    write: false,
    metafile: true,
    format: "iife",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2023",
    charset: "utf8",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    nodePaths: [path.join(packages, "node_modules")],
    plugins: [inspectNatives],
    logLevel: "warning",
});

fs.mkdirSync(path.dirname(out), { recursive: true });
const [{ contents }] = result.outputFiles;
fs.writeFileSync(`${out}.aside`, contents);
fs.renameSync(`${out}.aside`, out);

if (mode === "sizes") {
    const sizes = new Map();
    for (const [file, { bytesInOutput }] of Object.entries(Object.values(result.metafile.outputs)[0].inputs)) {
        const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? `library/${path.basename(file)}`;
        sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
    for (const [name, bytes] of [...sizes].sort((a, b) => b[1] - a[1])) {
        console.log(`${String(bytes).padStart(8)}  ${name}`);
    }
    console.log(`${String(contents.length).padStart(8)}  in all`);
}
