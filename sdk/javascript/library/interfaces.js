// SPDX-License-Identifier: Apache-2.0
//
// The interfaces as they are before any script could replace them, for who comes later. Those of parts are not among them.

export const interfaces = {};

for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) {
  if (typeof value === "function" && value.prototype?.[Symbol.toStringTag] === name) {
    interfaces[name] = value;
  }
}
