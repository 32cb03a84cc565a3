// SPDX-License-Identifier: Apache-2.0
//! Memory that C hands in.

/// Bytes of the caller. The pointer may be NULL where the size is 0.
///
/// # Safety
/// The memory is readable for `'a`.
pub unsafe fn bytes<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if size == 0 {
        return &[];
    }
    unsafe { std::slice::from_raw_parts(data, size) }
}

/// Room of the caller to write into.
///
/// # Safety
/// The memory is writable for `'a`, initialised, and nobody else's.
pub unsafe fn room<'a>(data: *mut u8, size: usize) -> &'a mut [u8] {
    if size == 0 {
        return &mut [];
    }
    unsafe { std::slice::from_raw_parts_mut(data, size) }
}
