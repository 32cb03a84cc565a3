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
  keepNames: true,
  legalComments: "none",
  nodePaths: [path.join(packages, "node_modules")],
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
