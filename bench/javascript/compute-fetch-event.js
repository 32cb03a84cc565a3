// SPDX-License-Identifier: AGPL-3.0-only
//
// compute.js in the form that StarlingMonkey answers in.

import { compute } from "./compute.js";

addEventListener("fetch", (event) => event.respondWith(new Response(compute(new URL(event.request.url).pathname))));
