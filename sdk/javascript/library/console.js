// SPDX-License-Identifier: Apache-2.0
//
// console is a part, with all that shows values.

import { defineLazily } from "./part.js";

defineLazily("console", "inspect");
