// SPDX-License-Identifier: AGPL-3.0-only

// The way of WASI: the handler exported directly. Such an instance answers any number of requests.

import { Fields, OutgoingBody, OutgoingResponse, ResponseOutparam } from "wasi:http/types@0.2.10";

let requests = 0;

function reply(responseOut, status, text) {
  const response = new OutgoingResponse(new Fields());
  response.setStatusCode(status);
  const body = response.body();
  ResponseOutparam.set(responseOut, { tag: "ok", val: response });
  const stream = body.write();
  stream.blockingWriteAndFlush(new TextEncoder().encode(text));
  stream[Symbol.dispose]();
  OutgoingBody.finish(body, undefined);
}

function spinForever() {
  for (;;) requests += 0;
}

export const incomingHandler = {
  handle(request, responseOut) {
    requests += 1;
    const [path] = (request.pathWithQuery() ?? "/").split("?");
    switch (path) {
      case "/":
      case "/hello":
        return reply(responseOut, 200, "Hello from JavaScript!\n");
      case "/count":
        return reply(responseOut, 200, `${JSON.stringify({ count: requests })}\n`);
      case "/throw":
        throw new Error("the guest was asked to throw");
      case "/spin-forever":
        return spinForever();
      default:
        return reply(responseOut, 404, "no such route\n");
    }
  },
};
