// SPDX-License-Identifier: Apache-2.0
//! Random numbers, as many as are needed, of the 32 that the caller hands in.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;

pub const SEED_SIZE: usize = 32;

/// # Safety
/// The seed is readable.
pub unsafe fn generator(seed: *const u8) -> ChaCha20Rng {
    let mut whole = [0; SEED_SIZE];
    whole.copy_from_slice(unsafe { crate::memory::bytes(seed, SEED_SIZE) });
    ChaCha20Rng::from_seed(whole)
}
