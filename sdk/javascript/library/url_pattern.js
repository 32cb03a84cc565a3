// SPDX-License-Identifier: Apache-2.0
//
// URLPattern, from the package urlpattern-polyfill, which parses with the global URL.

import { URLPattern as Polyfill } from "urlpattern-polyfill/urlpattern";
import "./url.js";
import { defineInterface } from "./web_idl.js";

export const URLPattern = Polyfill;

// Not in the standard.
delete URLPattern.compareComponent;

defineInterface("URLPattern", URLPattern);
