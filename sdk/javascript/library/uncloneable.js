// SPDX-License-Identifier: Apache-2.0
//
// Interfaces made in JavaScript: to the engine their objects are plain ones, to structuredClone they must not be.

import { eventInternals } from "./event.js";
import { isEventTarget } from "./event_target.js";
import { isFormData } from "./form_data.js";
import { ReadableStream, TransformStream, WritableStream } from "./streams.js";
import { registerUncloneable } from "./structured_clone.js";

registerUncloneable(eventInternals.isEvent);
registerUncloneable(isEventTarget);
registerUncloneable(isFormData);
registerUncloneable(
  (value) => value instanceof ReadableStream || value instanceof WritableStream || value instanceof TransformStream,
);
