// SPDX-License-Identifier: Apache-2.0

//! A first function: greets whoever asks. `GET /?name=Ada` answers "Hello, Ada!".

use std::io::Write;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Hello;

wasip2::http::proxy::export!(Hello);

impl Guest for Hello {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let name = target
            .split_once("?name=")
            .map_or("world", |(_, name)| name);

        let headers = Fields::new();
        headers.append("content-type", b"text/plain").unwrap();
        let response = OutgoingResponse::new(headers);
        let body = response.body().unwrap();

        // The head leaves with the first piece of the body, so set it before writing.
        ResponseOutparam::set(out, Ok(response));

        let mut stream = body.write().unwrap();
        writeln!(stream, "Hello, {name}!").unwrap();
        drop(stream);
        OutgoingBody::finish(body, None).unwrap();
    }
}
