// SPDX-License-Identifier: Apache-2.0

/** The variables of fn0.toml's [environment] and of .env. */
interface Env {
    GREETING: string;
}

export default {
    async fetch(request, env) {
        const name = new URL(request.url).searchParams.get("name") ?? "world";
        return new Response(`${env.GREETING}, ${name}!\n`);
    },
} satisfies ExportedHandler<Env>;
