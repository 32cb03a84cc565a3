// SPDX-License-Identifier: Apache-2.0
//
// What the engine's C offers the library, taken off the global object before anything else runs.
// hooks is the way back: an object that the library fills with what C calls.

export const native = globalThis.fn0Native;
export const hooks = native.hooks;

delete globalThis.fn0Native;
