// SPDX-License-Identifier: AGPL-3.0-only

//! Failures on their way to C: a code, a message, and no panic past the boundary.

use crate::abi::*;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub struct Failure {
    pub code: c_int,
    pub message: String,
}

impl Failure {
    pub fn new(code: c_int, message: impl Into<String>) -> Failure {
        Failure {
            code,
            message: message.into(),
        }
    }

    pub fn invalid(message: impl Into<String>) -> Failure {
        Failure::new(FN0_ERROR_INVALID_ARGUMENT, message)
    }

    pub fn panic(payload: &(dyn std::any::Any + Send)) -> Failure {
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        Failure::new(FN0_ERROR_PANIC, format!("a defect in the bridge: {text}"))
    }

    /// Writes itself to the caller's error, cut at a character's boundary where it is too long.
    ///
    /// # Safety
    /// `error` is NULL or the caller's own.
    pub unsafe fn fill(&self, error: *mut fn0_error) {
        if error.is_null() {
            return;
        }
        let mut bytes = self.message.len().min(FN0_ERROR_MESSAGE_BYTES - 1);
        while !self.message.is_char_boundary(bytes) {
            bytes -= 1;
        }
        // SAFETY: the caller vouches for `error`; the message's field has room for `bytes` and a
        // zero.
        unsafe {
            let message = (&raw mut (*error).message).cast::<u8>();
            (*error).code = self.code;
            std::ptr::copy_nonoverlapping(self.message.as_ptr(), message, bytes);
            message.add(bytes).write(0);
        }
    }
}

/// Runs `body` for C: 0, or the failure's code with `error` filled.
///
/// # Safety
/// `error` is NULL or the caller's own.
pub unsafe fn answer(error: *mut fn0_error, body: impl FnOnce() -> Result<(), Failure>) -> c_int {
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return 0,
        Ok(Err(failure)) => failure,
        Err(payload) => Failure::panic(&*payload),
    };
    // SAFETY: see above.
    unsafe { failure.fill(error) };
    failure.code
}

/// Runs `body` for a C function that cannot fail; a panic answers `otherwise`.
pub fn contain<R>(otherwise: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}
