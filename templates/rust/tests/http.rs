// SPDX-License-Identifier: Apache-2.0

//! Run by `fn0 test`, which serves the function at FN0_URL.

use std::io::{Read, Write};
use std::net::TcpStream;

/// The status and the body of an answer.
fn get(path: &str) -> (u16, String) {
    let url = std::env::var("FN0_URL").expect("run this by fn0 test");
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_string())
}

#[test]
fn it_greets_the_world() {
    assert_eq!(get("/"), (200, "Hello, world!\n".to_string()));
}

#[test]
fn it_greets_whoever_is_named() {
    assert_eq!(get("/?name=Ada"), (200, "Hello, Ada!\n".to_string()));
}

#[test]
fn it_says_what_is_not_there() {
    assert_eq!(get("/nowhere").0, 404);
}
