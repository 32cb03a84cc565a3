// SPDX-License-Identifier: Apache-2.0
//
// Blob, File, FormData, and forms as bodies, are a part.

import { hooks } from "./native.js";
import { defineLazily, part } from "./part.js";

for (const name of ["Blob", "File", "FormData"]) {
  defineLazily(name, "forms");
}
hooks.createBlob = (bytes, type) => part("forms").createBlob(bytes, type);
hooks.parseFormData = (bytes, contentType) => part("forms").parseFormData(bytes, contentType);
