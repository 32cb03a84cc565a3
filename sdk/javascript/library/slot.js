// SPDX-License-Identifier: Apache-2.0
//
// A private field that can be put on any object, the global one too, and doubles as a brand.

class Itself {
  constructor(object) {
    return object;
  }
}

export function makeSlot() {
  return class extends Itself {
    #value;

    constructor(object, value) {
      super(object);
      this.#value = value;
    }

    static get(object) {
      return object.#value;
    }

    static has(object) {
      return typeof object === "object" && object !== null && #value in object;
    }
  };
}
