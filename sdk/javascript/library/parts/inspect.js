// SPDX-License-Identifier: Apache-2.0
//
// What shows values and errors: the console, the page of an error.

import "./inspect_interfaces.js";

export { console } from "./console.js";
export { inspect } from "./inspect_package.js";
export { errorPage } from "./error_page.js";
