// SPDX-License-Identifier: Apache-2.0
//
// performance is a part.

import { defineLazily } from "./part.js";

for (const name of ["PerformanceEntry", "PerformanceMark", "PerformanceMeasure", "Performance"]) {
  defineLazily(name, "performance");
}
defineLazily("performance", "performance", true);
