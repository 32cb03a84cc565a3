// SPDX-License-Identifier: AGPL-3.0-only

import { Marked, marked } from "marked";

const own = new Marked({ gfm: true }).use({
    async: true,
    renderer: { heading: ({ tokens, depth }) => `<h${depth} class="own">${tokens.map((token) => token.raw).join("")}</h${depth}>` },
    walkTokens: async (token) => {
        if (token.type === "link") {
            await Promise.resolve();
            token.href = token.href.toUpperCase();
        }
    },
});

export default {
    async fetch(request) {
        const text = await request.text();
        const html = new URL(request.url).pathname === "/own" ? await own.parse(text) : await marked.parse(text);
        return new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } });
    },
} satisfies ExportedHandler;
