// SPDX-License-Identifier: Apache-2.0

//! Run by `fn0 test`, which serves the function at FN0_URL. Pictures that it is to fetch are served from here.

use image::{DynamicImage, ImageFormat, RgbImage, Rgba, RgbaImage};
use std::io::{BufRead, BufReader, Cursor, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use ureq::http::Response;

// ---- A client, and a server of pictures

struct Answer {
    head: Response<()>,
    body: Vec<u8>,
}

impl Answer {
    fn status(&self) -> u16 {
        self.head.status().as_u16()
    }

    fn header(&self, name: &str) -> &str {
        self.head
            .headers()
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn detail(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let document: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(document["status"], self.status());
        document["detail"].as_str().unwrap().to_string()
    }

    fn picture(&self, format: ImageFormat) -> DynamicImage {
        assert_eq!(
            self.status(),
            200,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        assert_eq!(self.header("content-type"), format.to_mime_type());
        let picture = image::load_from_memory_with_format(&self.body, format).unwrap();
        let size = format!("{}x{}", picture.width(), picture.height());
        assert_eq!(self.header("x-picture-size"), size);
        picture
    }
}

fn url(target: &str) -> String {
    std::env::var("FN0_URL").expect("run this by fn0 test") + target
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into()
}

fn read(response: Result<Response<ureq::Body>, ureq::Error>) -> Answer {
    let (head, mut body) = response.unwrap().into_parts();
    let body = body.with_config().limit(100 << 20).read_to_vec().unwrap();
    let head = Response::from_parts(head, ());
    Answer { head, body }
}

fn get(target: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = agent().get(url(target));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(request.call())
}

fn post(target: &str, file: &[u8]) -> Answer {
    read(agent().post(url(target)).send(file))
}

/// Answers one request after another with `answers`, and tells their heads.
fn source(answers: Vec<Vec<u8>>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, heads) = channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            sender.send(read_head(&stream)).unwrap();
            let _ = stream.write_all(&answer);
        }
    });
    (format!("http://{address}"), heads)
}

fn read_head(stream: &TcpStream) -> String {
    let mut head = String::new();
    let mut reader = BufReader::new(stream);
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
    head.to_lowercase()
}

fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let bytes = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {bytes}\r\nConnection: close\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.into().write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn photo(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let channel = |weight: u32| ((x * weight + y * 3) / 4 % 256) as u8;
        image::Rgb([channel(1), channel(2), 128])
    })
}

// ---- Results

#[test]
fn the_page() {
    let answer = get("/", &[]);
    assert_eq!(answer.status(), 200);
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(answer.body.starts_with(b"<!doctype html>"));
    let sample = get("/sample.jpg", &[]);
    let picture = image::load_from_memory_with_format(&sample.body, ImageFormat::Jpeg).unwrap();
    assert_eq!((picture.width(), picture.height()), (1800, 1200));
}

#[test]
fn the_sample_is_resized() {
    for (format, wanted) in [
        ("jpeg", ImageFormat::Jpeg),
        ("png", ImageFormat::Png),
        ("webp", ImageFormat::WebP),
    ] {
        let answer = get(&format!("/?url=/sample.jpg&w=90&format={format}"), &[]);
        let picture = answer.picture(wanted);
        assert_eq!((picture.width(), picture.height()), (90, 60));
        assert_eq!(answer.header("vary"), "");
        assert_eq!(answer.header("cache-control"), "public, max-age=86400");
        assert!(answer.header("server-timing").contains("decode;dur="));
    }
}

#[test]
fn uploads() {
    let picture = file(photo(60, 40), ImageFormat::Png);
    let answer = post("/?w=30&format=jpeg", &picture);
    assert_eq!(answer.picture(ImageFormat::Jpeg).width(), 30);
    assert_eq!(answer.header("cache-control"), "no-store");
    let answer = post("/?w=30&h=30&fit=cover&format=webp", &picture);
    let picture = answer.picture(ImageFormat::WebP);
    assert_eq!((picture.width(), picture.height()), (30, 30));
}

#[test]
fn each_format_is_taken() {
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Gif,
    ] {
        let answer = post("/?format=png", &file(photo(60, 40), format));
        let picture = answer.picture(ImageFormat::Png).into_rgb8();
        let (one, other) = (
            picture.get_pixel(30, 20).0,
            photo(60, 40).get_pixel(30, 20).0,
        );
        for (one, other) in one.iter().zip(other) {
            assert!(one.abs_diff(other) < 24, "{format:?}: {one} for {other}");
        }
    }
}

