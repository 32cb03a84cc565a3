// SPDX-License-Identifier: Apache-2.0

//! What goes wrong, as RFC 9457 has it: `application/problem+json` with a status, a title, and what to do about it.

use wstd::http::{Body, Response, StatusCode};

#[derive(Debug, PartialEq)]
pub struct Problem {
    pub status: StatusCode,
    pub detail: String,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { status, detail }
    }

    /// What the caller has written wrong.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub fn into_response(self) -> Response<Body> {
        let document = serde_json::json!({
            "type": "about:blank",
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut response = Response::builder()
            .status(self.status)
            .header("content-type", "application/problem+json")
            .header("cache-control", "no-store")
            .header("x-content-type-options", "nosniff");
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            response = response.header("allow", "GET, HEAD, POST");
        }
        response.body(format!("{document}\n").into()).unwrap()
    }
}
