// SPDX-License-Identifier: Apache-2.0
//
// AbortController and AbortSignal.

import { DOMException } from "./dom_exception.js";
import { Event } from "./event.js";
import {
  EventTarget,
  defineHandlers,
  dispatch,
  hasListeners,
  setAbortFollower,
  setListenersObserver,
} from "./event_target.js";
import { hooks } from "./native.js";
import { INTERNAL, defineInterface, illegalConstructor, isObject, toSequence } from "./web_idl.js";

const { setTimeout, WeakRef } = globalThis;
const NOT_ABORTED = Symbol("not aborted");
// So many followers may be gone before they are looked for.
const SWEEP_MIN = 16;

export class AbortSignal extends EventTarget {
  #reason = NOT_ABORTED;
  #algorithms = null;
  // Of a signal made by any(): those it follows.
  #sources = null;
  #reference = null;
  // Who follows this one. A follower that nobody listens to is held weakly: a signal that lives as long as the instance
  // must not gather one for every call.
  #followers = null;
  #followersSwept = SWEEP_MIN;
  #heldFollowers = null;

  constructor(key = undefined) {
    if (key !== INTERNAL) {
      throw illegalConstructor();
    }
    super();
  }

  static abort(reason = undefined) {
    const signal = new AbortSignal(INTERNAL);
    signal.#reason = reason === undefined ? new DOMException("This operation was aborted", "AbortError") : reason;
    return signal;
  }

  static timeout(milliseconds) {
    const time = toTimeout(milliseconds);
    const signal = new AbortSignal(INTERNAL);
    setTimeout(() => {
      signal.#abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
    }, time);
    return signal;
  }

  static any(signals) {
    return AbortSignal.#follow(toSequence(signals, toAbortSignal, "The argument"));
  }

  static #follow(sources) {
    const signal = new AbortSignal(INTERNAL);
    const aborted = sources.find((source) => source.#reason !== NOT_ABORTED);
    if (aborted !== undefined) {
      signal.#reason = aborted.#reason;
      return signal;
    }
    signal.#sources = new Set(
      sources.flatMap((source) => (source.#sources === null ? [source] : [...source.#sources])),
    );
    signal.#reference = new WeakRef(signal);
    for (const source of signal.#sources) {
      source.#addFollower(signal);
    }
    return signal;
  }

  #addFollower(signal) {
    this.#followers ??= new Set();
    this.#followers.add(signal.#reference);
    if (this.#followers.size > this.#followersSwept) {
      for (const reference of this.#followers) {
        if (reference.deref() === undefined) {
          this.#followers.delete(reference);
        }
      }
      this.#followersSwept = Math.max(SWEEP_MIN, this.#followers.size * 2);
    }
  }

  // Whoever is listened to must be there when a source aborts.
  #holdOrRelease() {
    if (this.#sources === null || this.#reason !== NOT_ABORTED) {
      return;
    }
    const observed = hasListeners(this, "abort") || (this.#algorithms?.size ?? 0) > 0;
    for (const source of this.#sources) {
      if (observed) {
        (source.#heldFollowers ??= new Set()).add(this);
      } else {
        source.#heldFollowers?.delete(this);
      }
    }
  }

  get aborted() {
    return this.#reason !== NOT_ABORTED;
  }

  get reason() {
    return this.#reason === NOT_ABORTED ? undefined : this.#reason;
  }

  throwIfAborted() {
    if (this.#reason !== NOT_ABORTED) {
      throw this.#reason;
    }
  }

  #abort(reason) {
    if (this.#reason !== NOT_ABORTED) {
      return;
    }
    this.#reason = reason;
    // All followers are aborted before the first event is seen anywhere.
    const followers = [...(this.#followers ?? [])]
      .map((reference) => reference.deref())
      .filter((signal) => signal !== undefined && signal.#reason === NOT_ABORTED);
    for (const signal of followers) {
      signal.#reason = reason;
    }
    this.#runAbortSteps();
    for (const signal of followers) {
      signal.#runAbortSteps();
    }
  }

  #runAbortSteps() {
    const algorithms = this.#algorithms ?? [];
    this.#algorithms = null;
    this.#followers = null;
    this.#heldFollowers = null;
    for (const source of this.#sources ?? []) {
      source.#heldFollowers?.delete(this);
      source.#followers?.delete(this.#reference);
    }
    for (const algorithm of algorithms) {
      algorithm(this.#reason);
    }
    dispatch(this, new Event("abort"));
  }

  static [INTERNAL] = {
    isSignal: (value) => isObject(value) && #reason in value,
    abort: (signal, reason) => signal.#abort(reason),
    follow: (sources) => AbortSignal.#follow(sources),
    addAlgorithm(signal, algorithm) {
      (signal.#algorithms ??= new Set()).add(algorithm);
      signal.#holdOrRelease();
    },
    removeAlgorithm(signal, algorithm) {
      signal.#algorithms?.delete(algorithm);
      signal.#holdOrRelease();
    },
    holdOrRelease: (signal) => signal.#holdOrRelease(),
  };
}

const internals = AbortSignal[INTERNAL];
delete AbortSignal[INTERNAL];
Object.defineProperty(AbortSignal, "length", { value: 0, configurable: true });
defineInterface("AbortSignal", AbortSignal);
defineHandlers(AbortSignal.prototype, ["abort"]);

// [EnforceRange] unsigned long long.
function toTimeout(value) {
  const number = Number(value);
  if (!Number.isFinite(number) || Math.trunc(number) < 0 || number > Number.MAX_SAFE_INTEGER) {
    throw new TypeError("The timeout is not a whole number of milliseconds from 0 to 2^53-1");
  }
  return Math.trunc(number);
}

setListenersObserver((target) => {
  if (internals.isSignal(target)) {
    internals.holdOrRelease(target);
  }
});

export function isAbortSignal(value) {
  return internals.isSignal(value);
}

export function toAbortSignal(value) {
  if (!internals.isSignal(value)) {
    throw new TypeError("The signal is no AbortSignal");
  }
  return value;
}

// Calls callback(reason) once the signal aborts, at once when it has; returns what ends that.
export function followSignal(signal, callback) {
  if (signal.aborted) {
    callback(signal.reason);
    return () => {};
  }
  const algorithm = (reason) => callback(reason);
  internals.addAlgorithm(signal, algorithm);
  return () => internals.removeAlgorithm(signal, algorithm);
}

// The option signal of addEventListener: false when it is aborted already.
setAbortFollower((signal, callback) => {
  if (toAbortSignal(signal).aborted) {
    return false;
  }
  if (callback !== null) {
    internals.addAlgorithm(signal, callback);
  }
  return true;
});

export class AbortController {
  #signal = new AbortSignal(INTERNAL);

  get signal() {
    return this.#signal;
  }

  abort(reason = undefined) {
    internals.abort(
      this.#signal,
      reason === undefined ? new DOMException("This operation was aborted", "AbortError") : reason,
    );
  }
}
defineInterface("AbortController", AbortController);

hooks.abortSignalOf = toAbortSignal;
hooks.followSignal = followSignal;
hooks.createAbortSignal = (parent) => internals.follow(parent === null || parent === undefined ? [] : [parent]);
