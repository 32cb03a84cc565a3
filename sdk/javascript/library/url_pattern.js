// SPDX-License-Identifier: Apache-2.0
//
// URLPattern is a part.

import { defineLazily } from "./part.js";

defineLazily("URLPattern", "url_pattern");
