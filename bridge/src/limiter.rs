// SPDX-License-Identifier: AGPL-3.0-only

//! Holds a guest to its memory: the sum over all of its linear memories.

use crate::shared::SharedRef;
use wasmtime::ResourceLimiter;

pub struct Limiter {
    shared: SharedRef,
    lifted: bool,
    /// What the growth that was allowed last added; it comes back where it failed nevertheless.
    allowed_bytes: u64,
}

impl Limiter {
    pub fn new(shared: SharedRef) -> Limiter {
        Limiter {
            shared,
            lifted: false,
            allowed_bytes: 0,
        }
    }

    /// From now on only the pool bounds it.
    pub fn lift(&mut self) {
        self.lifted = true;
    }

    fn refuse(&self) {
        let refusals = &self.shared.memory_refusals;
        refusals.set(refusals.get() + 1);
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let added = desired.saturating_sub(current) as u64;
        let sum = self.shared.memory_bytes.get().saturating_add(added);
        if sum > self.shared.memory_bytes_max && !self.lifted {
            self.refuse();
            return Ok(false);
        }
        self.allowed_bytes = added;
        self.shared.memory_bytes.set(sum);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        let sum = self.shared.memory_bytes.get();
        let allowed = std::mem::take(&mut self.allowed_bytes);
        self.shared.memory_bytes.set(sum.saturating_sub(allowed));
        self.refuse();
        Ok(())
    }

    /// The pool's size is the limit of tables.
    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(true)
    }
}
