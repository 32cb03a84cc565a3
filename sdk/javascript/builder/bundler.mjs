// SPDX-License-Identifier: Apache-2.0
//
// From an author's entry file to one ES module and its source map, by esbuild.
//
// A build that succeeds is one pass, in which no plugin is asked: that would cost a message between two processes for each
// import. Only what failed to resolve leads to a second pass, in which it is left outside: that one knows who imports whom,
// and what is left of an import once dead code is gone.

import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, relative, resolve } from "node:path";
import { BINARY, TEXT } from "./assets.mjs";
import { describeErrors, describeNoDefault, unresolvedOf } from "./diagnosis.mjs";
import { hintsOf, messageOf } from "./messages.mjs";
import { TAKEN_SILENTLY, notOffered, notOfferedText, refusedFile } from "./not-offered.mjs";
import { jsxSource, packageOfFile, projectRoot, sourceName } from "./project.mjs";
import { checkpointsOf } from "./source-map.mjs";

// By require: an import of it takes 50 ms more, in which Node looks for the names that a CommonJS module exports.
const esbuild = createRequire(import.meta.url)("esbuild");

const TARGET = "es2023";
// As the field has it (wrangler, Vite's worker builds): a package's build for workers, then for browsers. `import`,
// `require` and `default` are esbuild's own.
const CONDITIONS = ["workerd", "worker", "browser"];
const MAIN_FIELDS = ["browser", "module", "main"];

const LOADERS = Object.fromEntries([
    ...TEXT.map((extension) => [`.${extension}`, "text"]),
    ...BINARY.map((extension) => [`.${extension}`, "binary"]),
]);

const WRAPPER = "fn0-entry.js";

// What the bundle begins with: the author's module, and a look at its default export when it is first evaluated, which is
// when the function is built. The engine throws what is said there; it is not thrown here since a script that throws has
// more of the engine's library in its component than one that does not (library/bundle.mjs).
function wrapperOf({ entry, root }) {
    const path = JSON.stringify(`./${relative(root, entry).replaceAll("\\", "/")}`);
    return `import handler from ${path};
export * from ${path};
const isClass = typeof handler === "function" && /^class\\b/.test(Function.prototype.toString.call(handler));
const describe = () => {
    const names = Object(handler) === handler ? Object.getOwnPropertyNames(handler).slice(0, 9) : [];
    return isClass
        ? "the class " + handler.name + " itself (write: export default new " + handler.name + "())"
        : Array.isArray(handler)
          ? "an array"
          : typeof handler === "object" && handler !== null
            ? "an object " + (names.length ? "with " + names.join(", ") : "with nothing in it")
            : typeof handler === "string" ? "a string" : String(handler);
};
export const fn0Refusal = isClass || (typeof handler !== "function" && typeof handler?.fetch !== "function")
    ? ${JSON.stringify(basename(entry))} + ": the default export has no method fetch; it is " + describe()
    : null;
export default handler;
`;
}

// A build that failed: `messages` are those of messages.mjs.
export class BuildFailure extends Error {
    constructor(messages) {
        super(messages.map((message) => message.text).join("\n"));
        this.messages = messages;
    }
}

function optionsOf(context) {
    const { root, mode } = context;
    const production = mode === "production";
    return {
        absWorkingDir: root,
        stdin: { contents: wrapperOf(context), resolveDir: root, sourcefile: WRAPPER, loader: "js" },
        outfile: join(root, "main.js"),
        bundle: true,
        write: false,
        metafile: true,
        format: "esm",
        platform: "browser",
        target: TARGET,
        conditions: CONDITIONS,
        mainFields: MAIN_FIELDS,
        loader: LOADERS,
        jsx: "automatic",
        jsxImportSource: jsxSource(root),
        jsxDev: false,
        define: { "process.env.NODE_ENV": JSON.stringify(mode) },
        // Names stay as they are written, so that stacks can be read; `keepNames` would cost a call for each function made.
        minifySyntax: production,
        minifyWhitespace: production,
        treeShaking: true,
        charset: "ascii",
        sourcemap: "external",
        sourcesContent: !production,
        legalComments: "external",
        logLevel: "silent",
        logLimit: 0,
        plugins: [refuseSilentOnes],
    };
}

// What esbuild takes without a word and we don't: modules by URL, which it leaves outside, and files that mean nothing here.
const refuseSilentOnes = {
    name: "refuse-silent-ones",
    setup(build) {
        build.onResolve({ filter: TAKEN_SILENTLY }, ({ path }) => {
            const refusal = notOffered(path);
            const text = refusal === null ? `"${path}": ${refusedFile(path)}` : notOfferedText(path, refusal);
            const notes = refusal === null ? [] : [{ text: `use instead: ${refusal.instead}` }];
            return { errors: [{ text, notes }] };
        });
    },
};

