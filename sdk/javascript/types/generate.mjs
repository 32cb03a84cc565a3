// SPDX-License-Identifier: Apache-2.0
//
// node generate.mjs DIR
//
// Makes the package @fn0/types in DIR: fn0.d.ts, and behind it what offered.mjs names out of TypeScript's own declarations
// for workers, with the types that these lean on. So they are what the web's specifications say, and nothing is declared
// that isn't offered. Fails when a row of offered.mjs names what TypeScript no longer has.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { BINARY, TEXT } from "../builder/assets.mjs";
import { ADDED, OFFERED, REPLACED, WITHOUT } from "./offered.mjs";

const require = createRequire(import.meta.url);
const ts = require("typescript");

const OWN = join(dirname(fileURLToPath(import.meta.url)), "fn0.d.ts");
const LIBRARY = join(dirname(require.resolve("typescript")), "lib.webworker.d.ts");

function nameOf(statement) {
    return ts.isVariableStatement(statement)
        ? statement.declarationList.declarations[0].name.getText()
        : statement.name?.getText();
}

// Whether a statement makes a name on the global object, and not only a type.
function isValue(statement) {
    return ts.isVariableStatement(statement) || ts.isFunctionDeclaration(statement);
}

// The type that WITHOUT's rows are about: interfaces by their names, and the static side of `declare var X: { … }` as X too.
function membersOf(statement) {
    if (ts.isInterfaceDeclaration(statement)) {
        return statement.members;
    }
    const type = ts.isVariableStatement(statement) ? statement.declarationList.declarations[0].type : undefined;
    return type !== undefined && ts.isTypeLiteralNode(type) ? type.members : [];
}

function isDropped(name, member) {
    return Object.hasOwn(WITHOUT, name) && WITHOUT[name].includes(member.name?.getText());
}

// The statement's text without the members that aren't offered, and with those that the library doesn't know of yet.
function textOf(statement, name) {
    const whole = statement.getFullText();
    const begin = statement.getFullStart();
    const pieces = [];
    let at = 0;
    if (ts.isVariableStatement(statement) && Object.hasOwn(ADDED, name)) {
        at = membersOf(statement)[0].getFullStart() - begin;
        pieces.push(whole.slice(0, at), "\n", ...ADDED[name].map((member) => `    ${member}`));
    }
    for (const member of membersOf(statement)) {
        if (isDropped(name, member)) {
            pieces.push(whole.slice(at, member.getFullStart() - begin));
            at = member.getEnd() - begin;
        }
    }
    pieces.push(whole.slice(at));
    return pieces.join("").trim();
}

// Names of types that a statement leans on, but for those of its members that aren't offered.
function referencesOf(statement, name) {
    const found = new Set();
    const visit = (node) => {
        if (ts.isTypeElement(node) && isDropped(name, node)) {
            return;
        }
        if (ts.isTypeReferenceNode(node)) {
            found.add(node.typeName.getText());
        } else if (ts.isExpressionWithTypeArguments(node)) {
            found.add(node.expression.getText());
        } else if (ts.isTypeQueryNode(node)) {
            found.add(node.exprName.getText());
        }
        ts.forEachChild(node, visit);
    };
    visit(statement);
    return found;
}

function checkRows(declared) {
    const values = (name) => (declared.get(name) ?? []).filter(isValue);
    const unknown = OFFERED.filter((name) => values(name).length === 0);
    for (const [name, members] of Object.entries(WITHOUT)) {
        const known = new Set((declared.get(name) ?? []).flatMap((statement) => membersOf(statement).map((one) => one.name?.getText())));
        unknown.push(...members.filter((member) => !known.has(member)).map((member) => `${name}.${member}`));
    }
    unknown.push(...[...Object.keys(REPLACED), ...Object.keys(ADDED)].filter((name) => !declared.has(name)));
    if (unknown.length > 0) {
        throw new Error(`offered.mjs names what ${LIBRARY} doesn't have: ${unknown.join(", ")}`);
    }
}

// The texts of all that `own` (a source file) and OFFERED lean on, in the order of the library.
function selected(library, own) {
    const declared = new Map();
    for (const statement of library.statements) {
        const name = nameOf(statement);
        declared.set(name, [...(declared.get(name) ?? []), statement]);
    }
    checkRows(declared);
    const offered = new Set(OFFERED);
    const wanted = new Set(OFFERED);
    for (const statement of own.statements) {
        referencesOf(statement, null).forEach((name) => wanted.add(name));
    }
    // A set is walked to its end, with what is added meanwhile.
    for (const name of wanted) {
        for (const statement of Object.hasOwn(REPLACED, name) ? [] : (declared.get(name) ?? [])) {
            if (!isValue(statement) || offered.has(name)) {
                referencesOf(statement, name).forEach((other) => wanted.add(other));
            }
        }
    }
    const texts = [];
    for (const [name, statements] of declared) {
        if (wanted.has(name)) {
            const kept = statements.filter((statement) => !isValue(statement) || offered.has(name));
            texts.push(...(REPLACED[name] === undefined ? kept.map((one) => textOf(one, name)) : [REPLACED[name]]));
        }
    }
    return texts;
}

function parse(path) {
    return ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
}

function assetsText() {
    const declare = (type) => (extension) =>
        `declare module "*.${extension}" {\n    const content: ${type};\n    export default content;\n}`;
    return [...TEXT.map(declare("string")), ...BINARY.map(declare("Uint8Array<ArrayBuffer>"))].join("\n");
}

function main(folder) {
    const own = parse(OWN);
    const library = parse(LIBRARY);
    const [{ pos, end }] = ts.getLeadingCommentRanges(library.text, 0);
    const notice = `// What follows is taken from TypeScript ${ts.version}, lib.webworker.d.ts:\n${library.text.slice(pos, end)}`;
    const files = "// Files that are imported into the bundle.";
    const text = [own.text.trim(), files, assetsText(), notice, ...selected(library, own)].join("\n\n");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "index.d.ts"), `${text}\n`);
    const description = { name: "@fn0/types", version: "0.1.0", license: "Apache-2.0", types: "index.d.ts", files: ["index.d.ts"] };
    writeFileSync(join(folder, "package.json"), `${JSON.stringify(description, null, 2)}\n`);
}

if (process.argv.length !== 3) {
    process.stderr.write("usage: node generate.mjs DIR\n");
    process.exit(2);
}
main(process.argv[2]);
