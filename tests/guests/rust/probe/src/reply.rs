// SPDX-License-Identifier: AGPL-3.0-only

//! Making responses.

use wasip2::http::types::{
    Fields, OutgoingBody, OutgoingResponse, ResponseOutparam, StatusCode, Trailers,
};
use wasip2::io::streams::{OutputStream, StreamError};

/// An answer whose head is sent and whose body is open.
///
/// The stream stands first, so that it is dropped first: a body must not be dropped before its stream.
pub struct Open {
    stream: Option<OutputStream>,
    body: OutgoingBody,
}

pub fn open(out: ResponseOutparam, status: StatusCode, headers: Fields) -> Open {
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).expect("a valid status");
    let body = response.body().expect("the first body");
    let stream = body.write().expect("the first stream");
    ResponseOutparam::set(out, Ok(response));
    Open {
        body,
        stream: Some(stream),
    }
}

impl Open {
    pub fn stream(&self) -> &OutputStream {
        self.stream.as_ref().expect("open until finish")
    }

    pub fn write(&self, bytes: &[u8]) -> Result<(), StreamError> {
        write_all(self.stream(), bytes)
    }

    pub fn flush(&self) {
        let _ = self.stream().blocking_flush();
    }

    pub fn finish(mut self, trailers: Option<Trailers>) {
        drop(self.stream.take());
        let _ = OutgoingBody::finish(self.body, trailers);
    }
}

/// Writes as much at a time as the host has room for, and waits when it has none.
pub fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        let room = stream.check_write()? as usize;
        if room == 0 {
            stream.subscribe().block();
            continue;
        }
        let (now, later) = bytes.split_at(bytes.len().min(room));
        stream.write(now)?;
        bytes = later;
    }
    Ok(())
}

pub fn fields(pairs: &[(&str, &str)]) -> Fields {
    let fields = Fields::new();
    for (name, value) in pairs {
        fields
            .append(name, value.as_bytes())
            .expect("a valid field");
    }
    fields
}

pub fn text(out: ResponseOutparam, status: StatusCode, body: &str) {
    whole(out, status, "text/plain", body);
}

pub fn json(out: ResponseOutparam, status: StatusCode, value: serde_json::Value) {
    whole(out, status, "application/json", &format!("{value}\n"));
}

fn whole(out: ResponseOutparam, status: StatusCode, content_type: &str, body: &str) {
    let open = open(out, status, fields(&[("content-type", content_type)]));
    let _ = open.write(body.as_bytes());
    open.finish(None);
}
