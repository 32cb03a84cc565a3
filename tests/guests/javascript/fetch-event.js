// SPDX-License-Identifier: AGPL-3.0-only

// The way of the web platform: a listener for the `fetch` event. StarlingMonkey lets such an instance answer once.

let requests = 0;

addEventListener("fetch", (event) => {
  event.respondWith(answer(event.request));
});

async function answer(request) {
  requests += 1;
  const url = new URL(request.url);
  switch (url.pathname) {
    case "/":
    case "/hello":
      return new Response("Hello from JavaScript!\n");
    case "/count":
      return Response.json({ count: requests });
    case "/echo":
      return new Response(request.body, { headers: { "x-method": request.method } });
    case "/json":
      return Response.json({ doubled: (await request.json()).number * 2 });
    case "/sleep":
      await new Promise((done) => setTimeout(done, Number(url.searchParams.get("ms"))));
      return new Response("slept\n");
    case "/throw":
      throw new Error("the guest was asked to throw");
    case "/fetch":
      return await fetch(url.searchParams.get("url"));
    case "/log":
      console.log("from JavaScript, on stdout");
      console.error("from JavaScript, on stderr");
      return new Response("logged\n");
    default:
      return new Response("no such route\n", { status: 404 });
  }
}
