// SPDX-License-Identifier: Apache-2.0
//
// What of TypeScript's declarations for workers (lib.webworker.d.ts) is offered here, as table rows. Everything of ECMA-429
// but WebAssembly. docs/javascript.md says how far; tests hold these rows against the engine.

// Names on the global object that are declared as TypeScript has them.
export const OFFERED = `
    AbortController AbortSignal Blob ByteLengthQueuingStrategy CompressionStream CountQueuingStrategy Crypto CryptoKey
    CustomEvent DecompressionStream DOMException ErrorEvent Event EventTarget File FormData Headers MessageChannel
    MessageEvent MessagePort Performance PerformanceEntry PerformanceMark PerformanceMeasure PromiseRejectionEvent ReadableByteStreamController ReadableStream
    ReadableStreamBYOBReader ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader Request
    Response SubtleCrypto TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream
    TransformStreamDefaultController URL URLPattern URLSearchParams WritableStream WritableStreamDefaultController
    WritableStreamDefaultWriter
    atob btoa clearInterval clearTimeout console crypto fetch performance queueMicrotask reportError structuredClone
`.trim().split(/\s+/);

// Members of those that are not offered.
export const WITHOUT = {
    Console: ["timeStamp"],
    File: ["webkitRelativePath"],
    MessageEvent: ["initMessageEvent"],
    Performance: [
        "clearResourceTimings", "onresourcetimingbufferfull", "setResourceTimingBufferSize", "addEventListener",
        "removeEventListener",
    ],
    URL: ["createObjectURL", "revokeObjectURL"],
};

// Types that speak of what isn't there, in the form they have here.
export const REPLACED = {
    MessageEventSource: "type MessageEventSource = MessagePort;",
    Transferable: "type Transferable = ArrayBuffer | MessagePort | ReadableStream | WritableStream | TransformStream;",
};

// Static members that the specifications have and TypeScript's declarations don't.
export const ADDED = {
    ReadableStream: ["from<R = any>(values: AsyncIterable<R> | Iterable<R>): ReadableStream<R>;"],
};
