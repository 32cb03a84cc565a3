/** @jsxImportSource preact */
// SPDX-License-Identifier: AGPL-3.0-only

import { createContext, type ComponentChildren } from "preact";
import { useContext, useId, useMemo, useState } from "preact/hooks";
import { lazy, Suspense } from "preact/compat";
import { renderToString, renderToStringAsync } from "preact-render-to-string";
import { renderToReadableStream } from "preact-render-to-string/stream";

const Theme = createContext("light");

function Row({ number }: { number: number }) {
    const theme = useContext(Theme);
    const [doubled] = useState(() => number * 2);
    const label = useMemo(() => `<row ${number}>`, [number]);
    return (
        <tr class={theme} style={{ color: "red", paddingTop: 3 }} onClick={() => {}}>
            <td>{label}</td>
            <td>{doubled}</td>
        </tr>
    );
}

function Page({ rows, children }: { rows: number; children?: ComponentChildren }) {
    return (
        <Theme.Provider value="dark">
            <table id={useId()}>
                {Array.from({ length: rows }, (_, number) => (
                    <Row key={number} number={number} />
                ))}
            </table>
            {children}
        </Theme.Provider>
    );
}

const makeLate = () =>
    lazy(async () => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        return { default: () => <p>late</p> };
    });

export default {
    async fetch(request) {
        const { pathname, searchParams } = new URL(request.url);
        const rows = Number(searchParams.get("rows") ?? 2);
        const headers = { "content-type": "text/html" };
        if (pathname === "/sync") {
            return new Response(renderToString(<Page rows={rows} />), { headers });
        }
        const Late = makeLate();
        const page = (
            <Page rows={rows}>
                <Suspense fallback={<i>wait</i>}>
                    <Late />
                </Suspense>
            </Page>
        );
        if (pathname === "/async") {
            return new Response(await renderToStringAsync(page), { headers });
        }
        return new Response(renderToReadableStream(page), { headers });
    },
} satisfies ExportedHandler;
