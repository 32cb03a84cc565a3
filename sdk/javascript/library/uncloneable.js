// SPDX-License-Identifier: Apache-2.0
//
// Interfaces made in JavaScript: to the engine their objects are plain ones, to structuredClone they must not be.

import { registerUncloneable } from "./cloneable.js";
import { eventInternals } from "./event.js";
import { isEventTarget } from "./event_target.js";
import { ReadableStream, TransformStream, WritableStream } from "./streams.js";

registerUncloneable(eventInternals.isEvent);
registerUncloneable(isEventTarget);
registerUncloneable(
  (value) => value instanceof ReadableStream || value instanceof WritableStream || value instanceof TransformStream,
);
