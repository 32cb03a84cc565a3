// SPDX-License-Identifier: AGPL-3.0-only

//! How a call can end.

use crate::bodies;
use crate::limits;
use crate::query::Query;
use crate::reply;
use wasip2::http::types::ResponseOutparam;

pub fn trap() {
    core::arch::wasm32::unreachable()
}

/// A head and a chunk leave, then `ending` happens while the body is open.
pub fn head_then(out: ResponseOutparam, ending: fn()) {
    let open = bodies::begun(out);
    ending();
    open.finish(None);
}

pub fn answer_then_sleep(out: ResponseOutparam, query: &Query) {
    reply::text(out, 200, "answered\n");
    limits::sleep_for(query.milliseconds("ms").unwrap_or(0));
    println!("worked on after the answer");
}

pub fn answer_then_spin(out: ResponseOutparam, query: &Query) {
    reply::text(out, 200, "answered\n");
    limits::spin_for(query.milliseconds("ms").unwrap_or(0));
    println!("worked on after the answer");
}
