// SPDX-License-Identifier: AGPL-3.0-only
//
// node members.mjs INDEX_D_TS
//
// What the types declare, as JSON: each global name with the members of its type, static ones and those of instances,
// inherited ones included; and as "without" what the SDK's table leaves out of TypeScript's declarations.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { WITHOUT } from "../../../sdk/javascript/types/offered.mjs";

const ts = createRequire(new URL("../../../sdk/javascript/types/offered.mjs", import.meta.url))("typescript");
const source = ts.createSourceFile("index.d.ts", readFileSync(process.argv[2], "utf8"), ts.ScriptTarget.Latest, true);

const interfaces = new Map();
const values = new Map();
for (const statement of source.statements) {
    if (ts.isInterfaceDeclaration(statement)) {
        const name = statement.name.text;
        interfaces.set(name, [...(interfaces.get(name) ?? []), statement]);
    } else if (ts.isVariableStatement(statement)) {
        const [{ name, type }] = statement.declarationList.declarations;
        values.set(name.text, type);
    } else if (ts.isFunctionDeclaration(statement)) {
        values.set(statement.name.text, null);
    }
}

const namesOf = (members) => members.flatMap(({ name }) => (name === undefined ? [] : [name.getText()]));

function instanceMembers(name) {
    return (interfaces.get(name) ?? []).flatMap(({ members, heritageClauses }) => [
        ...namesOf(members),
        ...(heritageClauses ?? []).flatMap(({ types }) => types.flatMap(({ expression }) => instanceMembers(expression.getText()))),
    ]);
}

function membersOf(name, type) {
    if (type !== null && ts.isTypeLiteralNode(type)) {
        return { static: namesOf(type.members), instance: instanceMembers(name) };
    }
    return { static: [], instance: type !== null && ts.isTypeReferenceNode(type) ? instanceMembers(type.getText()) : [] };
}

const declared = Object.fromEntries([...values].map(([name, type]) => [name, membersOf(name, type)]));
console.log(JSON.stringify({ declared, without: WITHOUT }));
