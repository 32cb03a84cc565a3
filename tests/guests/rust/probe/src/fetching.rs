// SPDX-License-Identifier: AGPL-3.0-only

//! Outgoing requests.

use crate::bodies;
use crate::heads;
use crate::query::Query;
use crate::reply;
use serde_json::json;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingRequest, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, RequestOptions, ResponseOutparam, Scheme,
};

/// Scheme, authority and target of a URL.
fn parts_of(url: &str) -> (Scheme, String, String) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(at);
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_string()),
    };
    let target = if target.is_empty() { "/" } else { target };
    (scheme, authority.to_string(), target.to_string())
}

fn request_to(url: &str, method: &Method, headers: Fields) -> OutgoingRequest {
    let (scheme, authority, target) = parts_of(url);
    let request = OutgoingRequest::new(headers);
    request.set_method(method).expect("a valid method");
    request.set_scheme(Some(&scheme)).expect("a valid scheme");
    request
        .set_authority(Some(&authority))
        .expect("a valid authority");
    request
        .set_path_with_query(Some(&target))
        .expect("a valid target");
    request
}

fn options_of(query: &Query) -> Option<RequestOptions> {
    let connect = query.milliseconds("connect_ms");
    let first_byte = query.milliseconds("first_byte_ms");
    let between_bytes = query.milliseconds("between_bytes_ms");
    if connect.is_none() && first_byte.is_none() && between_bytes.is_none() {
        return None;
    }
    let options = RequestOptions::new();
    options.set_connect_timeout(connect).expect("supported");
    options
        .set_first_byte_timeout(first_byte)
        .expect("supported");
    options
        .set_between_bytes_timeout(between_bytes)
        .expect("supported");
    Some(options)
}

fn answer_of(future: &FutureIncomingResponse) -> Result<IncomingResponse, ErrorCode> {
    future.subscribe().block();
    future.get().expect("it is ready").expect("taken once")
}

fn trailers_of(query: &Query) -> Option<Fields> {
    let (name, value) = query.text("trailers")?.split_once(':')?;
    Some(reply::fields(&[(name, value)]))
}

/// The headers of the answer that the client may see again: the host frames the body itself.
fn passed_on(received: Fields) -> Fields {
    let fields = Fields::new();
    for (name, value) in received.entries() {
        if name != "content-length" {
            let _ = fields.append(&name, &value);
        }
    }
    fields
}

fn send_body(request: IncomingRequest, body: OutgoingBody, query: &Query) {
    let incoming = request.consume().expect("the first time");
    let from = incoming.stream().expect("the first time");
    let to = body.write().expect("the first time");
    let whole = bodies::copy(&from, &to);
    drop(to);
    if whole {
        let _ = OutgoingBody::finish(body, trailers_of(query));
    }
}

pub fn fetch(incoming: IncomingRequest, out: ResponseOutparam, query: &Query, with_body: bool) {
    let url = query.text("url").expect("url is missing");
    let method = query
        .text("method")
        .unwrap_or(if with_body { "POST" } else { "GET" });
    let headers = Fields::new();
    for value in incoming.headers().get("x-pass-on") {
        headers.append("x-pass-on", &value).expect("a valid field");
    }
    let request = request_to(url, &heads::method_named(method), headers);
    let body = request.body().expect("the first time");
    let future = match outgoing_handler::handle(request, options_of(query)) {
        Ok(future) => future,
        Err(code) => return failed(out, &code),
    };
    if with_body {
        send_body(incoming, body, query);
    } else {
        let _ = OutgoingBody::finish(body, None);
    }
    match answer_of(&future) {
        Ok(answer) => pass_on(answer, out),
        Err(code) => failed(out, &code),
    }
}

fn failed(out: ResponseOutparam, code: &ErrorCode) {
    reply::json(out, 502, json!({ "error": format!("{code:?}") }));
}

fn pass_on(answer: IncomingResponse, out: ResponseOutparam) {
    let open = reply::open(out, answer.status(), passed_on(answer.headers()));
    let body = answer.consume().expect("the first time");
    let stream = body.stream().expect("the first time");
    if !bodies::copy(&stream, open.stream()) {
        return;
    }
    drop(stream);
    open.finish(bodies::trailers_of(body));
}

/// Sends one request and reads nothing of its answer yet.
fn start(url: &str) -> Result<FutureIncomingResponse, ErrorCode> {
    let request = request_to(url, &Method::Get, Fields::new());
    let body = request.body().expect("the first time");
    let future = outgoing_handler::handle(request, None)?;
    let _ = OutgoingBody::finish(body, None);
    Ok(future)
}

/// Waits for an answer and reads all of it.
fn complete(future: FutureIncomingResponse) -> Result<(), ErrorCode> {
    let answer = answer_of(&future)?;
    let body = answer.consume().expect("the first time");
    let stream = body.stream().expect("the first time");
    if bodies::read_all(&stream, |_| true) {
        Ok(())
    } else {
        Err(ErrorCode::HttpResponseIncomplete)
    }
}

pub fn fetch_many(out: ResponseOutparam, query: &Query) {
    let url = query.text("url").expect("url is missing");
    let count = query.number("n", 1);
    let results: Vec<Result<(), ErrorCode>> = if query.number("parallel", 0) == 1 {
        let started: Vec<_> = (0..count).map(|_| start(url)).collect();
        started
            .into_iter()
            .map(|one| one.and_then(complete))
            .collect()
    } else {
        (0..count).map(|_| start(url).and_then(complete)).collect()
    };
    let worked = results.iter().filter(|result| result.is_ok()).count();
    let first_error = results
        .iter()
        .find_map(|result| result.as_ref().err())
        .map(|code| format!("{code:?}"));
    reply::json(
        out,
        200,
        json!({ "worked": worked, "failed": results.len() - worked, "first_error": first_error }),
    );
}
