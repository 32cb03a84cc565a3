// SPDX-License-Identifier: Apache-2.0
//
// FormData, and forms as bodies, are a part.

import { hooks } from "./native.js";
import { defineLazily, part } from "./part.js";

defineLazily("FormData", "forms");
hooks.parseFormData = (bytes, contentType) => part("forms").parseFormData(bytes, contentType);
