// SPDX-License-Identifier: AGPL-3.0-only

export default {
    async fetch() {
        return new Response("Hello");
    },
};
