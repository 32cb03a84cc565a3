// SPDX-License-Identifier: Apache-2.0
//
// What a client is shown of an error in development: a page for a browser, problem+json (RFC 9457) for who asks for JSON,
// else the text that is in the log. C asks for it only where FN0_MODE is "development".

import { placeOfFrame, sourceLines } from "../error_stack.js";
import { describeError } from "../inspect.js";

const ERRORS_MAX = 10;
const LINES_AROUND = 4;

const HTML = "text/html";
const PROBLEM = "application/problem+json";
const TEXT = "text/plain";
const OF_RANGE = new Map([
  [HTML, HTML],
  ["application/xhtml+xml", HTML],
  [PROBLEM, PROBLEM],
  ["application/json", PROBLEM],
]);

const STYLE = `:root{color-scheme:light dark;--dim:#6b7280;--line:#e5e7eb;--bad:#b91c1c;--mark:#fee2e2;--box:#f9fafb}
@media(prefers-color-scheme:dark){:root{--dim:#9ca3af;--line:#374151;--bad:#fca5a5;--mark:#7f1d1d;--box:#111827}}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:3rem auto;padding:0 1.5rem}
h1,h2{font-size:1.5rem;line-height:1.3;margin:.2rem 0 1rem;overflow-wrap:anywhere;white-space:pre-wrap}h2{font-size:1.15rem}
h1 b,h2 b{color:var(--bad)}p,footer{color:var(--dim)}section{border-top:1px solid var(--line);margin-top:2rem;padding-top:1rem}
pre{font:14px/1.6 ui-monospace,monospace;background:var(--box);border:1px solid var(--line);border-radius:8px;padding:.8rem 0;overflow:auto}
pre span{display:block;padding:0 1rem;min-width:max-content}pre i{color:var(--dim);font-style:normal}mark{display:block;background:var(--mark);color:inherit}
ol{font:14px/1.7 ui-monospace,monospace;padding-left:2rem}li::marker{color:var(--dim)}li small{color:var(--dim);font-size:1em}`;

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text) => `${text}`.replace(/[&<>"']/g, (character) => ENTITIES[character]);

// The kind of answer for an Accept: of those that it names the one with the most weight, the first of several.
function kindFor(accept) {
  let best = TEXT;
  let most = 0;
  for (const range of accept.split(",")) {
    const [type, ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1;
    if (OF_RANGE.has(type) && Number(weight) > most) {
      best = OF_RANGE.get(type);
      most = Number(weight);
    }
  }
  return best;
}

function titleOf(error) {
  return error instanceof Error ? `${error}` : describeError(error);
}

function framesOf(error) {
  const stack = error instanceof Error && typeof error.stack === "string" ? error.stack : "";
  return stack.split("\n").map(placeOfFrame).filter((frame) => frame !== null);
}

// The error, what it was caused by, and the errors that it gathers: [how it came, error] each.
function chainOf(first) {
  const chain = [["", first]];
  for (let index = 0; index < chain.length && chain.length < ERRORS_MAX; index++) {
    const [, error] = chain[index];
    if (!(error instanceof Error)) {
      continue;
    }
    const seen = (other) => chain.some(([, known]) => known === other);
    if (error.cause !== undefined && !seen(error.cause)) {
      chain.push(["caused by", error.cause]);
    }
    if (error instanceof AggregateError && Array.isArray(error.errors)) {
      chain.push(...error.errors.filter((one) => !seen(one)).slice(0, ERRORS_MAX).map((one) => ["one of its errors", one]));
    }
  }
  return chain;
}

function excerptOf({ file, row }) {
  const lines = sourceLines(file);
  if (lines === null) {
    return "";
  }
  const from = Math.max(0, row - 1 - LINES_AROUND);
  const shown = lines.slice(from, row + LINES_AROUND);
  const width = `${from + shown.length}`.length;
  const rows = shown.map((text, index) => {
    const number = from + index + 1;
    const line = `<span><i>${`${number}`.padStart(width)}  </i>${escape(text)}\n</span>`;
    return number === row ? `<mark>${line}</mark>` : line;
  });
  return `<pre>${rows.join("")}</pre>`;
}

function sectionOf([how, error], index) {
  const title = escape(titleOf(error)).replace(/^[\w$.]+(?=:|$)/, "<b>$&</b>");
  const heading = index === 0 ? `<h1>${title}</h1>` : `<p>${how}</p><h2>${title}</h2>`;
  const frames = framesOf(error);
  const own = frames.find(({ file }) => sourceLines(file) !== null && !file.includes("node_modules/"));
  const shown = own ?? frames.find(({ file }) => sourceLines(file) !== null);
  const excerpt = shown === undefined ? "" : `<p>${escape(shown.place)}</p>${excerptOf(shown)}`;
  const items = frames.map(({ name, place }) => `<li>${escape(name)} <small>${escape(place)}</small></li>`);
  return `<section>${heading}${excerpt}<ol>${items.join("")}</ol></section>`;
}

function pageOf(error, { method, url, id }) {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(titleOf(error))}</title><style>${STYLE}</style>
<p>500 &middot; ${escape(method)} ${escape(url)}</p>${chainOf(error).map(sectionOf).join("")}
<footer><p>request ${escape(id)}<br>Shown since FN0_MODE is "development".</p></footer></html>\n`;
}

function problemOf(error, { id }) {
  const errors = chainOf(error).map(([how, one]) => ({
    ...(how !== "" && { relation: how }),
    message: titleOf(one),
    stack: framesOf(one).map(({ name, place }) => (name === "" ? place : `${name} (${place})`)),
  }));
  const [{ message, stack }, ...causes] = errors;
  const problem = { type: "about:blank", title: "Internal Server Error", status: 500, detail: message, request_id: id, stack, causes };
  return `${JSON.stringify(problem, null, 2)}\n`;
}

// [Content-Type, text] for an error and the request that it befell, which may be undefined.
export function errorPage(error, request) {
  const header = (name) => request?.headers.get(name) ?? "";
  const about = { method: request?.method ?? "", url: request?.url ?? "", id: header("x-request-id") };
  switch (kindFor(header("accept"))) {
    case HTML:
      return [`${HTML};charset=UTF-8`, pageOf(error, about)];
    case PROBLEM:
      return [PROBLEM, problemOf(error, about)];
    default:
      return [`${TEXT};charset=UTF-8`, `${describeError(error)}\n`];
  }
}
