// SPDX-License-Identifier: AGPL-3.0-only

import { customAlphabet, customRandom, nanoid, urlAlphabet } from "nanoid";
import { nanoid as insecure } from "nanoid/non-secure";

const digits = customAlphabet("0123456789", 12);
const counting = customRandom("abc", 5, (size) => new Uint8Array(size).map((_, index) => index));

export default {
    fetch() {
        const ids = Array.from({ length: 1000 }, () => nanoid());
        return Response.json({
            first: ids[0],
            different: new Set(ids).size,
            short: nanoid(5),
            digits: digits(),
            counting: counting(),
            insecure: insecure().length,
            alphabet: urlAlphabet.length,
        });
    },
} satisfies ExportedHandler;
