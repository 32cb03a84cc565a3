/** @jsxImportSource react */
// SPDX-License-Identifier: AGPL-3.0-only

import { createContext, Suspense, use, useId, useMemo, useState } from "react";
import { renderToReadableStream, renderToString } from "react-dom/server";

const Theme = createContext("light");

function Row({ number }: { number: number }) {
    const theme = use(Theme);
    const [doubled] = useState(() => number * 2);
    const label = useMemo(() => `<row ${number}>`, [number]);
    return (
        <tr className={theme} style={{ color: "red", paddingTop: 3 }} onClick={() => {}}>
            <td>{label}</td>
            <td>{doubled}</td>
        </tr>
    );
}

function Late({ value }: { value: Promise<string> }) {
    return <p>{use(value)}</p>;
}

function Page({ rows, value }: { rows: number; value?: Promise<string> }) {
    return (
        <html lang="en">
            <body>
                <Theme value="dark">
                    <table id={useId()}>
                        <tbody>
                            {Array.from({ length: rows }, (_, number) => (
                                <Row key={number} number={number} />
                            ))}
                        </tbody>
                    </table>
                    {value && (
                        <Suspense fallback={<i>wait</i>}>
                            <Late value={value} />
                        </Suspense>
                    )}
                </Theme>
            </body>
        </html>
    );
}

function Throws(): never {
    throw new Error("on purpose");
}

export default {
    async fetch(request) {
        const { pathname, searchParams } = new URL(request.url);
        const rows = Number(searchParams.get("rows") ?? 2);
        const headers = { "content-type": "text/html" };
        if (pathname === "/string") {
            return new Response(renderToString(<Page rows={rows} />), { headers });
        }
        if (pathname === "/throws") {
            return new Response(await renderToReadableStream(<Throws />, { onError: () => {} }));
        }
        const value = new Promise<string>((resolve) => setTimeout(() => resolve("late"), 30));
        const stream = await renderToReadableStream(<Page rows={rows} value={value} />, { bootstrapScriptContent: "start()" });
        if (pathname === "/all") {
            await stream.allReady;
        }
        return new Response(stream, { headers });
    },
} satisfies ExportedHandler;