#[test]
fn the_client_says_what_it_can_show() {
    let target = "/?url=/sample.jpg&w=30";
    for (accept, wanted) in [
        ("image/avif,image/webp,*/*;q=0.8", ImageFormat::WebP),
        ("*/*", ImageFormat::Jpeg),
        ("image/png", ImageFormat::Png),
    ] {
        let answer = get(target, &[("accept", accept)]);
        answer.picture(wanted);
        assert_eq!(answer.header("vary"), "Accept");
    }
    assert_eq!(get(target, &[("accept", "text/html")]).status(), 406);
    // What can be seen through goes on being so.
    let glass = file(
        RgbaImage::from_pixel(9, 9, Rgba([9, 9, 9, 99])),
        ImageFormat::Png,
    );
    assert!(
        post("/", &glass)
            .picture(ImageFormat::Png)
            .color()
            .has_alpha()
    );
}

#[test]
fn a_head_is_that_of_the_get() {
    let answer = read(
        agent()
            .head(url("/?url=/sample.jpg&w=30&format=png"))
            .call(),
    );
    assert_eq!(
        (answer.status(), answer.header("content-type")),
        (200, "image/png")
    );
    let bytes = get("/?url=/sample.jpg&w=30&format=png", &[]).body.len();
    assert_eq!(answer.header("content-length"), bytes.to_string());
}

// ---- Sources

#[test]
fn a_picture_is_fetched() {
    let picture = file(photo(60, 40), ImageFormat::Jpeg);
    let headers =
        "Cache-Control: public, max-age=7\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    let (origin, heads) = source(vec![response("200 OK", headers, &picture)]);
    let answer = get(&format!("/?url={origin}/a%3Fb=c%26d&w=30&format=jpeg"), &[]);
    assert_eq!(answer.picture(ImageFormat::Jpeg).width(), 30);
    assert_eq!(answer.header("cache-control"), "public, max-age=7");
    assert_eq!(
        answer.header("last-modified"),
        "Sun, 06 Nov 1994 08:49:37 GMT"
    );
    let head = heads.recv().unwrap();
    assert!(head.starts_with("get /a?b=c&d http/1.1\r\n"), "{head}");
    assert!(head.contains("via: 1.1 image-resizing\r\n"), "{head}");
}

#[test]
fn redirects_are_followed() {
    let picture = file(photo(60, 40), ImageFormat::Jpeg);
    let found = response("302 Found", "Location: ../b?c\r\n", b"");
    let (origin, heads) = source(vec![found, response("200 OK", "", &picture)]);
    assert_eq!(get(&format!("/?url={origin}/a/a&w=30"), &[]).status(), 200);
    assert!(heads.recv().unwrap().starts_with("get /a/a "));
    assert!(heads.recv().unwrap().starts_with("get /b?c "));
    let found = response("302 Found", "Location: /again\r\n", b"");
    let (origin, _heads) = source(vec![found; 4]);
    let answer = get(&format!("/?url={origin}/&w=30"), &[]);
    assert_eq!(
        (answer.status(), answer.detail()),
        (502, "more than 3 redirects".into())
    );
}

