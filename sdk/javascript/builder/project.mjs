// SPDX-License-Identifier: Apache-2.0
//
// Where an author's project begins, and whose a file is.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

const ROOT_MARKS = ["fn0.toml", "package.json", "tsconfig.json", "jsconfig.json"];
const MODULES = `${sep}node_modules${sep}`;

// The nearest folder above `entry` that looks like a project's; else the entry's own.
export function projectRoot(entry) {
    const own = dirname(entry);
    for (let folder = own; ; folder = dirname(folder)) {
        if (ROOT_MARKS.some((mark) => existsSync(join(folder, mark)))) {
            return folder;
        }
        if (dirname(folder) === folder) {
            return own;
        }
    }
}

// The folder's package.json, or {}: what is wrong with it is for npm to say.
export function packageOf(folder) {
    try {
        return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    } catch {
        return {};
    }
}

// Where JSX comes from in a project whose tsconfig.json doesn't say: the one of these that it depends on.
export function jsxSource(root) {
    const { dependencies = {}, devDependencies = {} } = packageOf(root);
    const wanted = { ...devDependencies, ...dependencies };
    return ["react", "preact"].find((name) => name in wanted) ?? ("hono" in wanted ? "hono/jsx" : "react");
}

// The npm package that a file belongs to: { name, version, folder }, or null for the author's own.
export function packageOfFile(path) {
    const begin = path.lastIndexOf(MODULES);
    if (begin < 0) {
        return null;
    }
    const words = path.slice(begin + MODULES.length).split(sep);
    const name = words.slice(0, words[0].startsWith("@") ? 2 : 1).join("/");
    const folder = join(path.slice(0, begin + MODULES.length), name);
    return { name, version: packageOf(folder).version ?? null, folder };
}

// How a file is called in source maps, with "/": by its path in the project, and a package's file by its place below
// node_modules, wherever these are kept. So the same source gives the same bytes on every machine.
export function sourceName(path, root) {
    const own = relative(root, path);
    const begin = path.lastIndexOf(MODULES);
    const name = own.startsWith("..") && begin >= 0 ? path.slice(begin + 1) : own;
    return name.split(sep).join("/");
}
