// SPDX-License-Identifier: Apache-2.0
//
// What C calls at the beginning of each call that an instance answers: nothing of the console's, the marks' or the fetches'
// is carried over. Where there is nothing to forget, nothing is written.

import { resetFetch } from "./fetch.js";
import { hooks } from "./native.js";
import { resetAll } from "./reset.js";

hooks.beginCall = () => {
  resetFetch();
  resetAll();
};
