// SPDX-License-Identifier: Apache-2.0
//
// The global object as an event target, and what happens to exceptions and rejections that nobody handles.

import { ErrorEvent, PromiseRejectionEvent } from "./event.js";
import {
  EventTarget,
  defineHandlers,
  dispatch,
  hasListeners,
  makeEventTarget,
  setExceptionReporter,
} from "./event_target.js";
import { describeError } from "./inspect.js";
import { hooks } from "./native.js";
import { printError } from "./print_error.js";
import { defineGlobalFunction, defineReplaceableGlobal, requireArguments } from "./web_idl.js";

defineReplaceableGlobal(
  "self",
  Object.getOwnPropertyDescriptor(
    {
      get self() {
        return globalThis;
      },
    },
    "self",
  ).get,
);

makeEventTarget(globalThis);
for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"]) {
  defineGlobalFunction(name, EventTarget.prototype[name]);
}

// onerror is called with the parts of the event, and says by true that it has dealt with the error.
defineHandlers(globalThis, ["error"], (handler, target, event) => {
  const handled =
    event instanceof ErrorEvent
      ? Reflect.apply(handler, target, [event.message, event.filename, event.lineno, event.colno, event.error])
      : Reflect.apply(handler, target, [event]);
  if (handled === true) {
    event.preventDefault();
  }
});
defineHandlers(globalThis, ["unhandledrejection", "rejectionhandled"]);

let reporting = false;

export function reportException(value) {
  // An exception out of a listener for errors is printed, not given to that listener again.
  if (!reporting && hasListeners(globalThis, "error")) {
    reporting = true;
    try {
      if (!dispatch(globalThis, errorEventOf(value))) {
        return;
      }
    } finally {
      reporting = false;
    }
  }
  printError(`Uncaught ${describeError(value)}`);
}

function errorEventOf(error) {
  const [, filename, lineno, colno] = /([^\s()]+):(\d+):(\d+)\)?$/m.exec(stackOf(error)) ?? [, "", 0, 0];
  return new ErrorEvent("error", { cancelable: true, message: messageOf(error), filename, lineno, colno, error });
}

function stackOf(error) {
  return error instanceof Error ? String(error.stack) : "";
}

function messageOf(error) {
  return error instanceof Error
    ? `Uncaught ${Error.prototype.toString.call(error)}`
    : `Uncaught ${describeError(error)}`;
}

// C calls it at the end of a turn for each promise that was rejected and has no handler.
export function reportUnhandledRejection(reason, promise) {
  if (hasListeners(globalThis, "unhandledrejection")) {
    const event = new PromiseRejectionEvent("unhandledrejection", { cancelable: true, promise, reason });
    if (!dispatch(globalThis, event)) {
      return;
    }
  }
  printError(`Uncaught (in promise) ${describeError(reason)}`);
}

// And when one of these got a handler after all.
export function reportHandledRejection(reason, promise) {
  if (hasListeners(globalThis, "rejectionhandled")) {
    dispatch(globalThis, new PromiseRejectionEvent("rejectionhandled", { promise, reason }));
  }
}

setExceptionReporter(reportException);
defineGlobalFunction("reportError", function reportError(error) {
  requireArguments(arguments.length, 1, "reportError");
  reportException(error);
});
hooks.reportException = reportException;
hooks.reportUnhandledRejection = reportUnhandledRejection;
hooks.reportHandledRejection = reportHandledRejection;
