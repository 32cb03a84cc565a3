// SPDX-License-Identifier: AGPL-3.0-only

//! The types of `include/fn0_bridge.h`, word by word. `tests/bridge/` proves that both agree.

#![allow(non_camel_case_types)]

use crate::error::Failure;
use std::ffi::{c_char, c_int, c_void};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct fn0_slice {
    pub data: *const c_char,
    pub bytes: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct fn0_field {
    pub name: fn0_slice,
    pub value: fn0_slice,
}

pub const FN0_ERROR_INVALID_ARGUMENT: c_int = -1;
pub const FN0_ERROR_OUT_OF_MEMORY: c_int = -2;
pub const FN0_ERROR_NOT_A_COMPONENT: c_int = -3;
pub const FN0_ERROR_UNSUPPORTED_IMPORT: c_int = -4;
pub const FN0_ERROR_MISSING_EXPORT: c_int = -5;
pub const FN0_ERROR_THREADS: c_int = -6;
pub const FN0_ERROR_TOO_LARGE: c_int = -7;
pub const FN0_ERROR_ARTIFACT: c_int = -8;
pub const FN0_ERROR_POOL_FULL: c_int = -9;
pub const FN0_ERROR_TRAP: c_int = -10;
pub const FN0_ERROR_EXIT: c_int = -11;
pub const FN0_ERROR_INTERRUPTED: c_int = -12;
pub const FN0_ERROR_PANIC: c_int = -13;
pub const FN0_ERROR_SYNTAX: c_int = -14;
pub const FN0_ERROR_SYSTEM: c_int = -15;

pub const FN0_ERROR_MESSAGE_BYTES: usize = 4096;

#[repr(C)]
pub struct fn0_error {
    pub code: i32,
    pub message: [c_char; FN0_ERROR_MESSAGE_BYTES],
}

pub type fn0_wake = Option<unsafe extern "C" fn(context: *mut c_void, token: u64)>;

pub type fn0_code_find = Option<
    unsafe extern "C" fn(context: *mut c_void, key: fn0_slice, ret_code: *mut fn0_slice) -> bool,
>;
pub type fn0_code_keep =
    Option<unsafe extern "C" fn(context: *mut c_void, key: fn0_slice, code: fn0_slice)>;

#[repr(C)]
pub struct fn0_engine_options {
    pub instances_max: u32,
    pub core_instances_per_component_max: u32,
    pub memories_per_component_max: u32,
    pub tables_per_component_max: u32,
    pub table_elements_max: u32,
    pub memory_bytes_max: u64,
    pub core_instance_bytes_max: u64,
    pub component_instance_bytes_max: u64,
    pub stack_bytes: u64,
    pub memory_keep_resident_bytes: u64,
    pub table_keep_resident_bytes: u64,
    pub parallel_compilation: bool,
    pub code_find: fn0_code_find,
    pub code_keep: fn0_code_keep,
    pub code_context: *mut c_void,
}

#[repr(C)]
pub struct fn0_bytes {
    pub data: *mut u8,
    pub bytes: usize,
    pub capacity: usize,
}

pub type fn0_poll = u32;
pub const FN0_POLL_READY: fn0_poll = 0;
pub const FN0_POLL_PENDING: fn0_poll = 1;
pub const FN0_POLL_YIELDED: fn0_poll = 2;
pub const FN0_POLL_FAILED: fn0_poll = 3;

#[repr(C)]
pub struct fn0_instance_options {
    pub memory_bytes_max: u64,
    pub environment: *const fn0_field,
    pub environment_count: usize,
    pub wake: fn0_wake,
    pub wake_context: *mut c_void,
    pub token: u64,
}

pub const FN0_SCHEME_HTTP: u32 = 0;
pub const FN0_SCHEME_HTTPS: u32 = 1;

#[repr(C)]
pub struct fn0_request {
    pub method: fn0_slice,
    pub authority: fn0_slice,
    pub path_with_query: fn0_slice,
    pub scheme: u32,
    pub fields: *const fn0_field,
    pub field_count: usize,
    pub has_body: bool,
}

pub const FN0_EVENT_RESPONSE_HEAD: u32 = 0;
pub const FN0_EVENT_RESPONSE_BODY: u32 = 1;
pub const FN0_EVENT_RESPONSE_END: u32 = 2;
pub const FN0_EVENT_RESPONSE_CUT: u32 = 3;
pub const FN0_EVENT_REQUEST_BODY_WANTED: u32 = 4;
pub const FN0_EVENT_REQUEST_BODY_HELD: u32 = 5;
pub const FN0_EVENT_REQUEST_BODY_CONSUMED: u32 = 6;
pub const FN0_EVENT_STDOUT: u32 = 7;
pub const FN0_EVENT_STDERR: u32 = 8;
pub const FN0_EVENT_OUTGOING_REQUEST: u32 = 9;
pub const FN0_EVENT_OUTGOING_BODY: u32 = 10;
pub const FN0_EVENT_OUTGOING_BODY_END: u32 = 11;
pub const FN0_EVENT_OUTGOING_BODY_CUT: u32 = 12;
pub const FN0_EVENT_OUTGOING_CONSUMED: u32 = 13;
pub const FN0_EVENT_OUTGOING_DROPPED: u32 = 14;

pub const FN0_TIMEOUT_NONE: u64 = u64::MAX;

#[repr(C)]
pub struct fn0_outgoing_request {
    pub method: fn0_slice,
    pub authority: fn0_slice,
    pub path_with_query: fn0_slice,
    pub scheme: u32,
    pub fields: *const fn0_field,
    pub field_count: usize,
    pub has_body: bool,
    pub body_bytes: u64,
    pub connect_timeout_ns: u64,
    pub first_byte_timeout_ns: u64,
    pub between_bytes_timeout_ns: u64,
}

#[repr(C)]
pub struct fn0_event {
    pub kind: u32,
    pub status: u32,
    pub outgoing: u64,
    pub number: u64,
    pub text: fn0_slice,
    pub fields: *const fn0_field,
    pub field_count: usize,
    pub request: *const fn0_outgoing_request,
}

#[repr(C)]
pub struct fn0_events {
    pub items: *const fn0_event,
    pub count: usize,
}

#[repr(C)]
pub struct fn0_snapshot_options {
    pub input: fn0_slice,
    pub memory_bytes_max: u64,
    pub wake: fn0_wake,
    pub wake_context: *mut c_void,
    pub token: u64,
}

pub const FN0_TOML_STRING: u32 = 0;
pub const FN0_TOML_INTEGER: u32 = 1;
pub const FN0_TOML_FLOAT: u32 = 2;
pub const FN0_TOML_BOOLEAN: u32 = 3;
pub const FN0_TOML_DATETIME: u32 = 4;
pub const FN0_TOML_TABLE_BEGIN: u32 = 5;
pub const FN0_TOML_TABLE_END: u32 = 6;
pub const FN0_TOML_ARRAY_BEGIN: u32 = 7;
pub const FN0_TOML_ARRAY_END: u32 = 8;

#[repr(C)]
pub struct fn0_toml_item {
    pub kind: u32,
    pub key: fn0_slice,
    pub text: fn0_slice,
    pub integer: i64,
    pub real: f64,
    pub boolean: bool,
    pub line: u32,
    pub column: u32,
}

pub type fn0_toml_visit =
    Option<unsafe extern "C" fn(context: *mut c_void, item: *const fn0_toml_item) -> c_int>;

impl fn0_bytes {
    /// Hands `bytes` over to C, which ends them with fn0_bytes_fini.
    pub fn new(bytes: Vec<u8>) -> fn0_bytes {
        let mut bytes = std::mem::ManuallyDrop::new(bytes);
        fn0_bytes {
            data: bytes.as_mut_ptr(),
            bytes: bytes.len(),
            capacity: bytes.capacity(),
        }
    }
}

impl fn0_slice {
    pub const EMPTY: fn0_slice = fn0_slice {
        data: std::ptr::null(),
        bytes: 0,
    };

    pub fn new(bytes: &[u8]) -> fn0_slice {
        fn0_slice {
            data: bytes.as_ptr().cast(),
            bytes: bytes.len(),
        }
    }

    /// # Safety
    /// The caller of the C interface vouches for the bytes, for as long as `'a`.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.bytes == 0 {
            return &[];
        }
        // SAFETY: see above.
        unsafe { std::slice::from_raw_parts(self.data.cast(), self.bytes) }
    }

    /// # Safety
    /// As for `bytes`.
    pub unsafe fn text<'a>(self, what: &str) -> Result<&'a str, Failure> {
        // SAFETY: see above.
        std::str::from_utf8(unsafe { self.bytes() })
            .map_err(|_| Failure::invalid(format!("the {what} is not UTF-8")))
    }
}

/// # Safety
/// The caller of the C interface vouches for `count` items, for as long as `'a`.
pub unsafe fn items<'a, T>(items: *const T, count: usize) -> &'a [T] {
    if count == 0 {
        return &[];
    }
    // SAFETY: see above.
    unsafe { std::slice::from_raw_parts(items, count) }
}
