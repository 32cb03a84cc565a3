// SPDX-License-Identifier: Apache-2.0

//! Resizes pictures: `GET /?url=…&w=640&format=webp`, or `POST /?w=640` with the file. README.md has all parameters.

mod caching;
mod jpeg;
mod negotiation;
mod options;
mod picture;
mod problem;
mod source;

use caching::Variant;
use negotiation::Choice;
use options::{Format, Options};
use problem::Problem;
use source::Fetched;
use std::time::Instant;
use wstd::http::{Body, Error, HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

const PAGE: &str = include_str!("page.html");
/// Drawn by examples/draw.rs.
const SAMPLE: &[u8] = include_bytes!("sample.jpg");
/// As `url` it means SAMPLE, which is no other server's.
const SAMPLE_PATH: &str = "/sample.jpg";
const DAY: &str = "public, max-age=86400";

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    Ok(answer(request).await.unwrap_or_else(Problem::into_response))
}

async fn answer(request: Request<Body>) -> Result<Response<Body>, Problem> {
    let (head, body) = request.into_parts();
    let query = head.uri.query();
    match (head.method, head.uri.path(), query) {
        (Method::GET | Method::HEAD, "/", None) => Ok(page()),
        (Method::GET | Method::HEAD, "/", Some(query)) => resize_source(query, &head.headers).await,
        (Method::POST, "/", query) => {
            resize_upload(query.unwrap_or_default(), &head.headers, body).await
        }
        (Method::GET | Method::HEAD, SAMPLE_PATH, _) => Ok(sample()),
        (_, "/" | SAMPLE_PATH, _) => Err(Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this is for GET, and / for POST, too",
        )),
        (_, path, _) => Err(Problem::new(
            StatusCode::NOT_FOUND,
            format!("there is no {path}: pictures are resized at /"),
        )),
    }
}

// ---- The two ways to resize

/// `GET /?url=…`
async fn resize_source(query: &str, client: &HeaderMap) -> Result<Response<Body>, Problem> {
    let (url, options) = options::read(query)?;
    let url = url.ok_or_else(|| {
        Problem::bad_request("url is missing: the picture's address. POST takes the file itself")
    })?;
    let choice = choose(&options, client)?;
    let variant = Variant::new(&options, choice);
    let begin = Instant::now();
    let fetched = if url == SAMPLE_PATH {
        Fetched::File {
            headers: HeaderMap::new(),
            bytes: SAMPLE.to_vec(),
        }
    } else {
        let via = client.get("via").and_then(|via| via.to_str().ok());
        source::fetch(&url, &variant.conditions(client), via).await?
    };
    let fetched_at = begin.elapsed();
    let (source, bytes) = match fetched {
        Fetched::File { headers, bytes } => (headers, Some(bytes)),
        Fetched::NotModified { headers } => (headers, None),
    };
    let entity_tag = variant.entity_tag(&source, bytes.as_deref());
    let is_known = entity_tag
        .as_deref()
        .is_some_and(|tag| caching::is_known(client, tag));
    let mut response = match bytes {
        Some(bytes) if !is_known => {
            let timing = format!("fetch;dur={:.1}", fetched_at.as_secs_f64() * 1e3);
            convert(bytes, &options, choice, timing)?
        }
        _ => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        }
    };
    let otherwise = std::env::var("CACHE_CONTROL").unwrap_or(DAY.to_string());
    let headers = response.headers_mut();
    caching::write_headers(&source, &otherwise, headers);
    if let Some(value) = entity_tag.and_then(|tag| HeaderValue::from_str(&tag).ok()) {
        headers.insert("etag", value);
    }
    if options.format.is_none() {
        headers.insert("vary", HeaderValue::from_static("Accept"));
    }
    Ok(response)
}

/// `POST /` with a file.
async fn resize_upload(
    query: &str,
    client: &HeaderMap,
    body: Body,
) -> Result<Response<Body>, Problem> {
    let (url, options) = options::read(query)?;
    if url.is_some() {
        return Err(Problem::bad_request(
            "POST takes the file itself, and no url",
        ));
    }
    if let Some(kind) = client
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        && kind.starts_with("multipart/")
    {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body is the file as it is, as curl --data-binary sends it, and no form",
        ));
    }
    let choice = choose(&options, client)?;
    let bytes = source::read_body(body).await?;
    let mut response = convert(bytes, &options, choice, String::new())?;
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert("cache-control", no_store);
    Ok(response)
}

fn choose(options: &Options, client: &HeaderMap) -> Result<Choice, Problem> {
    match options.format {
        Some(format) => Ok(Choice::Format(format)),
        None => negotiation::choose(client.get("accept").and_then(|value| value.to_str().ok())),
    }
}

/// From file to file. `timing` is what goes before its own parts in Server-Timing.
fn convert(
    file: Vec<u8>,
    options: &Options,
    choice: Choice,
    mut timing: String,
) -> Result<Response<Body>, Problem> {
    let mut begin = Instant::now();
    let mut lap = |name: &str| {
        let separator = if timing.is_empty() { "" } else { ", " };
        timing += &format!(
            "{separator}{name};dur={:.1}",
            begin.elapsed().as_secs_f64() * 1e3
        );
        begin = Instant::now();
    };
    let picture = picture::decode(&file)?;
    drop(file); // resizing may want its memory
    lap("decode");
    let picture = picture.resize(options)?;
    lap("resize");
    let (width, height) = picture.size();
    let format = match choice {
        Choice::Format(format) => format,
        Choice::JpegOrPng if picture.is_translucent() => Format::Png,
        Choice::JpegOrPng => Format::Jpeg,
    };
    let file = picture.encode(format, options.quality)?;
    lap("encode");
    let response = Response::builder()
        .header("content-type", format.media_type())
        .header("content-length", file.len())
        .header("content-security-policy", "default-src 'none'")
        .header("x-content-type-options", "nosniff")
        .header("x-picture-size", format!("{width}x{height}"))
        .header("server-timing", timing);
    Ok(response.body(file.into()).unwrap())
}

// ---- What is there for people

fn page() -> Response<Body> {
    let response = Response::builder()
        .header("content-type", "text/html; charset=utf-8")
        .header("cache-control", "public, max-age=300");
    response.body(PAGE.into()).unwrap()
}

fn sample() -> Response<Body> {
    let response = Response::builder()
        .header("content-type", "image/jpeg")
        .header("cache-control", DAY);
    response.body(SAMPLE.into()).unwrap()
}
