// SPDX-License-Identifier: Apache-2.0
//
// structuredClone and MessageChannel.

export { cloneWithTransfer, toTransferList } from "./structured_clone.js";
export { MessageChannel, MessagePort } from "./message_channel.js";
