// SPDX-License-Identifier: Apache-2.0
//
// What a function is, and the global names that are not as in a browser's worker. In index.d.ts the declarations of the
// web's interfaces stand behind these.

/** Variables and secrets of a function. Declare your own names, or hand a type of yours to `ExportedHandler<…>`. */
interface Env {
    readonly [name: string]: string | undefined;
}

/** The third argument of `fetch`: the call that is being answered. */
interface ExecutionContext {
    /** Keeps the call going until `promise` is settled, behind the response, within the call's own limits. */
    waitUntil(promise: Promise<unknown>): void;
    /** @deprecated There is nothing to pass through to: it throws. Answer errors in a `catch`. */
    passThroughOnException(): never;
    /** Nothing: it is declared because frameworks ask for it. */
    readonly props: undefined;
}

/**
 * The default export of a function's module.
 *
 *     export default {
 *         async fetch(request, env, ctx) {
 *             return new Response("Hello");
 *         },
 *     } satisfies ExportedHandler;
 */
interface ExportedHandler<Environment = Env> {
    fetch(request: Request, env: Environment, ctx: ExecutionContext): Response | Promise<Response>;
}

interface RequestInit {
    /** A body that is a stream is sent while it is read; this says that one knows. */
    duplex?: "half";
}

interface Body {
    /** The content as JSON, of a type that the caller vouches for. */
    json<Content = any>(): Promise<Content>;
}

interface Request {
    /** Always "half". */
    readonly duplex: "half";
}

/** What is known of the platform. */
interface Navigator {
    readonly userAgent: string;
}
declare var Navigator: {
    prototype: Navigator;
    new (): Navigator;
};
declare var navigator: Navigator;

/** The global object, `globalThis`. */
declare var self: typeof globalThis;

declare function setTimeout<Arguments extends unknown[]>(
    callback: (...values: Arguments) => unknown,
    milliseconds?: number,
    ...values: Arguments
): number;
declare function setInterval<Arguments extends unknown[]>(
    callback: (...values: Arguments) => unknown,
    milliseconds?: number,
    ...values: Arguments
): number;

/** Events of the global object: errors and rejections that nobody handled. */
interface GlobalEventMap {
    error: ErrorEvent;
    rejectionhandled: PromiseRejectionEvent;
    unhandledrejection: PromiseRejectionEvent;
}
declare function addEventListener<Name extends keyof GlobalEventMap>(
    type: Name,
    listener: (this: typeof globalThis, event: GlobalEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
): void;
declare function addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
): void;
declare function removeEventListener<Name extends keyof GlobalEventMap>(
    type: Name,
    listener: (this: typeof globalThis, event: GlobalEventMap[Name]) => unknown,
    options?: boolean | EventListenerOptions,
): void;
declare function removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
): void;
declare function dispatchEvent(event: Event): boolean;
declare var onerror: OnErrorEventHandler;
declare var onrejectionhandled: ((this: typeof globalThis, event: PromiseRejectionEvent) => unknown) | null;
declare var onunhandledrejection: ((this: typeof globalThis, event: PromiseRejectionEvent) => unknown) | null;
