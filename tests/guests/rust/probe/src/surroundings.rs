// SPDX-License-Identifier: AGPL-3.0-only

//! What a guest finds around it: environment, logs, clocks, random numbers, files, sockets, and itself, kept.

use crate::query::Query;
use crate::reply;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use wasip2::http::types::ResponseOutparam;

static REQUESTS: AtomicU64 = AtomicU64::new(0);

pub fn count_request() {
    REQUESTS.fetch_add(1, Ordering::Relaxed);
}

pub fn count(out: ResponseOutparam) {
    reply::json(
        out,
        200,
        json!({ "count": REQUESTS.load(Ordering::Relaxed) }),
    );
}

pub fn environment(out: ResponseOutparam) {
    let report = json!({
        "variables": wasip2::cli::environment::get_environment(),
        "arguments": wasip2::cli::environment::get_arguments(),
        "directory": wasip2::cli::environment::initial_cwd(),
    });
    reply::json(out, 200, report);
}

pub fn log(out: ResponseOutparam, query: &Query) {
    let lines = query.number("lines", 1);
    let line = "l".repeat(query.number("bytes", 10) as usize);
    let to_stderr = query.text("stream") == Some("stderr");
    for _ in 0..lines {
        if to_stderr {
            let _ = writeln!(std::io::stderr(), "{line}");
        } else {
            let _ = writeln!(std::io::stdout(), "{line}");
        }
    }
    // An unfinished line is a line too.
    if let Some(tail) = query.text("tail") {
        let _ = std::io::stdout().write_all(tail.as_bytes());
    }
    let _ = std::io::stdout().flush();
    reply::text(out, 200, "logged\n");
}

pub fn random(out: ResponseOutparam) {
    let bytes = wasip2::random::random::get_random_bytes(16);
    let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let report = json!({
        "bytes": hexadecimal,
        "insecure": wasip2::random::insecure::get_insecure_random_u64().to_string(),
        "seed": format!("{:?}", wasip2::random::insecure_seed::insecure_seed()),
    });
    reply::json(out, 200, report);
}

pub fn clock(out: ResponseOutparam) {
    let wall = wasip2::clocks::wall_clock::now();
    let report = json!({
        "wall_seconds": wall.seconds,
        "monotonic_nanoseconds": wasip2::clocks::monotonic_clock::now(),
    });
    reply::json(out, 200, report);
}

fn outcome<T>(result: std::io::Result<T>) -> Value {
    match result {
        Ok(_) => json!("worked"),
        Err(error) => json!({ "error": error.to_string(), "kind": format!("{:?}", error.kind()) }),
    }
}

pub fn files(out: ResponseOutparam) {
    let report = json!({
        "preopened": wasip2::filesystem::preopens::get_directories().len(),
        "list": outcome(std::fs::read_dir("/")),
        "read": outcome(std::fs::read("/etc/passwd")),
        "write": outcome(std::fs::write("/tmp/probe", b"x")),
    });
    reply::json(out, 200, report);
}

pub fn socket(out: ResponseOutparam, query: &Query) {
    let address = query.text("address").unwrap_or("127.0.0.1:9");
    let report = json!({
        "connect": outcome(std::net::TcpStream::connect(address)),
        "listen": outcome(std::net::TcpListener::bind("127.0.0.1:0")),
        "datagram": outcome(std::net::UdpSocket::bind("127.0.0.1:0")),
        "lookup": outcome(std::net::ToSocketAddrs::to_socket_addrs("localhost:80")),
    });
    reply::json(out, 200, report);
}
