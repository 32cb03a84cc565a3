// SPDX-License-Identifier: AGPL-3.0-only

//! What belongs to one thread although wasmtime's types ask for `Send`.

use std::ops::{Deref, DerefMut};

/// A value of an instance's own thread.
///
/// wasmtime asks that everything a guest's store holds can move between threads. The header rules
/// that an instance, its calls and so its store are only ever touched by the thread that created
/// it, and the bridge starts no other thread that knows of them, so plain reference counts and
/// cells are right.
pub struct Local<T>(T);

// SAFETY: see above.
unsafe impl<T> Send for Local<T> {}
// SAFETY: see above.
unsafe impl<T> Sync for Local<T> {}

impl<T> Local<T> {
    pub fn new(value: T) -> Local<T> {
        Local(value)
    }

    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: Clone> Clone for Local<T> {
    fn clone(&self) -> Local<T> {
        Local(self.0.clone())
    }
}

impl<T> Deref for Local<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Local<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
