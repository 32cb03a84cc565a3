// SPDX-License-Identifier: Apache-2.0
//
// MessageChannel: https://html.spec.whatwg.org/multipage/web-messaging.html. Both ports are in one realm; a message is a
// task of the event loop.

import { registerTransferable } from "../cloneable.js";
import { DOMException } from "../dom_exception.js";
import { MessageEvent, Event } from "../event.js";
import { EventTarget, defineHandlers, dispatch } from "../event_target.js";
import { showFields } from "../inspection.js";
import { native } from "../native.js";
import { INTERNAL, illegalConstructor, isObject, requireArguments, shapeInterface } from "../web_idl.js";
import { cloneWithTransfer, toTransferList } from "./structured_clone.js";

export class MessagePort extends EventTarget {
  // What moves on when the port is transferred: { port, queue, started, closed, other }. null once it has moved.
  #end;

  constructor(key = undefined, end = undefined) {
    if (key !== INTERNAL) {
      throw illegalConstructor();
    }
    super();
    this.#end = end;
    if (end !== null) {
      end.port = this;
    }
  }

  postMessage(message, options = undefined) {
    requireArguments(arguments.length, 1, "MessagePort.postMessage");
    const list = isObject(options) && Symbol.iterator in options ? [...options] : toTransferList(options);
    if (list.includes(this)) {
      throw new DOMException("A port cannot be sent through itself", "DataCloneError");
    }
    const { clone, transferred } = cloneWithTransfer(message, list);
    const other = this.#end === null ? null : this.#end.other;
    // Sent to nowhere, or to itself's other end: the message is lost with the channel.
    if (other === null || list.includes(other.port)) {
      return;
    }
    other.queue.push({ data: clone, ports: transferred.filter((item) => #end in item) });
    schedule(other);
  }

  start() {
    if (this.#end !== null && !this.#end.started) {
      this.#end.started = true;
      schedule(this.#end);
    }
  }

  close() {
    const end = this.#end;
    if (end === null || end.other === null) {
      return;
    }
    const { other } = end;
    end.other = null;
    other.other = null;
    native.enqueueTask(() => dispatch(other.port, new Event("close")));
  }

  static [INTERNAL] = {
    isPort: (value) => isObject(value) && #end in value,
    checkTransfer(port) {
      if (port.#end === null) {
        throw new DOMException("A MessagePort that was transferred could not be transferred again.", "DataCloneError");
      }
    },
    makePlaceholder() {
      const port = new MessagePort(INTERNAL, null);
      Object.defineProperty(port, INTERNAL, {
        configurable: true,
        value(old) {
          delete port[INTERNAL];
          port.#end = old.#end;
          port.#end.port = port;
          port.#end.started = false;
          old.#end = null;
        },
      });
      return port;
    },
  };
}

const { isPort, checkTransfer, makePlaceholder } = MessagePort[INTERNAL];
delete MessagePort[INTERNAL];
Object.defineProperty(MessagePort, "length", { value: 0, configurable: true });
shapeInterface("MessagePort", MessagePort);
defineHandlers(MessagePort.prototype, ["message", "messageerror", "close"]);
registerTransferable(isPort, checkTransfer, makePlaceholder);

// The first handler for messages starts the port.
const onmessage = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
const accessors = {
  set onmessage(value) {
    Reflect.apply(onmessage.set, this, [value]);
    this.start();
  },
};
Object.defineProperty(MessagePort.prototype, "onmessage", {
  ...onmessage,
  set: Object.getOwnPropertyDescriptor(accessors, "onmessage").set,
});

function schedule(end) {
  if (end.started && end.queue.length > 0) {
    native.enqueueTask(() => deliver(end));
  }
}

function deliver(end) {
  if (end.started && end.queue.length > 0) {
    const { data, ports } = end.queue.shift();
    dispatch(end.port, new MessageEvent("message", { data, ports }));
  }
}

export class MessageChannel {
  #port1;
  #port2;

  constructor() {
    const ends = [0, 1].map(() => ({ port: null, queue: [], started: false, other: null }));
    [ends[0].other, ends[1].other] = [ends[1], ends[0]];
    this.#port1 = new MessagePort(INTERNAL, ends[0]);
    this.#port2 = new MessagePort(INTERNAL, ends[1]);
  }

  get port1() {
    return this.#port1;
  }

  get port2() {
    return this.#port2;
  }
}

shapeInterface("MessageChannel", MessageChannel);
showFields("MessageChannel", MessageChannel, ["port1", "port2"]);