#[test]
fn what_a_client_has_is_not_sent_again() {
    let picture = file(photo(60, 40), ImageFormat::Jpeg);
    let tag = "ETag: \"one\"\r\nCache-Control: max-age=7\r\n";
    let (origin, heads) = source(vec![
        response("200 OK", tag, &picture),
        response("304 Not Modified", tag, b""),
        response("200 OK", "ETag: \"two\"\r\n", &picture),
    ]);
    let target = format!("/?url={origin}/&w=30&format=jpeg");
    let first = get(&target, &[]);
    assert_eq!(first.status(), 200);
    assert!(!heads.recv().unwrap().contains("if-none-match"));
    // The source says that it has not changed: nothing is read or computed.
    let again = get(&target, &[("if-none-match", first.header("etag"))]);
    assert_eq!((again.status(), again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(again.header("cache-control"), "max-age=7");
    assert!(heads.recv().unwrap().contains("if-none-match: \"one\"\r\n"));
    let changed = get(&target, &[("if-none-match", first.header("etag"))]);
    assert_eq!(changed.status(), 200);
    assert_ne!(changed.header("etag"), first.header("etag"));
}

#[test]
fn a_source_without_a_tag_is_compared() {
    let picture = file(photo(60, 40), ImageFormat::Jpeg);
    let (origin, _heads) = source(vec![response("200 OK", "", &picture); 2]);
    let target = format!("/?url={origin}/&w=30&format=jpeg");
    let first = get(&target, &[]);
    let again = get(&target, &[("if-none-match", first.header("etag"))]);
    assert_eq!((first.status(), again.status()), (200, 304));
}

// ---- What is refused

#[test]
fn sources_that_are_not_there() {
    for (answer, status) in [
        (response("404 Not Found", "", b"no"), 404),
        (response("410 Gone", "", b"no"), 404),
        (response("500 Internal Server Error", "", b"no"), 502),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut".to_vec(),
            502,
        ),
        (response("200 OK", "", b"<html>a page</html>"), 415),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n".to_vec(),
            413,
        ),
    ] {
        let (origin, _heads) = source(vec![answer]);
        let answer = get(&format!("/?url={origin}/&w=30"), &[]);
        assert_eq!(answer.status(), status, "{}", answer.detail());
    }
    // Nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    assert_eq!(
        get(&format!("/?url=http://127.0.0.1:{port}/"), &[]).status(),
        502
    );
    // An address that is not public, and that fn0.toml does not allow.
    let answer = get("/?url=http://10.0.0.1/", &[]);
    assert_eq!(
        (answer.status(), answer.detail()),
        (403, "10.0.0.1 may not be asked".into())
    );
    let answer = get(
        "/?url=http://127.0.0.1:1/",
        &[("via", "1.1 image-resizing")],
    );
    assert_eq!(answer.status(), 508);
}

#[test]
fn what_is_asked_for_wrong() {
    for (target, said) in [
        (
            "/?w=0&url=/sample.jpg",
            "w is a number from 1 to 4096, not \"0\"",
        ),
        (
            "/?w=wide&url=/sample.jpg",
            "w is a number from 1 to 4096, not \"wide\"",
        ),
        (
            "/?url=file:///etc/passwd",
            "url is one of http or https, not \"file:///etc/passwd\"",
        ),
        ("/?url=", "url is one of http or https, not \"\""),
        (
            "/?w=7",
            "url is missing: the picture's address. POST takes the file itself",
        ),
    ] {
        let answer = get(target, &[]);
        assert_eq!((answer.status(), answer.detail()), (400, said.to_string()));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(post("/?url=/sample.jpg", b"").status(), 400);
    assert_eq!(get("/nowhere", &[]).status(), 404);
    let answer = read(agent().delete(url("/")).call());
    assert_eq!(
        (answer.status(), answer.header("allow")),
        (405, "GET, HEAD, POST")
    );
}

#[test]
fn files_that_are_no_pictures() {
    for bytes in [
        &b""[..],
        b"hello",
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ] {
        let answer = post("/?w=7", bytes);
        assert_eq!(answer.status(), 415, "{}", answer.detail());
    }
    let form = agent()
        .post(url("/"))
        .header("content-type", "multipart/form-data; boundary=b");
    assert_eq!(read(form.send("--b--")).status(), 415);
}

#[test]
fn pictures_that_are_cut_off() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let file = file(photo(300, 200), format);
        for bytes in [40, file.len() / 2, file.len() - 20] {
            let answer = post("/?w=7", &file[..bytes]);
            assert_eq!(answer.status(), 422, "{format:?}: {}", answer.detail());
        }
    }
}

/// 20,000 × 20,000 pixels, of which the file has the header only.
#[test]
fn a_bomb_is_refused_by_its_header() {
    let mut file = file(RgbImage::new(1, 1), ImageFormat::Png);
    let size = 20_000u32.to_be_bytes();
    file[16..24].copy_from_slice(&[size, size].concat());
    let sum = crc32(&file[12..29]).to_be_bytes();
    file[29..33].copy_from_slice(&sum);
    let answer = post("/?w=7", &file);
    let detail = answer.detail();
    assert_eq!(answer.status(), 422);
    assert!(
        detail.starts_with("the picture has 20000 x 20000 pixels, which take 1200 MB"),
        "{detail}"
    );
    // The same as a JPEG.
    let jpeg = b"\xff\xd8\xff\xc0\x00\x0b\x08\x4e\x20\x4e\x20\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\xff\xd9";
    let detail = post("/?w=7", jpeg).detail();
    assert!(detail.contains("20000 x 20000"), "{detail}");
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 {
                (sum >> 1) ^ 0xedb8_8320
            } else {
                sum >> 1
            }
        })
    })
}

#[test]
fn what_is_too_large_to_be_taken() {
    assert_eq!(post("/?w=7", &vec![0; (20 << 20) + 1]).status(), 413);
}
