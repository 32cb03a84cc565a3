// SPDX-License-Identifier: AGPL-3.0-only

//! The probe: one component whose routes try everything that fn0 promises or refuses. What a route takes comes in the
//! query string; answers that report something are JSON.
//!
//! | route | does |
//! | --- | --- |
//! | `/`, `/hello` | answers `Hello, world!` |
//! | `/headers` | reports method, scheme, authority, path and headers of the request |
//! | `/environment` | reports variables, arguments and the working directory |
//! | `/count` | reports how many requests this instance has had |
//! | `/status?code=` | answers with that status |
//! | `/response-header?bytes=&fields=1` | sends fields whose lines (`name: value`, CR, LF) take that many bytes in all |
//! | `/forbidden-headers` | reports for hop-by-hop and malformed fields whether the host takes them |
//! | `/length?declared=&sent=` | sends a body of another length than its Content-Length says |
//! | `/trailers` | a short body, then the trailer `x-checksum: abc` |
//! | `/echo` | streams the request's body back, its Content-Type and (with `?length=`) a Content-Length kept |
//! | `/echo-trailers` | the same, with the request's trailers as the response's |
//! | `/size` | reads the whole body, reports its bytes and whether it ended well |
//! | `/stream?chunks=&bytes=&delay_ms=` | writes so many chunks |
//! | `/write-forever` | writes until it cannot |
//! | `/read-nothing` | answers without touching the body |
//! | `/read-then-hang` | reads the body, then sleeps for ever |
//! | `/sleep?ms=` | sleeps, then answers |
//! | `/spin?ms=` | computes for that long by the monotonic clock, then answers |
//! | `/spin-forever` | a loop without a call of the host |
//! | `/memory?mb=` | grows its memory, touches it, reports whether it could |
//! | `/allocate-until-trap` | allocates until the allocator gives up |
//! | `/recurse` | recurses until the stack is used up |
//! | `/trap`, `/panic`, `/exit?code=` | ends in these ways |
//! | `/no-response` | returns without having set a response |
//! | `/double` | takes bodies and streams twice, reports whether the host lets it |
//! | `/head-then-trap`, `/head-then-spin`, `/head-then-hang` | a head and a chunk, then that |
//! | `/answer-then-sleep?ms=`, `/answer-then-spin?ms=` | a whole answer, then works on |
//! | `/log?lines=&bytes=&stream=stdout` | writes lines of that length to stdout or stderr |
//! | `/random`, `/clock`, `/files`, `/socket?address=` | reports what the host gives of these |
//! | `/fetch?url=&method=` | sends a request, streams the answer back; failures are `{"error": …}` with status 502 |
//! | … `&connect_ms=&first_byte_ms=&between_bytes_ms=` | … with these timeouts |
//! | `/fetch-post?url=&trailers=name:value` | … with the request's body streamed through |
//! | `/fetch-many?url=&n=&parallel=` | sends n requests, reports how many worked and the first error |

mod bodies;
mod endings;
mod fetching;
mod heads;
mod limits;
mod query;
mod reply;
mod surroundings;

use query::Query;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};

struct Probe;

wasip2::http::proxy::export!(Probe);

impl Guest for Probe {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (path, query) = Query::split(&target);
        surroundings::count_request();
        match path.as_str() {
            "/" | "/hello" => reply::text(out, 200, "Hello, world!\n"),
            "/headers" => heads::report(request, out),
            "/status" => heads::status(out, &query),
            "/response-header" => heads::response_header(out, &query),
            "/forbidden-headers" => heads::forbidden(out),
            "/length" => heads::length(out, &query),
            "/trailers" => bodies::trailers(out),
            "/echo" => bodies::echo(request, out, &query, false),
            "/echo-trailers" => bodies::echo(request, out, &query, true),
            "/size" => bodies::size(request, out),
            "/stream" => bodies::stream(out, &query),
            "/write-forever" => bodies::write_forever(out),
            "/read-nothing" => reply::text(out, 200, "nothing read\n"),
            "/read-then-hang" => bodies::read_then_hang(request, out),
            "/double" => bodies::double(request, out),
            "/sleep" => limits::sleep(out, &query),
            "/spin" => limits::spin(out, &query),
            "/spin-forever" => limits::spin_forever(),
            "/memory" => limits::memory(out, &query),
            "/allocate-until-trap" => limits::allocate_until_trap(),
            "/recurse" => limits::recurse_until_trap(out),
            "/trap" => endings::trap(),
            "/panic" => panic!("the probe was asked to panic"),
            "/exit" => std::process::exit(query.number("code", 0) as i32),
            "/no-response" => drop(out),
            "/head-then-trap" => endings::head_then(out, endings::trap),
            "/head-then-spin" => endings::head_then(out, limits::spin_forever),
            "/head-then-hang" => endings::head_then(out, limits::hang),
            "/answer-then-sleep" => endings::answer_then_sleep(out, &query),
            "/answer-then-spin" => endings::answer_then_spin(out, &query),
            "/log" => surroundings::log(out, &query),
            "/count" => surroundings::count(out),
            "/environment" => surroundings::environment(out),
            "/random" => surroundings::random(out),
            "/clock" => surroundings::clock(out),
            "/files" => surroundings::files(out),
            "/socket" => surroundings::socket(out, &query),
            "/fetch" | "/fetch-timeout" => fetching::fetch(request, out, &query, false),
            "/fetch-post" => fetching::fetch(request, out, &query, true),
            "/fetch-many" => fetching::fetch_many(out, &query),
            _ => reply::text(out, 404, "the probe has no such route\n"),
        }
    }
}
