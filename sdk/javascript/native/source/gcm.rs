// SPDX-License-Identifier: Apache-2.0
//! AES-GCM (NIST SP 800-38D) of the crates for its two halves, GHASH and the counter. The crate for the whole knows an iv's
//! length when it is compiled, and no short tags; Web Cryptography takes any.

use aes::cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr32BE;
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use subtle::ConstantTimeEq;

use crate::cipher::{Aes, BLOCK};

pub struct Gcm<C: Aes> {
    counter: Ctr32BE<C>,
    hash: GHash,
    /// The first block of the counter, which hides the tag.
    mask: [u8; BLOCK],
}

/// Two lengths, in bits: the last block that is hashed.
fn lengths(one: usize, other: usize) -> [u8; BLOCK] {
    (((8 * one as u128) << 64) | (8 * other as u128)).to_be_bytes()
}

impl<C: Aes> Gcm<C> {
    pub fn new(key: &[u8], iv: &[u8]) -> Option<Self> {
        let mut hash_key = Default::default();
        C::new_from_slice(key).ok()?.encrypt_block(&mut hash_key);
        let hash = GHash::new(&hash_key);
        let mut first = [0; BLOCK];
        match iv.len() {
            0 => return None,
            12 => {
                first[..12].copy_from_slice(iv);
                first[BLOCK - 1] = 1;
            }
            size => {
                let mut hash = hash.clone();
                hash.update_padded(iv);
                hash.update(&[lengths(0, size).into()]);
                first = hash.finalize().into();
            }
        }
        let mut counter = Ctr32BE::<C>::new_from_slices(key, &first).ok()?;
        let mut mask = [0; BLOCK];
        counter.apply_keystream(&mut mask);
        Some(Self {
            counter,
            hash,
            mask,
        })
    }

    fn tag(&self, additional: &[u8], hidden: &[u8]) -> [u8; BLOCK] {
        let mut hash = self.hash.clone();
        hash.update_padded(additional);
        hash.update_padded(hidden);
        hash.update(&[lengths(additional.len(), hidden.len()).into()]);
        let mut tag: [u8; BLOCK] = hash.finalize().into();
        for (byte, mask) in tag.iter_mut().zip(self.mask) {
            *byte ^= mask;
        }
        tag
    }

    /// Writes what is hidden, and the tag behind it.
    pub fn seal(
        mut self,
        additional: &[u8],
        data: &[u8],
        tag_size: usize,
        out: &mut [u8],
    ) -> Option<usize> {
        let size = data.len() + tag_size;
        let (hidden, tag) = out.get_mut(..size)?.split_at_mut(data.len());
        self.counter.apply_keystream_b2b(data, hidden);
        tag.copy_from_slice(self.tag(additional, hidden).get(..tag_size)?);
        Some(size)
    }

    /// Writes the text, when the tag behind what is hidden is right.
    pub fn open(
        mut self,
        additional: &[u8],
        data: &[u8],
        tag_size: usize,
        out: &mut [u8],
    ) -> Option<usize> {
        let (hidden, tag) = data.split_at_checked(data.len().checked_sub(tag_size)?)?;
        let expected = self.tag(additional, hidden);
        if !bool::from(expected.get(..tag_size)?.ct_eq(tag)) {
            return None;
        }
        let out = out.get_mut(..hidden.len())?;
        self.counter.apply_keystream_b2b(hidden, out);
        Some(hidden.len())
    }
}
