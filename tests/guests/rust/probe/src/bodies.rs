// SPDX-License-Identifier: AGPL-3.0-only

//! Bodies and trailers, both ways.

use crate::limits;
use crate::query::Query;
use crate::reply::{self, Open};
use serde_json::json;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

const PIECE_BYTES: u64 = 64 * 1024;

/// Hands each piece of a stream to `each` until its end. False: it ended in an error.
pub fn read_all(stream: &InputStream, mut each: impl FnMut(&[u8]) -> bool) -> bool {
    loop {
        match stream.blocking_read(PIECE_BYTES) {
            Ok(piece) => {
                if !each(&piece) {
                    return false;
                }
            }
            Err(StreamError::Closed) => return true,
            Err(StreamError::LastOperationFailed(_)) => return false,
        }
    }
}

pub fn copy(from: &InputStream, to: &OutputStream) -> bool {
    read_all(from, |piece| reply::write_all(to, piece).is_ok())
}

/// The trailers behind a body that was read to its end.
pub fn trailers_of(body: IncomingBody) -> Option<Fields> {
    let future = IncomingBody::finish(body);
    future.subscribe().block();
    let trailers = future.get().expect("it is ready").expect("taken once");
    // What comes from the host cannot be changed, and cannot be sent on: a copy can.
    trailers
        .ok()
        .flatten()
        .map(|received| Fields::from_list(&received.entries()).expect("they were valid"))
}

pub fn echo(request: IncomingRequest, out: ResponseOutparam, query: &Query, trailers: bool) {
    let headers = Fields::new();
    for value in request.headers().get("content-type") {
        headers.append("content-type", &value).expect("a valid one");
    }
    if let Some(length) = query.text("length") {
        headers
            .append("content-length", length.as_bytes())
            .expect("a valid one");
    }
    let body = request.consume().expect("the first time");
    let stream = body.stream().expect("the first time");
    let open = reply::open(out, 200, headers);
    if !copy(&stream, open.stream()) {
        return; // dropped unfinished: the client sees a broken body
    }
    drop(stream);
    let trailers = if trailers { trailers_of(body) } else { None };
    open.finish(trailers);
}

pub fn size(request: IncomingRequest, out: ResponseOutparam) {
    let body = request.consume().expect("the first time");
    let stream = body.stream().expect("the first time");
    let mut bytes = 0;
    let whole = read_all(&stream, |piece| {
        bytes += piece.len();
        true
    });
    reply::json(out, 200, json!({ "bytes": bytes, "whole": whole }));
}

pub fn trailers(out: ResponseOutparam) {
    let open = reply::open(out, 200, Fields::new());
    let _ = open.write(b"see the trailers\n");
    open.finish(Some(reply::fields(&[("x-checksum", "abc")])));
}

pub fn stream(out: ResponseOutparam, query: &Query) {
    let chunk = vec![b'x'; query.number("bytes", 1) as usize];
    let delay = query.milliseconds("delay_ms").unwrap_or(0);
    let open = reply::open(out, 200, Fields::new());
    for number in 0..query.number("chunks", 1) {
        if number > 0 && delay > 0 {
            limits::sleep_for(delay);
        }
        if open.write(&chunk).is_err() {
            return;
        }
        if delay > 0 {
            open.flush();
        }
    }
    open.finish(None);
}

pub fn write_forever(out: ResponseOutparam) {
    let open = reply::open(out, 200, Fields::new());
    let piece = vec![b'x'; PIECE_BYTES as usize];
    while open.write(&piece).is_ok() {}
}

pub fn read_then_hang(request: IncomingRequest, out: ResponseOutparam) {
    let body = request.consume().expect("the first time");
    let stream = body.stream().expect("the first time");
    read_all(&stream, |_| true);
    limits::hang();
    drop(out);
}

fn taken<T, E>(result: Result<T, E>) -> &'static str {
    if result.is_ok() { "taken" } else { "refused" }
}

pub fn double(request: IncomingRequest, out: ResponseOutparam) {
    let body = request.consume();
    let consume = taken(request.consume());
    let body = body.expect("the first time");
    let stream = body.stream();
    let input = taken(body.stream());
    drop(stream);
    let response = OutgoingResponse::new(Fields::new());
    let first = response.body().expect("the first time");
    let second = taken(response.body());
    let output = first.write().expect("the first time");
    let write = taken(first.write());
    drop(output);
    drop(OutgoingBody::finish(first, None));
    drop(response);
    let report = json!({ "consume": consume, "stream": input, "body": second, "write": write });
    reply::json(out, 200, report);
}

/// A head and a first chunk that have left, and a body that is open.
pub fn begun(out: ResponseOutparam) -> Open {
    let open = reply::open(out, 200, Fields::new());
    let _ = open.write(b"begun\n");
    open.flush();
    open
}
