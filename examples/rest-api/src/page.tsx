// SPDX-License-Identifier: Apache-2.0

/** The page: what the OpenAPI document says, for people. It is drawn while the function is built. */

import { raw } from "hono/html";
import { document, type Operation } from "./openapi";
import style from "./page.css";
import { PROBLEMS } from "./problem";
import tryIt from "./try.html";

interface Schema {
    $ref?: string;
    type?: string;
    format?: string;
    description?: string;
    enum?: string[];
    anyOf?: Schema[];
    items?: Schema;
    minLength?: number;
    maxLength?: number;
    maxItems?: number;
    default?: unknown;
    required?: string[];
    properties?: Record<string, Schema>;
}

interface Parameter {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema: Schema;
}

/** "array of string, up to 10" */
function typeOf(schema: Schema): string {
    if (schema.$ref) return schema.$ref.split("/").at(-1)!;
    if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
    if (schema.enum) return schema.enum.join(" | ");
    if (schema.type === "array") {
        const most = schema.maxItems ? `, up to ${schema.maxItems}` : "";
        return `array of ${typeOf(schema.items ?? {})}${most}`;
    }
    if (schema.format) return schema.format;
    return schema.maxLength ? `${schema.type}, ${schema.minLength ?? 0} to ${schema.maxLength}` : (schema.type ?? "any");
}

const Members = ({ schema }: { schema: Schema }) => (
    <table>
        {Object.entries(schema.properties ?? {}).map(([name, member]) => (
            <tr>
                <td>
                    <code>{name}</code>
                    {schema.required?.includes(name) ? <sup title="has to be there">*</sup> : ""}
                </td>
                <td class="type">{typeOf(member)}</td>
                <td>
                    {member.description}
                    {member.default !== undefined && (
                        <span class="default"> {JSON.stringify(member.default)} if not said</span>
                    )}
                </td>
            </tr>
        ))}
    </table>
);

const Example = ({ value }: { value: unknown }) => (
    <pre>
        <code>{JSON.stringify(value, null, 2)}</code>
    </pre>
);

const OperationCard = ({ method, path, operation }: { method: string; path: string; operation: Operation }) => {
    const parameters = (operation.parameters ?? []) as Parameter[];
    const body = Object.entries(operation.requestBody?.content ?? {})[0];
    const [success, answer] = Object.entries(operation.responses).find(([status]) => status.startsWith("2"))!;
    const shown = answer.content?.["application/json"]?.example;
    return (
        <details id={operation.operationId}>
            <summary>
                <span class={`method ${method}`}>{method.toUpperCase()}</span>
                <code>{path}</code>
                <span class="summary">{operation.summary}</span>
            </summary>
            <div class="inside">
                {operation.description && <p>{operation.description}</p>}
                {parameters.length > 0 && <h4>Parameters</h4>}
                <table>
                    {parameters.map((one) => (
                        <tr>
                            <td>
                                <code>{one.name}</code>
                                {one.required ? <sup title="has to be there">*</sup> : ""}
                            </td>
                            <td class="type">{one.in}</td>
                            <td>{one.description ?? typeOf(one.schema)}</td>
                        </tr>
                    ))}
                </table>
                {body && (
                    <>
                        <h4>
                            Body <span class="type">{body[0]}</span>
                        </h4>
                        <p>
                            <a href={`#${typeOf(body[1].schema)}`}>{typeOf(body[1].schema)}</a>, for example
                        </p>
                        <Example value={body[1].example} />
                    </>
                )}
                <h4>Answers</h4>
                <ul class="answers">
                    {Object.entries(operation.responses).map(([status, one]) => (
                        <li>
                            <span class={`status s${status[0]}`}>{status}</span>
                            {one.description.split(". ")[0]}
                        </li>
                    ))}
                </ul>
                {shown !== undefined && (
                    <>
                        <h4>{success}</h4>
                        <Example value={shown} />
                    </>
                )}
            </div>
        </details>
    );
};

const Page = () => (
    <html lang="en">
        <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta name="color-scheme" content="light dark" />
            <title>{`${document.info.title} API`}</title>
            <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%230f766e'/%3E%3Cpath d='M4 8.5l2.6 2.6L12 5.4' fill='none' stroke='white' stroke-width='2'/%3E%3C/svg%3E" />
            <style>{raw(style)}</style>
        </head>
        <body>
            <header>
                <h1>
                    {document.info.title} <span class="version">API {document.info.version}</span>
                </h1>
                <p>{document.info.description}</p>
                <nav>
                    <a href="#operations">Operations</a>
                    <a href="#schemas">Schemas</a>
                    <a href="#problems">Problems</a>
                    <a href="/openapi.json">openapi.json</a>
                </nav>
            </header>
            <main>
                {raw(tryIt)}
                <h2 id="operations">Operations</h2>
                {Object.entries(document.paths).flatMap(([path, operations]) =>
                    Object.entries(operations).map(([method, operation]) => (
                        <OperationCard method={method} path={path} operation={operation} />
                    )),
                )}
                <h2 id="schemas">Schemas</h2>
                {Object.entries(document.components.schemas).map(([name, schema]) => (
                    <section class="card" id={name}>
                        <h3>{name}</h3>
                        <p>{schema.description}</p>
                        <Members schema={schema as Schema} />
                    </section>
                ))}
                <h2 id="problems">Problems</h2>
                <section class="card">
                    <table>
                        {Object.entries(PROBLEMS).map(([kind, [status, title, meaning]]) => (
                            <tr id={kind}>
                                <td>
                                    <span class={`status s${String(status)[0]}`}>{status}</span>
                                </td>
                                <td>
                                    <b>{title}</b>
                                    <br />
                                    {meaning}
                                </td>
                            </tr>
                        ))}
                    </table>
                </section>
            </main>
        </body>
    </html>
);

export const page = `<!doctype html>\n${<Page />}`;