// Leaves what failed to resolve outside. `sideEffects: false` lets an import go whose names nobody uses in the end.
function leaveOutside(failures, root) {
    const wanted = new Set(failures.map(({ importer, path }) => `${importer}\0${path}`));
    return {
        name: "leave-outside",
        setup(build) {
            build.onResolve({ filter: /./ }, ({ importer, path }) =>
                wanted.has(`${resolve(root, importer)}\0${path}`) ? { path, external: true, sideEffects: false } : undefined,
            );
        },
    };
}

async function exportsOf(context) {
    const { stdin: _, ...options } = optionsOf(context);
    const { metafile } = await esbuild.build({ ...options, entryPoints: [context.entry], treeShaking: false });
    return Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined)?.exports ?? [];
}

// Of the failures those that count, by a second pass that left them outside: what a package wants of other platforms may have
// gone with its dead code. What the author wants counts always.
function remainingOf(failures, second) {
    const output = Object.values(second.metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined);
    const outside = new Set(output.imports.filter(({ external }) => external).map(({ path }) => path));
    return failures.filter(
        ({ importer, path }) => notOffered(path) === null || packageOfFile(importer) === null || outside.has(path),
    );
}

// The first pass of builds that follow each other: esbuild keeps what it has read.
export class KeptBuild {
    #key = null;
    #context = null;

    async build(options) {
        const key = JSON.stringify(options);
        if (key !== this.#key) {
            await this.#context?.dispose();
            this.#context = null;
            this.#context = await esbuild.context(options);
            this.#key = key;
        }
        return this.#context.rebuild();
    }
}

async function passes(context, kept) {
    const options = optionsOf(context);
    try {
        return await (kept ?? esbuild).build(options);
    } catch (failure) {
        if (!Array.isArray(failure.errors)) {
            throw failure;
        }
        const failures = unresolvedOf(failure.errors, context.root);
        let second = null;
        if (failures.length > 0) {
            const plugins = [...options.plugins, leaveOutside(failures, context.root)];
            second = await esbuild.build({ ...options, plugins }).catch(() => null);
        }
        let errors = failure.errors;
        if (second !== null) {
            errors = remainingOf(failures, second).map(({ found }) => found);
            if (errors.length === 0) {
                return second;
            }
        }
        const known = { metafile: second?.metafile ?? null, exportsOf: () => exportsOf(context) };
        throw new BuildFailure(await describeErrors(context, errors, known));
    }
}

// The map with the names of projectRoot's files, without what depends on the machine, and with checkpoints.
function namedMap(context, text) {
    const map = JSON.parse(text);
    map.file = "main.js";
    map.sources = map.sources.map((source) =>
        basename(source) === WRAPPER ? `fn0/${WRAPPER}` : sourceName(resolve(context.root, source), context.root),
    );
    map.x_fn0_checkpoints = checkpointsOf(map.mappings);
    return JSON.stringify(map);
}

// The files that the bundle was made of, absolute; "main.js" and the like of packages are among them, package.json are not.
function inputsOf(metafile, root) {
    return Object.keys(metafile.inputs)
        .filter((path) => path !== WRAPPER)
        .map((path) => resolve(root, path))
        .sort();
}

// Builds `entry` (a path, from `workingDirectory` on), with `kept` of those before it, or null. Returns { code, map, legal,
// inputs, warnings }: texts, `legal` "" where no package asks for its notice to be kept; paths; and messages of messages.mjs.
// Throws BuildFailure.
export async function bundle({ entry: name, mode, workingDirectory, kept = null }) {
    const entry = resolve(workingDirectory, name);
    const status = statSync(entry, { throwIfNoEntry: false });
    if (status === undefined || !status.isFile()) {
        const text = status === undefined ? "there is no such file" : "this is no file";
        const message = messageOf({ text, location: null });
        throw new BuildFailure([{ ...message, file: name }]);
    }
    const root = projectRoot(entry);
    const show = (path) => relative(workingDirectory, resolve(root, path)) || path;
    const context = { entry, root, mode, show, wrapper: WRAPPER };
    const result = await passes(context, kept);
    // A script that exports nothing at all: esbuild takes it for a CommonJS module.
    if (result.metafile.inputs[relative(root, entry).replaceAll("\\", "/")]?.format === undefined) {
        throw new BuildFailure([describeNoDefault(context, [])]);
    }
    const output = (end) => result.outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
    return {
        code: output("main.js"),
        map: namedMap(context, output("main.js.map")),
        legal: output(".LEGAL.txt"),
        inputs: inputsOf(result.metafile, root),
        warnings: result.warnings.map((found) => {
            const message = messageOf(found, show);
            return { ...message, warning: true, hints: hintsOf(found, show) };
        }),
    };
}
