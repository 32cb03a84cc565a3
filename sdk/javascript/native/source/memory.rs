// SPDX-License-Identifier: Apache-2.0
//! Memory that C hands in.

/// In place of a size: it did not work.
pub const FAILED: usize = usize::MAX;

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

/// Writes `data` to the start of the caller's room: its size, or FAILED when it does not fit.
pub fn put(out: &mut [u8], data: &[u8]) -> usize {
    match out.get_mut(..data.len()) {
        Some(start) => {
            start.copy_from_slice(data);
            data.len()
        }
        None => FAILED,
    }
}
