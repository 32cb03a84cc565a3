// SPDX-License-Identifier: Apache-2.0
//
// Event and the kinds of it that a server has.

import { native } from "./native.js";
import { INTERNAL, defineConstants, defineInterface, requireArguments, toDOMString, toDictionary } from "./web_idl.js";

const PHASES = { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 };

export class Event {
  #type;
  #bubbles;
  #cancelable;
  #composed;
  #timeStamp = null;
  #target = null;
  #dispatching = false;
  #initialized = true;
  #stopped = false;
  #stoppedAtOnce = false;
  #canceled = false;
  #passive = false;
  #trusted = false;

  constructor(type, init = undefined) {
    requireArguments(arguments.length, 1, "Event constructor");
    this.#type = toDOMString(type);
    const { bubbles, cancelable, composed } = toDictionary(init, "The event's init");
    this.#bubbles = Boolean(bubbles);
    this.#cancelable = Boolean(cancelable);
    this.#composed = Boolean(composed);
    this.#timeStamp = native.monotonicNow();
  }

  get type() {
    return this.#type;
  }

  get target() {
    return this.#target;
  }

  get srcElement() {
    return this.#target;
  }

  get currentTarget() {
    return this.#dispatching ? this.#target : null;
  }

  composedPath() {
    return this.#dispatching ? [this.#target] : [];
  }

  get eventPhase() {
    return this.#dispatching ? PHASES.AT_TARGET : PHASES.NONE;
  }

  stopPropagation() {
    this.#stopped = true;
  }

  get cancelBubble() {
    return this.#stopped;
  }

  set cancelBubble(value) {
    if (value) {
      this.#stopped = true;
    }
  }

  stopImmediatePropagation() {
    this.#stopped = true;
    this.#stoppedAtOnce = true;
  }

  get bubbles() {
    return this.#bubbles;
  }

  get cancelable() {
    return this.#cancelable;
  }

  get returnValue() {
    return !this.#canceled;
  }

  set returnValue(value) {
    if (!value) {
      this.preventDefault();
    }
  }

  preventDefault() {
    if (this.#cancelable && !this.#passive) {
      this.#canceled = true;
    }
  }

  get defaultPrevented() {
    return this.#canceled;
  }

  get composed() {
    return this.#composed;
  }

  get timeStamp() {
    return this.#timeStamp;
  }

  initEvent(type, bubbles = false, cancelable = false) {
    requireArguments(arguments.length, 1, "Event.initEvent");
    if (this.#dispatching) {
      return;
    }
    this.#initialized = true;
    this.#stopped = false;
    this.#stoppedAtOnce = false;
    this.#canceled = false;
    this.#trusted = false;
    this.#target = null;
    this.#type = toDOMString(type);
    this.#bubbles = Boolean(bubbles);
    this.#cancelable = Boolean(cancelable);
  }

  get isTrusted() {
    return this.#trusted;
  }

  // What only the dispatcher may do with an event.
  static [INTERNAL] = {
    isEvent: (value) => typeof value === "object" && value !== null && #type in value,
    canBeDispatched: (event) => event.#initialized && !event.#dispatching,
    begin(event, target, trusted) {
      event.#trusted = trusted;
      event.#target = target;
      event.#dispatching = true;
    },
    isStoppedAtOnce: (event) => event.#stoppedAtOnce,
    isStopped: (event) => event.#stopped,
    setPassive(event, passive) {
      event.#passive = passive;
    },
    end(event) {
      event.#dispatching = false;
      event.#stopped = false;
      event.#stoppedAtOnce = false;
      return !event.#canceled;
    },
  };
}

export const eventInternals = Event[INTERNAL];
delete Event[INTERNAL];
defineInterface("Event", Event);
defineConstants(Event, PHASES);
Object.defineProperty(Event.prototype, "isTrusted", { configurable: false });

export class CustomEvent extends Event {
  #detail;

  constructor(type, init = undefined) {
    super(...arguments);
    this.#detail = init?.detail ?? null;
  }

  get detail() {
    return this.#detail;
  }

  initCustomEvent(type, bubbles = false, cancelable = false, detail = null) {
    requireArguments(arguments.length, 1, "CustomEvent.initCustomEvent");
    if (this.eventPhase === PHASES.NONE) {
      this.initEvent(type, bubbles, cancelable);
      this.#detail = detail;
    }
  }
}
defineInterface("CustomEvent", CustomEvent);

export class ErrorEvent extends Event {
  #message;
  #filename;
  #lineno;
  #colno;
  #error;

  constructor(type, init = undefined) {
    super(...arguments);
    const { message = "", filename = "", lineno = 0, colno = 0, error } = init ?? {};
    this.#message = toDOMString(message);
    this.#filename = toDOMString(filename).toWellFormed();
    this.#lineno = lineno >>> 0;
    this.#colno = colno >>> 0;
    this.#error = error;
  }

  get message() {
    return this.#message;
  }

  get filename() {
    return this.#filename;
  }

  get lineno() {
    return this.#lineno;
  }

  get colno() {
    return this.#colno;
  }

  get error() {
    return this.#error;
  }
}
defineInterface("ErrorEvent", ErrorEvent);

export class PromiseRejectionEvent extends Event {
  #promise;
  #reason;

  constructor(type, init) {
    requireArguments(arguments.length, 2, "PromiseRejectionEvent constructor");
    super(...arguments);
    if (init?.promise === undefined) {
      throw new TypeError("The member promise of PromiseRejectionEvent's init is required");
    }
    this.#promise = init.promise;
    this.#reason = init.reason;
  }

  get promise() {
    return this.#promise;
  }

  get reason() {
    return this.#reason;
  }
}
defineInterface("PromiseRejectionEvent", PromiseRejectionEvent);

export class MessageEvent extends Event {
  #data;
  #origin;
  #lastEventId;
  #source;
  #ports;

  constructor(type, init = undefined) {
    super(...arguments);
    const { data = null, origin = "", lastEventId = "", source = null, ports = [] } = init ?? {};
    this.#data = data;
    this.#origin = toDOMString(origin).toWellFormed();
    this.#lastEventId = toDOMString(lastEventId);
    this.#source = source;
    this.#ports = Object.freeze([...ports]);
  }

  get data() {
    return this.#data;
  }

  get origin() {
    return this.#origin;
  }

  get lastEventId() {
    return this.#lastEventId;
  }

  get source() {
    return this.#source;
  }

  get ports() {
    return this.#ports;
  }
}
defineInterface("MessageEvent", MessageEvent);
