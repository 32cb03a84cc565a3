// SPDX-License-Identifier: AGPL-3.0-only

for (const kind of [Event, EventTarget, CustomEvent, AbortController, AbortSignal, MessageEvent, DOMException]) {
  await checkShape(kind);
}
await check("constants", () => [Event.NONE, Event.AT_TARGET, new Event("x").BUBBLING_PHASE]);

await check("attributes of an event", () => {
  const event = new Event("x", { bubbles: true, cancelable: 1 });
  const { type, bubbles, cancelable, composed, target, currentTarget, eventPhase, defaultPrevented, returnValue } =
    event;
  return [type, bubbles, cancelable, composed, target, currentTarget, eventPhase, defaultPrevented, returnValue];
});
await check("type is converted", () => [new Event(null).type, new Event(undefined).type, new Event({}).type]);
await check("an event needs a type", () => new Event());
await check("init must be an object", () => new Event("x", 5));
await check("a symbol is no type", () => new Event(Symbol()));
await check("detail", () => [new CustomEvent("x", { detail: 5 }).detail, new CustomEvent("x").detail]);
await check("message event", () => {
  const { data, origin, lastEventId, source, ports } = new MessageEvent("m", {
    data: 1,
    origin: "o",
    lastEventId: "7",
  });
  return [data, origin, lastEventId, source, ports, new MessageEvent("m").data];
});

await check("order of listeners", () => {
  const target = new EventTarget();
  const seen = [];
  target.addEventListener("x", () => seen.push("bubble"));
  target.addEventListener("x", () => seen.push("second"));
  target.dispatchEvent(new Event("x"));
  return seen;
});
await check("the same listener counts once", () => {
  const target = new EventTarget();
  let calls = 0;
  const listener = () => calls++;
  target.addEventListener("x", listener);
  target.addEventListener("x", listener);
  target.addEventListener("x", listener, { capture: true });
  target.dispatchEvent(new Event("x"));
  return calls;
});
await check("once", () => {
  const target = new EventTarget();
  let calls = 0;
  target.addEventListener("x", () => calls++, { once: true });
  target.dispatchEvent(new Event("x"));
  target.dispatchEvent(new Event("x"));
  return calls;
});
await check("removed while dispatching", () => {
  const target = new EventTarget();
  const seen = [];
  const second = () => seen.push(2);
  target.addEventListener("x", () => {
    seen.push(1);
    target.removeEventListener("x", second);
  });
  target.addEventListener("x", second);
  target.addEventListener("x", () => seen.push(3));
  target.dispatchEvent(new Event("x"));
  return seen;
});
await check("stopImmediatePropagation", () => {
  const target = new EventTarget();
  const seen = [];
  target.addEventListener("x", (event) => {
    seen.push(1);
    event.stopImmediatePropagation();
  });
  target.addEventListener("x", () => seen.push(2));
  target.dispatchEvent(new Event("x"));
  return seen;
});
await check("handleEvent", () => {
  const target = new EventTarget();
  const listener = {
    calls: 0,
    handleEvent() {
      this.calls++;
    },
  };
  target.addEventListener("x", listener);
  target.dispatchEvent(new Event("x"));
  return listener.calls;
});
await check("this and phases", () => {
  const target = new EventTarget();
  let seen;
  target.addEventListener("x", function (event) {
    seen = [this === target, event.target === target, event.currentTarget === target, event.eventPhase];
    seen.push(event.composedPath().length);
  });
  const event = new Event("x");
  target.dispatchEvent(event);
  return [...seen, event.currentTarget, event.eventPhase, event.composedPath().length, event.target === target];
});
await check("preventDefault", () => {
  const target = new EventTarget();
  target.addEventListener("x", (event) => event.preventDefault());
  return [target.dispatchEvent(new Event("x")), target.dispatchEvent(new Event("x", { cancelable: true }))];
});
await check("passive listeners prevent nothing", () => {
  const target = new EventTarget();
  target.addEventListener("x", (event) => event.preventDefault(), { passive: true });
  return target.dispatchEvent(new Event("x", { cancelable: true }));
});
await check("returnValue and cancelBubble", () => {
  const event = new Event("x", { cancelable: true });
  event.cancelBubble = true;
  event.cancelBubble = false;
  return [event.cancelBubble, event.returnValue];
});
await check("an event that is dispatched twice", () => {
  const target = new EventTarget();
  let error;
  target.addEventListener("x", (event) => {
    error = thrownBy(() => target.dispatchEvent(event));
  });
  target.dispatchEvent(new Event("x"));
  return error;
});
await check("what is no event", () => new EventTarget().dispatchEvent({ type: "x" }));
await check("what is no target", () => EventTarget.prototype.addEventListener.call({}, "x", () => {}));
await check("no listener at all", () => new EventTarget().addEventListener("x", null));
await check("too few arguments", () => new EventTarget().addEventListener("x"));
await check("a target of one's own", () => {
  class Mine extends EventTarget {}
  const mine = new Mine();
  let seen = 0;
  mine.addEventListener("x", () => seen++);
  mine.dispatchEvent(new Event("x"));
  return [seen, mine instanceof EventTarget];
});
await check("the option signal", () => {
  const target = new EventTarget();
  const controller = new AbortController();
  let calls = 0;
  target.addEventListener("x", () => calls++, { signal: controller.signal });
  target.dispatchEvent(new Event("x"));
  controller.abort();
  target.dispatchEvent(new Event("x"));
  target.addEventListener("x", () => calls++, { signal: controller.signal });
  target.dispatchEvent(new Event("x"));
  return calls;
});
await check("the option signal is no signal", () => new EventTarget().addEventListener("x", () => {}, { signal: {} }));

