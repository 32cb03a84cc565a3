// SPDX-License-Identifier: AGPL-3.0-only

//! Why a guest ended: wasmtime's errors as the header's codes, with a backtrace that names the
//! guest's functions.

use crate::abi::*;
use crate::error::Failure;
use crate::io::Interrupted;
use crate::shared::Shared;
use wasmtime::{PoolConcurrencyLimitError, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// How much of what a guest printed before its start-up failed is told.
const STDERR_BYTES_MAX: usize = 1024;

/// With what the guest printed, where nobody has been given it.
pub fn start_or_call_failure(error: &wasmtime::Error, shared: &Shared) -> Failure {
    let mut failure = failure(error, shared);
    if !shared.started.get() && matches!(failure.code, FN0_ERROR_TRAP | FN0_ERROR_INTERRUPTED) {
        let stderr = shared.events.borrow().stderr_tail(STDERR_BYTES_MAX);
        if !stderr.is_empty() {
            failure.message.push_str("\nstderr: ");
            failure.message.push_str(&stderr);
        }
    }
    failure
}

pub fn failure(error: &wasmtime::Error, shared: &Shared) -> Failure {
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        let message = format!("the guest called exit with status {}", exit.0);
        return Failure::new(FN0_ERROR_EXIT, message);
    }
    if let Some(full) = error.downcast_ref::<PoolConcurrencyLimitError>() {
        return Failure::new(FN0_ERROR_POOL_FULL, format!("the pool is full: {full}"));
    }
    if error.is::<wasmtime::OutOfMemory>() {
        return Failure::new(FN0_ERROR_OUT_OF_MEMORY, "out of memory");
    }
    if !shared.started.get() && shared.memory_refusals.get() > 0 && !error.is::<WasmBacktrace>() {
        let message = format!(
            "it begins with more memory than its limit of {} bytes",
            shared.memory_bytes_max
        );
        return Failure::new(FN0_ERROR_TOO_LARGE, message);
    }
    let code = match error.is::<Interrupted>() {
        true => FN0_ERROR_INTERRUPTED,
        false => FN0_ERROR_TRAP,
    };
    let mut message = error.root_cause().to_string();
    if let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() {
        message.push_str(&frames(backtrace));
    }
    Failure::new(code, message)
}

/// One line for each frame, each after a line's end. wasmtime's first line says only that they
/// follow.
fn frames(backtrace: &WasmBacktrace) -> String {
    let text = backtrace.to_string();
    match text.split_once('\n') {
        Some((_, frames)) if !frames.is_empty() => format!("\n{}", frames.trim_end()),
        _ => String::new(),
    }
}
