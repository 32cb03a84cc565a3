// SPDX-License-Identifier: Apache-2.0
//
// Blob, File, FormData, and forms as bodies.

export { Blob, File, createBlob } from "./blob.js";
export { FormData } from "./form_data.js";
export { parseFormData } from "./form_encoding.js";
