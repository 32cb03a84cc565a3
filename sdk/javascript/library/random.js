// SPDX-License-Identifier: Apache-2.0
//
// Random numbers, which are not to be had while a function is built.

import { native } from "./native.js";

const { isSnapshotting, randomFill } = native;

export function refuseInSnapshot(what) {
  if (isSnapshotting()) {
    throw new Error(`${what} is not available while the module is evaluated: call it inside the handler`);
  }
}

export function randomBytes(count) {
  const bytes = new Uint8Array(count);
  randomFill(bytes);
  return bytes;
}
