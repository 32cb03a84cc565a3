// SPDX-License-Identifier: Apache-2.0
//
// fetch: what the standard does around single requests, which are C (engine/fetch.c): redirections, signals, data: URLs.
// There are no origins and no cookies here, so nothing is held back; credentials do not follow to another origin.

import { hooks, native } from "./native.js";
import { define } from "./web_idl.js";

const { sendRequest, signalOf, replayableCopy, finishResponse, abortBody } = native;
const { Request, Response, Headers } = globalThis;

const REDIRECTIONS_MAX = 20;
const REDIRECTIONS = new Set([301, 302, 303, 307, 308]);
const BODY_HEADERS = ["content-encoding", "content-language", "content-location", "content-type", "content-length"];
const CREDENTIAL_HEADERS = ["authorization", "cookie", "proxy-authorization"];

function failed(reason, cause) {
  return new TypeError(`fetch failed: ${reason}`, cause === undefined ? undefined : { cause });
}

// Sends one request; the signal ends it as long as no head has come.
async function exchange(request, url) {
  const [promise, abort] = sendRequest(request, url);
  const signal = signalOf(request);
  if (signal === undefined) {
    return await promise;
  }
  const unfollow = hooks.followSignal(signal, abort);
  try {
    return await promise;
  } finally {
    unfollow();
  }
}

// The request after a redirection (Fetch, 4.4).
function redirected(request, copy, status, from, to) {
  const headers = new Headers(request.headers);
  let method = request.method;
  let body = copy;
  if ((status === 303 && method !== "GET" && method !== "HEAD") || (status < 303 && method === "POST")) {
    method = "GET";
    body = null;
    for (const name of BODY_HEADERS) {
      headers.delete(name);
    }
  } else if (copy === null) {
    throw failed(`the body is a stream, which cannot be sent again after a redirection with status ${status}`);
  }
  if (new URL(from).origin !== to.origin) {
    for (const name of CREDENTIAL_HEADERS) {
      headers.delete(name);
    }
  }
  if (to.username !== "" || to.password !== "") {
    throw failed("the redirection's URL has credentials");
  }
  return new Request(body ?? to.href, { method, headers, signal: signalOf(request), redirect: request.redirect });
}

// What an answer may be encoded with. Of what the script offers only that is passed on which can be decoded: a browser's
// Accept-Encoding, handed on with its request, must not bring an answer that the script cannot read. One that names no
// such coding at all is left alone: whoever sends it knows what to do with the answer.
function setAcceptEncoding(headers) {
  const given = headers.get("accept-encoding");
  if (given === null) {
    // Parts of an encoded body cannot be decoded (Fetch, 4.6).
    headers.set("accept-encoding", headers.has("range") ? "identity" : "gzip, deflate");
    return;
  }
  const elements = given.split(",").map((element) => element.trim());
  const known = elements.filter((element) => /^(x-gzip|gzip|deflate|identity)\s*(;|$)/i.test(element));
  if (known.length < elements.length && known.some((element) => !/^identity/i.test(element))) {
    headers.set("accept-encoding", known.join(", "));
  }
}

function withDefaults(request) {
  const { headers } = request;
  setAcceptEncoding(headers);
  if (!headers.has("accept")) {
    headers.set("accept", "*/*");
  }
  if (!headers.has("user-agent")) {
    headers.set("user-agent", "fn0");
  }
  return request;
}

// What follows signals in this call. A signal may live as long as the instance: it must not gather one for every fetch.
let following = [];

function followBody(response, signal) {
  following.push(hooks.followSignal(signal, (reason) => abortBody(response, reason)));
  native.resetAtNextCall();
}

export function resetFetch() {
  for (const unfollow of following) {
    unfollow();
  }
  following = [];
}

async function fetchHttp(first, signal) {
  let request = first;
  let url = request.url;
  for (let redirections = 0; ; redirections++) {
    const copy = request.redirect === "follow" ? replayableCopy(request) : null;
    const response = await exchange(request, url.replace(/#.*/s, ""));
    const location = REDIRECTIONS.has(response.status) ? response.headers.get("location") : null;
    if (location === null || request.redirect === "manual") {
      if (signal !== undefined) {
        followBody(response, signal);
      }
      finishResponse(response, url, redirections > 0);
      return response;
    }
    if (request.redirect === "error") {
      throw failed(`a redirection to ${location}, and redirect is "error"`);
    }
    if (redirections === REDIRECTIONS_MAX) {
      throw failed(`more than ${REDIRECTIONS_MAX} redirections`);
    }
    if (!URL.canParse(location, url)) {
      throw failed(`the redirection's Location is no URL: ${location}`);
    }
    const to = new URL(location, url);
    if (to.hash === "") {
      to.hash = new URL(url).hash;
    }
    await response.body?.cancel();
    request = redirected(request, copy, response.status, url, to);
    url = to.href;
  }
}

// RFC 2397, as Fetch reads it.
function fetchData(request) {
  const [, head, data] = /^data:([^,]*),(.*)$/s.exec(request.url.replace(/#.*/s, "")) ?? [];
  if (data === undefined) {
    throw failed("the data: URL has no comma");
  }
  const base64 = /;\s*base64\s*$/i.test(head);
  let type = head.replace(/;\s*base64\s*$/i, "").trim();
  if (type.startsWith(";")) {
    type = `text/plain${type}`;
  }
  const text = decodeBytes(data);
  const bytes = base64 ? decodeBase64(text) : Uint8Array.from(text, (character) => character.charCodeAt(0));
  const response = new Response(bytes, {
    headers: { "content-type": type === "" ? "text/plain;charset=US-ASCII" : type },
  });
  finishResponse(response, request.url, false);
  return response;
}

function decodeBytes(text) {
  return text.replace(/%([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
}

function decodeBase64(text) {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (error) {
    throw failed("the data: URL is no base64", error);
  }
}

export async function fetch(input, init = undefined) {
  if (arguments.length === 0) {
    throw new TypeError("fetch needs a URL or a Request");
  }
  if (native.isSnapshotting()) {
    throw new TypeError(
      "fetch is not available while the module is evaluated: the function is built then, and no request is there. " +
        "Call it inside the handler.",
    );
  }
  const request = new Request(input, init);
  const signal = signalOf(request);
  signal?.throwIfAborted();
  switch (request.url.slice(0, request.url.indexOf(":"))) {
    case "http":
    case "https":
      return await fetchHttp(withDefaults(request), signal);
    case "data":
      return fetchData(request);
    default:
      throw failed(`there is no way to fetch ${request.url.slice(0, 64)}: only http:, https: and data: URLs can be`);
  }
}

define(globalThis, "fetch", fetch);
