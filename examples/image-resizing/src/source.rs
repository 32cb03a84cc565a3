// SPDX-License-Identifier: Apache-2.0

//! Where a picture comes from: an upload, or another server.

use crate::problem::Problem;
use url::Url;
use wstd::http::body::{Body, HttpBody};
use wstd::http::error::ErrorCode;
use wstd::http::{Client, Error, HeaderMap, Request, Response, StatusCode};
use wstd::time::Duration;

/// The largest file that is taken.
pub const BYTES_MAX: u64 = 20 << 20;
const REDIRECTS_MAX: usize = 3;
const FIRST_BYTE_SECONDS: u64 = 10;
/// How this function is known to others, so that it does not ask itself for ever.
const VIA: &str = "1.1 image-resizing";

pub enum Fetched {
    File {
        headers: HeaderMap,
        bytes: Vec<u8>,
    },
    /// It is what the conditions said.
    NotModified {
        headers: HeaderMap,
    },
}

/// Gets what a URL names. `conditions` are header fields such as If-None-Match.
pub async fn fetch(
    url: &str,
    conditions: &HeaderMap,
    via: Option<&str>,
) -> Result<Fetched, Problem> {
    if via.is_some_and(|via| via.contains(VIA)) {
        return Err(Problem::new(
            StatusCode::LOOP_DETECTED,
            "url leads back to this function",
        ));
    }
    let mut url = read_url(url)?;
    for _ in 0..=REDIRECTS_MAX {
        let response = send(&url, conditions).await?;
        let status = response.status();
        let location = response
            .headers()
            .get("location")
            .and_then(|value| value.to_str().ok());
        match (status.as_u16(), location) {
            (200, _) => return read_file(response).await,
            (304, _) => {
                let headers = response.headers().clone();
                return Ok(Fetched::NotModified { headers });
            }
            (301 | 302 | 303 | 307 | 308, Some(location)) => {
                let next = url
                    .join(location)
                    .map_err(|_| bad_gateway("its redirect is no URL"))?;
                url = read_url(next.as_str())?;
            }
            (404 | 410, _) => {
                return Err(Problem::new(
                    StatusCode::NOT_FOUND,
                    format!("{url} is not there: its server answered {status}"),
                ));
            }
            _ => {
                return Err(bad_gateway(format!(
                    "the server of {url} answered {status}"
                )));
            }
        }
    }
    Err(bad_gateway(format!("more than {REDIRECTS_MAX} redirects")))
}

fn bad_gateway(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_GATEWAY, detail)
}

fn read_url(text: &str) -> Result<Url, Problem> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => Err(Problem::bad_request(format!(
            "url is one of http or https, not {text:?}"
        ))),
    }
}

async fn send(url: &Url, conditions: &HeaderMap) -> Result<Response<Body>, Problem> {
    let mut request = Request::get(&url[..url::Position::AfterQuery])
        .header(
            "accept",
            "image/webp, image/png, image/jpeg, image/gif, image/*;q=0.5",
        )
        .header("user-agent", "fn0-image-resizing")
        .header("via", VIA);
    for (name, value) in conditions {
        request = request.header(name, value);
    }
    let request = request.body(Body::empty());
    let request = request.map_err(|error| Problem::bad_request(format!("url: {error}")))?;
    let mut client = Client::new();
    client.set_first_byte_timeout(Duration::from_secs(FIRST_BYTE_SECONDS));
    client
        .send(request)
        .await
        .map_err(|error| failure(url, error))
}

/// What has kept a request from being answered.
fn failure(url: &Url, error: Error) -> Problem {
    let (status, what) = match error.downcast_ref::<ErrorCode>() {
        Some(ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited) => {
            (StatusCode::FORBIDDEN, "may not be asked".to_string())
        }
        Some(ErrorCode::ConnectionTimeout | ErrorCode::HttpResponseTimeout) => (
            StatusCode::GATEWAY_TIMEOUT,
            "did not answer in time".to_string(),
        ),
        Some(code) => (
            StatusCode::BAD_GATEWAY,
            format!("cannot be asked: {code:?}"),
        ),
        None => (StatusCode::BAD_GATEWAY, format!("cannot be asked: {error}")),
    };
    let host = url.host_str().unwrap_or_default();
    Problem::new(status, format!("{host} {what}"))
}

async fn read_file(response: Response<Body>) -> Result<Fetched, Problem> {
    let (head, body) = response.into_parts();
    let bytes = read_body(body).await?;
    let headers = head.headers;
    Ok(Fetched::File { headers, bytes })
}

/// A body as one piece, which ends where it gets too large.
pub async fn read_body(body: Body) -> Result<Vec<u8>, Problem> {
    let announced = body.content_length().unwrap_or(0);
    if announced > BYTES_MAX {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(announced as usize);
    let mut body = body.into_boxed_body();
    while let Some(frame) =
        std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context)).await
    {
        let frame = frame.map_err(|error| bad_gateway(format!("the file broke off: {error}")))?;
        let Ok(piece) = frame.into_data() else {
            continue; // trailers
        };
        if (bytes.len() + piece.len()) as u64 > BYTES_MAX {
            return Err(too_large());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("the file is larger than {} MB", BYTES_MAX >> 20),
    )
}
