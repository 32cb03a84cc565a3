// SPDX-License-Identifier: AGPL-3.0-only

//! Heads of requests and responses.

use crate::query::Query;
use crate::reply;
use serde_json::json;
use wasip2::http::types::{Fields, IncomingRequest, Method, ResponseOutparam, Scheme};

pub fn method_name(method: &Method) -> &str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(name) => name,
    }
}

pub fn method_named(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_string()),
    }
}

/// A field's value byte by byte, as text (ISO 8859-1), so that nothing is lost.
fn readable(value: &[u8]) -> String {
    value.iter().map(|byte| *byte as char).collect()
}

pub fn report(request: IncomingRequest, out: ResponseOutparam) {
    let scheme = request.scheme().map(|scheme| match scheme {
        Scheme::Http => "http".to_string(),
        Scheme::Https => "https".to_string(),
        Scheme::Other(name) => name,
    });
    let headers: Vec<_> = request
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| json!([name, readable(&value)]))
        .collect();
    let head = json!({
        "method": method_name(&request.method()),
        "scheme": scheme,
        "authority": request.authority(),
        "path": request.path_with_query(),
        "headers": headers,
    });
    reply::json(out, 200, head);
}

pub fn status(out: ResponseOutparam, query: &Query) {
    let code = query.number("code", 200) as u16;
    let open = reply::open(out, code, Fields::new());
    if code != 204 && code != 304 {
        let _ = open.write(format!("status {code}\n").as_bytes());
    }
    open.finish(None);
}

pub fn response_header(out: ResponseOutparam, query: &Query) {
    let count = query.number("fields", 1).max(1);
    let mut left = query.number("bytes", 1024);
    let fields = Fields::new();
    for number in 0..count {
        let share = left / (count - number);
        left -= share;
        let name = format!("x-filler-{number}");
        let value = share.saturating_sub(name.len() as u64 + ": \r\n".len() as u64);
        if let Err(refused) = fields.append(&name, &vec![b'x'; value as usize]) {
            return reply::json(out, 500, json!({ "error": format!("{refused:?}") }));
        }
    }
    reply::open(out, 200, fields).finish(None);
}

pub fn forbidden(out: ResponseOutparam) {
    let tries: [(&str, &[u8]); 12] = [
        ("connection", b"close"),
        ("keep-alive", b"timeout=5"),
        ("proxy-connection", b"close"),
        ("transfer-encoding", b"chunked"),
        ("upgrade", b"websocket"),
        ("http2-settings", b"x"),
        ("host", b"example.com"),
        ("x bad name", b"1"),
        ("x-bad-value", b"a\r\nx-smuggled: 1"),
        ("x-zero", b"a\0b"),
        ("", b"1"),
        ("x-good", b"1"),
    ];
    let report: serde_json::Map<_, _> = tries
        .iter()
        .map(|(name, value)| {
            let answer = match Fields::new().append(name, value) {
                Ok(()) => "taken".to_string(),
                Err(refused) => format!("{refused:?}"),
            };
            (name.to_string(), json!(answer))
        })
        .collect();
    reply::json(out, 200, report.into());
}

pub fn length(out: ResponseOutparam, query: &Query) {
    let declared = query.number("declared", 10).to_string();
    let sent = query.number("sent", 10) as usize;
    let open = reply::open(out, 200, reply::fields(&[("content-length", &declared)]));
    let _ = open.write(&vec![b'x'; sent]);
    open.finish(None);
}
