// SPDX-License-Identifier: Apache-2.0

import { INTERNAL, defineInterface, defineReplaceableGlobal, illegalConstructor } from "./web_idl.js";

class Navigator {
  #userAgent;

  constructor(key = undefined, userAgent = undefined) {
    if (key !== INTERNAL) {
      throw illegalConstructor();
    }
    this.#userAgent = userAgent;
  }

  get userAgent() {
    return this.#userAgent;
  }
}
Object.defineProperty(Navigator, "length", { value: 0, configurable: true });
defineInterface("Navigator", Navigator);

const navigator = new Navigator(INTERNAL, "fn0");
const accessors = {
  get navigator() {
    return navigator;
  },
};
defineReplaceableGlobal("navigator", Object.getOwnPropertyDescriptor(accessors, "navigator").get);
