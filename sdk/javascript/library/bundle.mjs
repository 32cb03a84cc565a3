// SPDX-License-Identifier: Apache-2.0
//
// node bundle.mjs PACKAGES OUT [sizes]: bundles this folder, with the npm packages installed in PACKAGES, into OUT: the script
// that the engine evaluates, and behind it the parts, as engine/stages.h has it.

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
            const call = `require(${JSON.stringify(path.join(folder, "parts/inspect_natives.js"))}).replace(t,${JSON.stringify(numbers)});`;
            return { contents: text.slice(0, place) + call + text.slice(place) };
        });
    },
};

// Where the package is behind the standard: flag v (only for what u refuses, and with "-" and others escaped, since the engine
// refuses them outside of classes, too), names of any character of Unicode, and hosts and ports that are read as the URL standard's parser does, up to
// their end and without tabs and line breaks. A hostname that it refuses leaves two URLs with what they had.
const URL_PATTERN_EDITS = [
    [
        'a(B,"flags");',
        'a(B,"flags");function compile(e,t){try{return new RegExp(e,t)}catch{return new RegExp(e,t.replace("u","v"))}}',
    ],
    [
        '"\\\\$1")}a(x,',
        '"\\\\$1").replace(/[-&!#%,:;<=>@~]/g,c=>"\\\\x"+c.charCodeAt().toString(16))}a(x,',
    ],
    ['n+="$",new RegExp(n,B(r))', 'n+="$",compile(n,B(r))'],
    ["n+=`(?=${l}|${c})`),new RegExp(n,B(r))", "n+=`(?=${l}|${c})`),compile(n,B(r))"],
    ["let i=e.substr(s,1);", "let i=String.fromCodePoint(e.codePointAt(s));"],
    ["{f+=e[s++];continue}break}if(!f)", "{f+=i;s+=i.length;continue}break}if(!f)"],
    [
        "if(/[\\t\\n\\r #%/:<>?@[\\]^\\\\|]/g.test(e))throw new TypeError(`Invalid hostname '${e}'`);" +
            'let t=new URL("https://example.com");return t.hostname=e,t.hostname}',
        'let[t,r]=["https://a","https://b"].map(n=>(n=new URL(n),n.hostname=e,n.hostname));' +
            "if(t!==r)throw new TypeError(`Invalid hostname '${e}'`);return t}",
    ],
    [
        'if(e===""||/^[0-9]*$/.test(e)&&parseInt(e)<=65535)return e;',
        'if(e==="")return e;let t=/^[0-9]+/.exec(e.replace(/[\\t\\n\\r]/g,""));if(t&&+t[0]<=65535)return`${+t[0]}`;',
    ],
    ['return z(t)===e&&(e=""),r||e===""?e:G(e)}', 'return r||e===""||(e=G(e))!==z(t)?e:""}'],
];

const urlPatternEdits = {
    name: "url-pattern-edits",
    setup(builder) {
        builder.onLoad({ filter: /urlpattern-polyfill\/dist\/urlpattern\.js$/ }, ({ path: file }) => {
            let text = fs.readFileSync(file, "utf8");
            for (const [found, put] of URL_PATTERN_EDITS) {
                const place = findOnce(text, found);
                text = text.slice(0, place) + put + text.slice(place + found.length);
            }
            return { contents: text };
        });
    },
};

function findOnce(text, part) {
    const place = text.indexOf(part);
    if (place < 0 || text.indexOf(part, place + 1) >= 0) {
        throw new Error(`a package looks otherwise than expected: "${part}"`);
    }
    return place;
}

// What most functions never touch, by the words without which a script does not reach it (but by a name that it puts
// together: then it is loaded when that happens).
const OF_ERRORS = ["throw", "Error", "reject", "bort", ".stack"];
const PARTS = {
    clone: ["structuredClone", "MessageChannel", "MessagePort"],
    forms: ["formData", "FormData", "Blob", "blob", "File"],
    inspect: ["console", ...OF_ERRORS],
    intl: ["Intl", "toLocale"],
    performance: ["performance", "Performance"],
    subtle_crypto: ["subtle", "SubtleCrypto", "CryptoKey"],
    url_pattern: ["URLPattern"],
};

