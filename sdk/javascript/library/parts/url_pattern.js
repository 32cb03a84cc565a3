// SPDX-License-Identifier: Apache-2.0
//
// URLPattern, from the package urlpattern-polyfill, which parses with the global URL.

import { URLPattern as Polyfill } from "urlpattern-polyfill/urlpattern";
import { showFields } from "../inspection.js";
import { shapeInterface } from "../web_idl.js";

export const URLPattern = Polyfill;

// Not in the standard.
delete URLPattern.compareComponent;

shapeInterface("URLPattern", URLPattern);
showFields("URLPattern", URLPattern, [
  "protocol",
  "username",
  "password",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
]);
