// SPDX-License-Identifier: Apache-2.0
//
// What shows values and errors: the console's text, tables, the page of an error.

import "./inspect_interfaces.js";

export { inspect, formatWithOptions } from "./inspect_package.js";
export { formatTable } from "./console_table.js";
export { errorPage } from "./error_page.js";
