// SPDX-License-Identifier: Apache-2.0
//
// URL and URLSearchParams, which are C (engine/url.c).

import { native } from "./native.js";
import { define } from "./web_idl.js";

export const { URL, URLSearchParams } = native;

define(globalThis, "URL", URL);
define(globalThis, "URLSearchParams", URLSearchParams);