await check("abort", () => {
  const controller = new AbortController();
  const seen = [];
  const { signal } = controller;
  signal.onabort = (event) => seen.push(event.type, event.target === signal, signal.aborted);
  signal.addEventListener("abort", () => seen.push("listener"));
  const before = [signal.aborted, signal.reason];
  controller.abort();
  controller.abort("again");
  return [before, seen, signal.reason, signal.reason.code, controller.signal === signal];
});
await check("abort with a reason", () => {
  const controller = new AbortController();
  controller.abort(5);
  return [controller.signal.reason, thrownBy(() => controller.signal.throwIfAborted())];
});
await check("AbortSignal.abort", () => [AbortSignal.abort().reason, AbortSignal.abort("x").reason]);
await check("AbortSignal.timeout", async () => {
  const signal = AbortSignal.timeout(5);
  const early = signal.aborted;
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return [early, signal.aborted, signal.reason, signal.reason.code];
});
await check("a timeout out of range", () => [
  thrownBy(() => AbortSignal.timeout(-1)),
  thrownBy(() => AbortSignal.timeout()),
]);
await check("AbortSignal.any", () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const signal = AbortSignal.any([first.signal, second.signal]);
  const nested = AbortSignal.any([signal, new AbortController().signal]);
  const seen = [];
  nested.addEventListener("abort", () => seen.push("nested", signal.aborted));
  signal.addEventListener("abort", () => seen.push("any", nested.aborted));
  second.abort("why");
  first.abort("other");
  return [signal.reason, nested.reason, seen];
});
await check(
  "AbortSignal.any of aborted ones",
  () => AbortSignal.any([AbortSignal.abort(1), AbortSignal.abort(2)]).reason,
);
await check("AbortSignal.any of none", () => AbortSignal.any([]).aborted);
await check("AbortSignal.any of other things", () => [
  thrownBy(() => AbortSignal.any([{}])),
  thrownBy(() => AbortSignal.any()),
]);
await check("signals are not constructed", () => new AbortSignal());
await check("onabort takes functions alone", () => {
  const { signal } = new AbortController();
  signal.onabort = 5;
  const first = signal.onabort;
  const handler = () => {};
  signal.onabort = handler;
  return [first, signal.onabort === handler];
});

await check("DOMException", () => {
  const exception = new DOMException("m", "AbortError");
  const { name, message, code } = exception;
  return [
    name,
    message,
    code,
    exception instanceof Error,
    String(exception),
    DOMException.ABORT_ERR,
    exception.DATA_CLONE_ERR,
  ];
});
await check("DOMException without arguments", () => {
  const { name, message, code } = new DOMException();
  return [name, message, code];
});
await check("DOMException with a cause", () => {
  const exception = new DOMException("m", { name: "DataCloneError", cause: 7 });
  return [exception.name, exception.code, exception.cause, "cause" in new DOMException()];
});
await check("each code", () => Object.keys(DOMException).map((key) => `${key}=${DOMException[key]}`));
await check("the getters want an exception", () =>
  Object.getOwnPropertyDescriptor(DOMException.prototype, "name").get.call({}),
);
