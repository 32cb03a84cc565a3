// SPDX-License-Identifier: AGPL-3.0-only

//! Time and memory.

use crate::query::Query;
use crate::reply;
use core::arch::wasm32::{memory_grow, memory_size};
use serde_json::json;
use std::hint::black_box;
use wasip2::clocks::monotonic_clock;
use wasip2::http::types::ResponseOutparam;

const PAGE_BYTES: usize = 65_536;

pub fn sleep_for(nanoseconds: u64) {
    monotonic_clock::subscribe_duration(nanoseconds).block();
}

/// Sleeps for ever, as a host can tell.
pub fn hang() {
    sleep_for(u64::MAX / 4);
}

pub fn sleep(out: ResponseOutparam, query: &Query) {
    sleep_for(query.milliseconds("ms").unwrap_or(0));
    reply::text(out, 200, "slept\n");
}

/// Computes until the clock has gone on by so much; rarely asks it.
pub fn spin_for(nanoseconds: u64) -> u64 {
    let end = monotonic_clock::now().saturating_add(nanoseconds);
    let mut rounds = 0u64;
    while monotonic_clock::now() < end {
        for _ in 0..10_000 {
            rounds = black_box(rounds.wrapping_mul(31).wrapping_add(1));
        }
    }
    rounds
}

pub fn spin(out: ResponseOutparam, query: &Query) {
    spin_for(query.milliseconds("ms").unwrap_or(0));
    reply::text(out, 200, "spun\n");
}

pub fn spin_forever() {
    let mut rounds = 0u64;
    loop {
        rounds = black_box(rounds.wrapping_add(1));
    }
}

pub fn memory(out: ResponseOutparam, query: &Query) {
    let pages = query.number("mb", 1) as usize * 16;
    let first = memory_grow::<0>(pages);
    let grown = first != usize::MAX;
    if grown {
        for page in first..first + pages {
            // SAFETY: these pages were just added and nobody else knows of them.
            unsafe { std::ptr::write_volatile((page * PAGE_BYTES) as *mut u8, 1) };
        }
    }
    reply::json(
        out,
        200,
        json!({ "grown": grown, "pages": memory_size::<0>() }),
    );
}

pub fn allocate_until_trap() {
    loop {
        std::mem::forget(black_box(vec![1u8; 1 << 20]));
    }
}

fn recurse(depth: u64) -> u64 {
    let here = black_box([depth; 64]);
    if black_box(true) {
        recurse(depth + 1) + here[63]
    } else {
        here[0]
    }
}

pub fn recurse_until_trap(out: ResponseOutparam) {
    let depth = recurse(0);
    reply::json(out, 200, json!({ "depth": depth }));
}
