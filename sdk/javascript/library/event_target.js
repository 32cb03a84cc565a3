// SPDX-License-Identifier: Apache-2.0
//
// EventTarget. There is no tree: an event reaches its target's own listeners in the order they were added.

import { eventInternals } from "./event.js";
import { makeSlot } from "./slot.js";
import { defineInterface, isObject, requireArguments, toDOMString } from "./web_idl.js";

// Each target's listeners by type: arrays that are replaced, never changed, so that a dispatch sees those of its beginning.
const Listeners = makeSlot();
// Event handlers (onabort, …) by type.
const Handlers = makeSlot();

// Set once all is in place: what is done with an exception out of a listener.
let reportException = null;

export function setExceptionReporter(reporter) {
  reportException = reporter;
}

// The object itself, or the global one when a method is called bare.
function targetOf(object) {
  const target = object ?? globalThis;
  if (!Listeners.has(target)) {
    throw new TypeError("Illegal invocation: this is no EventTarget");
  }
  return target;
}

export function makeEventTarget(object) {
  new Listeners(object, new Map());
}

function flattenOptions(options) {
  if (isObject(options)) {
    const { capture, once, passive, signal } = options;
    return { capture: Boolean(capture), once: Boolean(once), passive: Boolean(passive), signal };
  }
  return { capture: Boolean(options), once: false, passive: false, signal: undefined };
}

function checkCallback(callback) {
  if (callback !== null && callback !== undefined && !isObject(callback)) {
    throw new TypeError("The listener is neither a function nor an object");
  }
  return callback ?? null;
}

// Set by abort_signal.js, which comes later: (signal, callback) for the option signal.
let followAbort = null;

export function setAbortFollower(follower) {
  followAbort = follower;
}

// Set by abort_signal.js too: told after a target's listeners were added or removed.
let observeListeners = null;

export function setListenersObserver(observer) {
  observeListeners = observer;
}

export class EventTarget {
  constructor() {
    makeEventTarget(this);
  }

  addEventListener(type, callback, options = undefined) {
    const target = targetOf(this);
    requireArguments(arguments.length, 2, "EventTarget.addEventListener");
    const name = toDOMString(type);
    const listener = checkCallback(callback);
    const { capture, once, passive, signal } = flattenOptions(options);
    const remove = () => removeListener(target, name, listener, capture);
    if (signal !== undefined && followAbort(signal, listener === null ? null : remove) === false) {
      return;
    }
    if (listener !== null) {
      addListener(target, name, { listener, capture, once, passive, removed: false });
    }
  }

  removeEventListener(type, callback, options = undefined) {
    const target = targetOf(this);
    requireArguments(arguments.length, 2, "EventTarget.removeEventListener");
    const name = toDOMString(type);
    const listener = checkCallback(callback);
    removeListener(target, name, listener, isObject(options) ? Boolean(options.capture) : Boolean(options));
  }

  dispatchEvent(event) {
    const target = targetOf(this);
    requireArguments(arguments.length, 1, "EventTarget.dispatchEvent");
    if (!eventInternals.isEvent(event)) {
      throw new TypeError("The argument is no Event");
    }
    if (!eventInternals.canBeDispatched(event)) {
      throw new DOMException("The event is already being dispatched", "InvalidStateError");
    }
    return dispatch(target, event, false);
  }
}
defineInterface("EventTarget", EventTarget);

export function isEventTarget(value) {
  return Listeners.has(value);
}

function addListener(target, type, entry) {
  const listeners = Listeners.get(target);
  const present = listeners.get(type) ?? [];
  if (!present.some((one) => one.listener === entry.listener && one.capture === entry.capture)) {
    listeners.set(type, [...present, entry]);
    observeListeners(target);
  }
}

function removeListener(target, type, listener, capture) {
  const listeners = Listeners.get(target);
  const present = listeners.get(type) ?? [];
  const index = present.findIndex((one) => one.listener === listener && one.capture === capture);
  if (index >= 0) {
    present[index].removed = true;
    if (present.length === 1) {
      listeners.delete(type);
    } else {
      listeners.set(type, present.toSpliced(index, 1));
    }
    observeListeners(target);
  }
}

export function hasListeners(target, type) {
  return Listeners.get(target).has(type);
}

// Returns false when a listener prevented the default.
export function dispatch(target, event, trusted = true) {
  eventInternals.begin(event, target, trusted);
  const listeners = Listeners.get(target).get(event.type);
  if (listeners !== undefined && !eventInternals.isStopped(event)) {
    // Capturing listeners come first, at the target too.
    callListeners(target, event, listeners, true);
    if (!eventInternals.isStopped(event)) {
      callListeners(target, event, listeners, false);
    }
  }
  return eventInternals.end(event);
}

function callListeners(target, event, listeners, capture) {
  for (const entry of listeners) {
    if (entry.capture !== capture || entry.removed) {
      continue;
    }
    if (entry.once) {
      removeListener(target, event.type, entry.listener, entry.capture);
    }
    eventInternals.setPassive(event, entry.passive);
    try {
      callListener(target, event, entry.listener);
    } catch (error) {
      reportException(error);
    }
    eventInternals.setPassive(event, false);
    if (eventInternals.isStoppedAtOnce(event)) {
      return;
    }
  }
}

function callListener(target, event, listener) {
  if (typeof listener === "function") {
    Reflect.apply(listener, target, [event]);
    return;
  }
  const { handleEvent } = listener;
  if (typeof handleEvent !== "function") {
    throw new TypeError("The listener's handleEvent is no function");
  }
  Reflect.apply(handleEvent, listener, [event]);
}

// An attribute `on…`: its listener keeps the place at which a handler was first set.
export function getHandler(target, type) {
  return Handlers.has(target) ? (Handlers.get(target).get(type)?.handler ?? null) : null;
}

export function setHandler(target, type, value, call = callHandler) {
  const handler = isObject(value) ? value : null;
  if (!Handlers.has(target)) {
    new Handlers(target, new Map());
  }
  const handlers = Handlers.get(target);
  const present = handlers.get(type);
  if (present !== undefined && handler !== null) {
    present.handler = handler;
  } else if (present !== undefined) {
    handlers.delete(type);
    removeListener(target, type, present.listener, false);
  } else if (handler !== null) {
    const entry = { handler, listener: null };
    entry.listener = (event) => {
      if (typeof entry.handler === "function") {
        call(entry.handler, target, event);
      }
    };
    handlers.set(type, entry);
    addListener(target, type, {
      listener: entry.listener,
      capture: false,
      once: false,
      passive: false,
      removed: false,
    });
  }
}

function callHandler(handler, target, event) {
  if (Reflect.apply(handler, target, [event]) === false) {
    event.preventDefault();
  }
}

// Defines `on…` attributes on an interface's prototype, or on the global object.
export function defineHandlers(prototype, types, call = undefined) {
  for (const type of types) {
    Object.defineProperty(prototype, `on${type}`, {
      get: Object.getOwnPropertyDescriptor(
        {
          get [`on${type}`]() {
            return getHandler(targetOf(this), type);
          },
        },
        `on${type}`,
      ).get,
      set: Object.getOwnPropertyDescriptor(
        {
          set [`on${type}`](value) {
            setHandler(targetOf(this), type, value, call);
          },
        },
        `on${type}`,
      ).set,
      enumerable: true,
      configurable: true,
    });
  }
}