const OPTIONS = {
    absWorkingDir: folder,
    bundle: true,
    write: false,
    metafile: true,
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2023",
    charset: "utf8",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    nodePaths: [path.join(packages, "node_modules")],
    logLevel: "warning",
};

// The module "fn0:shared" of share.js.
const sharedModule = (contents) => ({
    name: "shared",
    setup(builder) {
        builder.onResolve({ filter: /^fn0:shared$/ }, () => ({ path: "shared", namespace: "fn0" }));
        builder.onLoad({ filter: /^shared$/, namespace: "fn0" }, () => ({ contents, resolveDir: folder }));
    },
});

const buildCore = (shared) =>
    build({ ...OPTIONS, entryPoints: ["index.js"], format: "iife", plugins: [sharedModule(shared)] });

// What a part imports that the library has anyway is not in it: it is given to it when it is loaded.
const leaveOut = (files) => ({
    name: "leave-out",
    setup(builder) {
        builder.onResolve({ filter: /^\.\.?\// }, ({ path: name, resolveDir }) => {
            const file = path.relative(folder, path.join(resolveDir, name));
            return resolveDir.startsWith(folder) && files.has(file) ? { path: file, external: true } : undefined;
        });
    },
});

// The script of a part: a function of `require` that returns what the part exports.
async function buildPart(name, files) {
    const result = await build({
        ...OPTIONS,
        entryPoints: [`parts/${name}.js`],
        format: "cjs",
        plugins: [leaveOut(files), inspectNatives, urlPatternEdits],
    });
    const { text } = result.outputFiles[0];
    return { name, text: `(function(require){const module={exports:{}};${text}return module.exports})`, ...result };
}

// Which names of which modules of the library the parts use, by what esbuild makes of imports.
function findShared(parts) {
    const shared = new Map();
    for (const { text } of parts) {
        for (const [, variable, file] of text.matchAll(/(\w+)=require\("([^"]+)"\)/g)) {
            const names = shared.get(file) ?? new Set();
            for (const [, name] of text.matchAll(new RegExp(`\\b${variable}\\.(\\w+)`, "g"))) {
                names.add(name);
            }
            shared.set(file, names);
        }
        if (/__toESM\(require\(/.test(text)) {
            throw new Error("a part imports a module of the library as a whole: import names");
        }
    }
    return [...shared].sort(([one], [other]) => (one < other ? -1 : 1));
}

function sharedSource(shared) {
    const lines = shared.map(([file, names], index) => {
        const list = [...names].sort();
        return {
            imports: `import { ${list.map((name) => `${name} as ${name}_${index}`).join(", ")} } from "./${file}";`,
            entry: `${JSON.stringify(file)}: { ${list.map((name) => `${name}: ${name}_${index}`).join(", ")} }`,
        };
    });
    return `${lines.map(({ imports }) => imports).join("\n")}
export const shared = () => ({ ${lines.map(({ entry }) => entry).join(", ")} });`;
}

const files = new Set(Object.keys((await buildCore("export const shared = null;")).metafile.inputs));
const parts = await Promise.all(Object.keys(PARTS).map((name) => buildPart(name, files)));
const core = await buildCore(sharedSource(findShared(parts)));

// A line break would end the line of a part: esbuild leaves none in front of one.
const contents = [core.outputFiles[0].text, ...parts.map(({ name, text }) => `//# part ${name} ${PARTS[name].join(" ")}\n${text}`)];
fs.mkdirSync(path.dirname(out), { recursive: true });
fs.writeFileSync(`${out}.aside`, contents.map((text) => text.trimEnd()).join("\n"));
fs.renameSync(`${out}.aside`, out);

if (mode === "sizes") {
    const sizes = new Map();
    for (const { metafile, name: part } of [core, ...parts]) {
        for (const [file, { bytesInOutput }] of Object.entries(Object.values(metafile.outputs)[0].inputs)) {
            const source = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? `library/${file}`;
            const name = part === undefined ? source : `${source} (part ${part})`;
            sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
        }
    }
    for (const [name, bytes] of [...sizes].sort((a, b) => b[1] - a[1])) {
        console.log(`${String(bytes).padStart(8)}  ${name}`);
    }
    console.log(`${String(fs.statSync(out).size).padStart(8)}  in all`);
}
