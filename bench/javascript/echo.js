// SPDX-License-Identifier: AGPL-3.0-only

export default {
    async fetch(request) {
        return Response.json(await request.json());
    },
};
