// SPDX-License-Identifier: Apache-2.0
//
// FormData, and forms as bodies.

export { FormData } from "./form_data.js";
export { parseFormData } from "./form_encoding.js";
