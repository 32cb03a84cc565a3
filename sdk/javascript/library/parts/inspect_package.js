// SPDX-License-Identifier: Apache-2.0
//
// The package that inspects values.

import util from "node-inspect-extracted";

export const { inspect, formatWithOptions, getStringWidth } = util;
