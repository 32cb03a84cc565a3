// SPDX-License-Identifier: Apache-2.0
//
// What parts import of the library: bundle.mjs finds out what that is.

import { shared } from "fn0:shared";
import { setShared } from "./part.js";

setShared(shared);
