// SPDX-License-Identifier: Apache-2.0
//
// What the console shows of the web's interfaces, whose state is hidden in private fields or in C: what Node shows of them.

import { defineFields, defineInspection, showFields } from "../inspection.js";
import { interfaces } from "../interfaces.js";

// In Node's order; an attribute that an interface lacks here is left out.
const ATTRIBUTES = {
  AbortController: ["signal"],
  AbortSignal: ["aborted"],
  ByteLengthQueuingStrategy: ["highWaterMark"],
  CompressionStream: ["readable", "writable"],
  CountQueuingStrategy: ["highWaterMark"],
  DecompressionStream: ["readable", "writable"],
  Event: ["type", "defaultPrevented", "cancelable", "timeStamp"],
  EventTarget: [],
  Navigator: ["userAgent"],
  ReadableByteStreamController: [],
  ReadableStream: ["locked", "state", "supportsBYOB"],
  ReadableStreamBYOBReader: [],
  ReadableStreamBYOBRequest: ["view"],
  ReadableStreamDefaultController: [],
  ReadableStreamDefaultReader: [],
  Request: [
    "method",
    "url",
    "headers",
    "destination",
    "referrer",
    "referrerPolicy",
    "mode",
    "credentials",
    "cache",
    "redirect",
    "integrity",
    "keepalive",
    "isReloadNavigation",
    "isHistoryNavigation",
    "signal",
  ],
  Response: ["status", "statusText", "headers", "body", "bodyUsed", "ok", "redirected", "type", "url"],
  TextDecoder: ["encoding", "fatal", "ignoreBOM"],
  TextDecoderStream: ["encoding", "fatal", "ignoreBOM", "readable", "writable"],
  TextEncoder: ["encoding"],
  TextEncoderStream: ["encoding", "readable", "writable"],
  TransformStream: ["readable", "writable", "backpressure"],
  TransformStreamDefaultController: [],
  URL: [
    "href",
    "origin",
    "protocol",
    "username",
    "password",
    "host",
    "hostname",
    "port",
    "pathname",
    "search",
    "searchParams",
    "hash",
  ],
  WritableStream: ["locked", "state"],
  WritableStreamDefaultController: [],
  WritableStreamDefaultWriter: [],
};

// What no attribute tells, by attribute.
const HIDDEN = {
  state: (stream) => stream._state,
  supportsBYOB: (stream) => stream._readableStreamController?._pendingPullIntos !== undefined,
  backpressure: (stream) => stream._backpressure,
};
const WITH_HIDDEN = ["ReadableStream", "WritableStream", "TransformStream"];

for (const [name, attributes] of Object.entries(ATTRIBUTES)) {
  if (name in interfaces) {
    showFields(name, interfaces[name], attributes, WITH_HIDDEN.includes(name) ? HIDDEN : {});
  }
}
defineFields("Headers", interfaces.Headers, (headers) => Object.fromEntries(headers));
defineInspection(interfaces.URLSearchParams, function (depth, options, inspect) {
  if (depth < 0) {
    return options.stylize("[Object]", "special");
  }
  const pairs = [...this].map(([name, value]) => `${inspect(name, options)} => ${inspect(value, options)}`);
  return pairs.length === 0 ? "URLSearchParams {}" : `URLSearchParams { ${pairs.join(", ")} }`;
});
