// SPDX-License-Identifier: Apache-2.0
//
// What has to be forgotten when the next call begins.

const resets = [];

// `reset` may be called at the beginning of any call; where there is nothing to forget it writes nothing.
export function onNextCall(reset) {
  resets.push(reset);
}

export function resetAll() {
  for (const reset of resets) {
    reset();
  }
}
