// SPDX-License-Identifier: Apache-2.0
//
// What is said about a build that failed: whose import it is, by which way it came in, and what to write instead.
//
// `context` is what bundler.mjs knows of a build: { entry, root, mode, show, wrapper }, absolute paths but for `wrapper`, the name
// of the module that the bundle begins with; `show` turns a path below `root` into what people see.

import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import { hintsOf, messageOf } from "./messages.mjs";
import { notOffered, notOfferedText } from "./not-offered.mjs";
import { packageOf, packageOfFile } from "./project.mjs";

// What could not be resolved: { importer, path, found }, with esbuild's message.
export function unresolvedOf(errors, root) {
    return errors.flatMap((found) => {
        const [, path] = /^Could not resolve "(.*)"/.exec(found.text) ?? [];
        return path === undefined || found.location === null
            ? []
            : [{ importer: resolve(root, found.location.file), path, found }];
    });
}

// The way from the entry to a file, shortest first: a list of paths as metafile has them, or [].
function chainTo(metafile, wrapper, target) {
    const from = new Map([[wrapper, null]]);
    const queue = Object.hasOwn(metafile.inputs, wrapper) ? [wrapper] : [];
    for (const file of queue) {
        if (file === target) {
            const chain = [];
            for (let at = file; at !== wrapper && at !== null; at = from.get(at)) {
                chain.unshift(at);
            }
            return chain;
        }
        for (const { path, external } of metafile.inputs[file]?.imports ?? []) {
            if (!external && !from.has(path)) {
                from.set(path, file);
                queue.push(path);
            }
        }
    }
    return [];
}

function nameOf(owner) {
    return owner.version === null ? owner.name : `${owner.name} ${owner.version}`;
}

// "wanted by pg 8.11.0: hello.ts -> pg (lib/index.js) -> lib/connection.js"
function wantedBy(context, importer, metafile) {
    const owner = packageOfFile(importer);
    if (owner === null && metafile === null) {
        return [];
    }
    const target = relative(context.root, importer).replaceAll("\\", "/");
    const chain = metafile === null ? [] : chainTo(metafile, context.wrapper, target);
    if (owner === null && chain.length < 2) {
        return [];
    }
    let last = null;
    const steps = chain.map((file) => {
        const path = resolve(context.root, file);
        const of = packageOfFile(path);
        const inside = of === null ? context.show(file) : relative(of.folder, path);
        const step = of !== null && of.folder !== last ? `${of.name} (${inside})` : inside;
        last = of?.folder ?? null;
        return step;
    });
    const subject = owner === null ? "imported by way of" : `wanted by the package ${nameOf(owner)}`;
    return [steps.length > 0 ? `${subject}: ${steps.join(" -> ")}` : subject];
}

// What may be meant by a relative path that leads nowhere: files of its folder with nearly that name.
function nearbyFiles(importer, path) {
    const wanted = resolve(dirname(importer), path);
    const stem = basename(wanted).replace(/\.[cm]?[jt]sx?$/, "").toLowerCase();
    if (!existsSync(dirname(wanted))) {
        return [`there is no folder ${relative(dirname(importer), dirname(wanted))}`];
    }
    const near = readdirSync(dirname(wanted)).filter((name) => name.toLowerCase().startsWith(stem)).sort();
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    return near.length > 0 ? [`there is: ${near.slice(0, 3).map((name) => folder + name).join(", ")}`] : [];
}

function describeMissing(context, { importer, path, found }, metafile) {
    const message = messageOf(found, context.show);
    const told = found.notes.filter(({ text }) => !/as external|platform: 'node'|wrap this/.test(text));
    const hints = hintsOf({ notes: told }, context.show);
    if (path.startsWith(".") || path.startsWith("/")) {
        message.text = `there is no file "${path}"`;
        message.hints = [...nearbyFiles(importer, path), ...hints, ...wantedBy(context, importer, metafile)];
        return message;
    }
    const name = path.split("/").slice(0, path.startsWith("@") ? 2 : 1).join("/");
    const { dependencies = {}, devDependencies = {} } = packageOf(context.root);
    if (hints.length > 0) {
        message.text = `the package "${name}" has no "${path}"`;
        message.hints = hints;
    } else {
        const listed = name in dependencies || name in devDependencies;
        message.text = `there is no package "${name}"`;
        message.hints = [listed ? "package.json names it: npm install" : `npm install ${name}`];
    }
    message.hints.unshift(...wantedBy(context, importer, metafile));
    return message;
}

function describeNotOffered(context, { importer, path, found, more }, metafile) {
    const refusal = notOffered(path);
    const message = messageOf(found, context.show);
    message.text = notOfferedText(path, refusal);
    message.hints = [...wantedBy(context, importer, metafile), `use instead: ${refusal.instead}`];
    if (more > 0) {
        message.hints.splice(-1, 0, `and ${more} more ${more === 1 ? "file" : "files"} of that package`);
    }
    return message;
}

function describeUnresolved(context, failure, metafile) {
    return notOffered(failure.path) === null
        ? describeMissing(context, failure, metafile)
        : describeNotOffered(context, failure, metafile);
}

// One failure for each package and module that isn't offered: a package that wants "fs" in thirty files wants one thing.
// All others stay as they are. `more` counts what was left out.
function groupedByPackage(failures) {
    const groups = new Map();
    for (const failure of failures) {
        const owner = notOffered(failure.path) === null ? null : packageOfFile(failure.importer);
        const key = owner === null ? failure.found : `${owner.folder}\0${failure.path}`;
        const group = groups.get(key);
        if (group === undefined) {
            groups.set(key, { ...failure, more: 0 });
        } else {
            group.more++;
        }
    }
    return [...groups.values()];
}

// The default export that isn't there, with what is.
export function describeNoDefault(context, exportsFound) {
    const names = exportsFound.filter((name) => name !== "default");
    const message = messageOf({ text: "", location: null }, context.show);
    message.file = context.show(relative(context.root, context.entry));
    message.text = "there is no default export";
    message.hints = [
        names.length > 0 ? `it exports: ${names.slice(0, 9).join(", ")}` : "it exports nothing",
        "write: export default { async fetch(request, env, ctx) { return new Response(…) } }",
    ];
    return message;
}

const IS_NO_DEFAULT = /^No matching export in ".*" for import "default"$/;

// The messages of a build that failed with `errors` of esbuild's. `metafile` is that of a pass that left outside what could not
// be resolved, or null where there was more to fail; `exportsOf()` resolves to the names that the entry exports.
export async function describeErrors(context, errors, { metafile, exportsOf }) {
    const failures = unresolvedOf(errors, context.root);
    const grouped = new Map(groupedByPackage(failures).map((failure) => [failure.found, failure]));
    const covered = new Set(failures.map(({ found }) => found));
    const messages = [];
    for (const found of errors) {
        const failure = grouped.get(found);
        if (failure !== undefined) {
            messages.push(describeUnresolved(context, failure, metafile));
        } else if (IS_NO_DEFAULT.test(found.text) && found.location?.file === context.wrapper) {
            messages.push(describeNoDefault(context, await exportsOf()));
        } else if (!covered.has(found)) {
            const message = messageOf(found, context.show);
            message.hints = hintsOf(found, context.show);
            messages.push(message);
        }
    }
    return messages;
}
