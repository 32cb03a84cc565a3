// SPDX-License-Identifier: AGPL-3.0-only

//! Compiled functions that C keeps, so that Cranelift need not compile them again.

use crate::abi::*;
use std::borrow::Cow;
use std::ffi::c_void;
use wasmtime::CacheStore;

pub struct CodeCache {
    find: unsafe extern "C" fn(*mut c_void, fn0_slice, *mut fn0_slice) -> bool,
    keep: unsafe extern "C" fn(*mut c_void, fn0_slice, fn0_slice),
    context: *mut c_void,
}

// SAFETY: the header asks of C that both may be called from any thread.
unsafe impl Send for CodeCache {}
// SAFETY: as above, and by several at a time.
unsafe impl Sync for CodeCache {}

impl CodeCache {
    /// None where C keeps nothing.
    pub fn new(options: &fn0_engine_options) -> Option<CodeCache> {
        Some(CodeCache {
            find: options.code_find?,
            keep: options.code_keep?,
            context: options.code_context,
        })
    }
}

impl std::fmt::Debug for CodeCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeCache")
    }
}

impl CacheStore for CodeCache {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        let mut code = fn0_slice::EMPTY;
        // SAFETY: the header's rules for the callback; what it answers lives as long as the engine,
        // and so this.
        unsafe {
            (self.find)(self.context, fn0_slice::new(key), &raw mut code)
                .then(|| Cow::Borrowed(code.bytes()))
        }
    }

    fn insert(&self, key: &[u8], value: Vec<u8>) -> bool {
        // SAFETY: the header's rules for the callback.
        unsafe { (self.keep)(self.context, fn0_slice::new(key), fn0_slice::new(&value)) };
        true
    }
}
