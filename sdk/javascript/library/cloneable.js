// SPDX-License-Identifier: Apache-2.0
//
// What structuredClone has to know of the web's interfaces.

// Those that are cloned, as [is it one?, clone]; and those whose objects the engine takes for plain ones.
export const cloneable = [];
export const refused = [];
// What can be transferred beside ArrayBuffers, as [is it one?, check, transfer].
export const transferable = [];

export function registerCloneable(isOne, clone) {
  cloneable.push([isOne, clone]);
}

export function registerUncloneable(isOne) {
  refused.push(isOne);
}

export function registerTransferable(isOne, check, transfer) {
  transferable.push([isOne, check, transfer]);
  refused.push(isOne);
}
