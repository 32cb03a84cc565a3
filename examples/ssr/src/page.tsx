// SPDX-License-Identifier: Apache-2.0

import { jsxRenderer, useRequestContext } from "hono/jsx-renderer";
import { StreamingContext } from "hono/jsx/streaming";
import type { FC } from "hono/jsx";
import type { SecureHeadersVariables } from "hono/secure-headers";

// What `context.render(…, { title })` takes.
declare module "hono" {
    interface ContextRenderer {
        (content: string | Promise<string>, props: { title: string }): Response | Promise<Response>;
    }
}

const Link: FC<{ to: string; children?: unknown }> = ({ to, children }) => {
    const path = useRequestContext().req.path;
    const here = to === "/" ? path === "/" || path.startsWith("/moon/") : path.startsWith(to);
    return (
        <a href={to} aria-current={here ? "page" : undefined}>
            {children}
        </a>
    );
};

/** What is around every page. It leaves at once; what a page has to wait for comes after it. */
export const page = jsxRenderer(
    ({ children, title }, context) => {
        const { secureHeadersNonce } = context.var as SecureHeadersVariables;
        return (
            <html lang="en">
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="color-scheme" content="light dark" />
                    <title>{`${title} · Moonlight`}</title>
                    <link rel="stylesheet" href="/style.css" />
                    <link rel="icon" href="/icon.svg" type="image/svg+xml" />
                </head>
                <body>
                    <a class="skip" href="#main">
                        Skip to the page
                    </a>
                    <header class="top">
                        <a class="brand" href="/">
                            <img src="/icon.svg" alt="" width="28" height="28" /> Moonlight
                        </a>
                        <nav aria-label="Pages">
                            <Link to="/">Tonight</Link>
                            <Link to="/calendar">Calendar</Link>
                            <Link to="/birthday">Birthday</Link>
                        </nav>
                    </header>
                    <main id="main">
                        <StreamingContext.Provider value={{ scriptNonce: secureHeadersNonce ?? "" }}>
                            {children}
                        </StreamingContext.Provider>
                    </main>
                    <footer>Computed and rendered on the server, for each request. Times are of UTC.</footer>
                </body>
            </html>
        );
    },
    { stream: { "Content-Type": "text/html; charset=utf-8" } },
);

/** A page that has little to say. */
export const Message: FC<{ heading: string; children?: unknown }> = ({ heading, children }) => (
    <section class="message">
        <h1>{heading}</h1>
        {children}
    </section>
);
