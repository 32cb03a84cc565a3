// SPDX-License-Identifier: Apache-2.0
//! AES in its modes of operation.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::consts::U16;
use aes::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser,
    KeyInit, KeyIvInit, KeySizeUser, StreamCipher,
};
use aes::{Aes128, Aes192, Aes256};

use crate::gcm::Gcm;
use crate::memory::{FAILED, bytes, room};

pub const BLOCK: usize = 16;

/// `struct fn0_aes`.
#[repr(C)]
pub struct Parameters {
    mode: u32,
    key: *const u8,
    key_size: usize,
    iv: *const u8,
    iv_size: usize,
    additional: *const u8,
    additional_size: usize,
    tag_size: usize,
    counter_bits: u32,
}

const CBC: u32 = 0;
const CTR: u32 = 1;
const GCM: u32 = 2;
const KEY_WRAP: u32 = 3;

pub trait Aes:
    BlockCipherEncrypt
    + BlockCipherDecrypt
    + BlockSizeUser<BlockSize = U16>
    + KeyInit
    + KeySizeUser
    + Clone
{
}

impl<T> Aes for T where
    T: BlockCipherEncrypt
        + BlockCipherDecrypt
        + BlockSizeUser<BlockSize = U16>
        + KeyInit
        + KeySizeUser
        + Clone
{
}

struct Call<'a> {
    parameters: &'a Parameters,
    key: &'a [u8],
    iv: &'a [u8],
    additional: &'a [u8],
    data: &'a [u8],
    out: &'a mut [u8],
}

impl Call<'_> {
    fn run<C: Aes>(self, decrypt: bool) -> Option<usize> {
        match self.parameters.mode {
            CBC => self.chain::<C>(decrypt),
            CTR => self.count::<C>(),
            GCM => {
                let gcm = Gcm::<C>::new(self.key, self.iv)?;
                let function = if decrypt { Gcm::open } else { Gcm::seal };
                let tag_size = self.parameters.tag_size;
                function(gcm, self.additional, self.data, tag_size, self.out)
            }
            KEY_WRAP => self.wrap::<C>(decrypt),
            _ => None,
        }
    }

    fn chain<C: Aes>(self, decrypt: bool) -> Option<usize> {
        let out = if decrypt {
            let cipher = cbc::Decryptor::<C>::new_from_slices(self.key, self.iv).ok()?;
            cipher.decrypt_padded_b2b::<Pkcs7>(self.data, self.out).ok()
        } else {
            let cipher = cbc::Encryptor::<C>::new_from_slices(self.key, self.iv).ok()?;
            cipher.encrypt_padded_b2b::<Pkcs7>(self.data, self.out).ok()
        };
        Some(out?.len())
    }

    fn wrap<C: Aes>(self, decrypt: bool) -> Option<usize> {
        let cipher = aes_kw::AesKw::<C>::new_from_slice(self.key).ok()?;
        let out = if decrypt {
            cipher.unwrap_key(self.data, self.out)
        } else {
            cipher.wrap_key(self.data, self.out)
        };
        Some(out.ok()?.len())
    }

    /// The counter is the last bits of the block and begins anew at 0 past its end, without a carry into the bits
    /// before it; no block of it may come twice.
    fn count<C: Aes>(self) -> Option<usize> {
        let first = u128::from_be_bytes(self.iv.try_into().ok()?);
        let mask = u128::MAX.checked_shr(128 - self.parameters.counter_bits)?;
        let blocks = self.data.len().div_ceil(BLOCK) as u128;
        let until_wrap = (mask - (first & mask)).saturating_add(1);
        if blocks > mask.saturating_add(1) {
            return None;
        }
        let out = self.out.get_mut(..self.data.len())?;
        let before = until_wrap.min(blocks);
        let split = usize::try_from(before * BLOCK as u128).ok()?.min(out.len());
        for (start, end, counter) in [(0, split, first), (split, out.len(), first & !mask)] {
            let mut cipher =
                ctr::Ctr128BE::<C>::new_from_slices(self.key, &counter.to_be_bytes()).ok()?;
            cipher.apply_keystream_b2b(&self.data[start..end], &mut out[start..end]);
        }
        Some(self.data.len())
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_aes_run(
    parameters: *const Parameters,
    decrypt: bool,
    data: *const u8,
    size: usize,
    out: *mut u8,
    out_room: usize,
) -> usize {
    let call = unsafe {
        let parameters = &*parameters;
        Call {
            parameters,
            key: bytes(parameters.key, parameters.key_size),
            iv: bytes(parameters.iv, parameters.iv_size),
            additional: bytes(parameters.additional, parameters.additional_size),
            data: bytes(data, size),
            out: room(out, out_room),
        }
    };
    match call.key.len() {
        16 => call.run::<Aes128>(decrypt),
        24 => call.run::<Aes192>(decrypt),
        32 => call.run::<Aes256>(decrypt),
        _ => None,
    }
    .unwrap_or(FAILED)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Given {
        mode: u32,
        iv: Vec<u8>,
        tag_size: usize,
        counter_bits: u32,
    }

    fn run(given: &Given, decrypt: bool, data: &[u8]) -> Option<Vec<u8>> {
        let key = [7; 32];
        let parameters = Parameters {
            mode: given.mode,
            key: key.as_ptr(),
            key_size: key.len(),
            iv: given.iv.as_ptr(),
            iv_size: given.iv.len(),
            additional: b"more".as_ptr(),
            additional_size: 4,
            tag_size: given.tag_size,
            counter_bits: given.counter_bits,
        };
        let mut out = vec![0; data.len() + 32];
        let size = unsafe {
            fn0_aes_run(
                &parameters,
                decrypt,
                data.as_ptr(),
                data.len(),
                out.as_mut_ptr(),
                out.len(),
            )
        };
        (size != FAILED).then(|| out[..size].to_vec())
    }

    #[test]
    fn what_is_encrypted_is_decrypted() {
        let text: Vec<u8> = (0..64).collect();
        for (mode, iv_size, tag_size, counter_bits) in [
            (CBC, 16, 0, 0),
            (CTR, 16, 0, 64),
            (GCM, 12, 16, 0),
            (GCM, 12, 12, 0),
            (GCM, 16, 4, 0),
            (GCM, 1, 16, 0),
            (GCM, 300, 13, 0),
            (KEY_WRAP, 0, 0, 0),
        ] {
            let given = Given {
                mode,
                iv: vec![9; iv_size],
                tag_size,
                counter_bits,
            };
            let mut hidden = run(&given, false, &text).unwrap();
            assert_ne!(hidden[..text.len()], text);
            assert_eq!(run(&given, true, &hidden).unwrap(), text);
            if mode == GCM || mode == KEY_WRAP {
                hidden[3] ^= 1;
                assert_eq!(run(&given, true, &hidden), None);
            }
        }
    }

    #[test]
    fn a_counter_comes_round_without_a_carry() {
        let given = |low: u8, counter_bits| Given {
            mode: CTR,
            iv: [vec![5; 15], vec![low]].concat(),
            tag_size: 0,
            counter_bits,
        };
        let round = run(&given(0xFF, 4), false, &[0; 32]).unwrap();
        assert_eq!(round[16..], run(&given(0xF0, 4), false, &[0; 16]).unwrap());
        assert_eq!(run(&given(0xFF, 4), false, &[0; 17 * 16]), None);
        assert_eq!(
            run(&given(0xFF, 128), false, &[0; 17 * 16]).unwrap().len(),
            17 * 16
        );
    }

    #[test]
    fn nonsense_fails() {
        let given = |mode, iv_size| Given {
            mode,
            iv: vec![0; iv_size],
            tag_size: 16,
            counter_bits: 64,
        };
        assert_eq!(run(&given(CBC, 15), false, b"x"), None);
        assert_eq!(run(&given(GCM, 0), false, b"x"), None);
        assert_eq!(run(&given(GCM, 12), true, b"short"), None);
        assert_eq!(
            run(&given(KEY_WRAP, 0), false, b"not a multiple of 8"),
            None
        );
        assert_eq!(run(&given(9, 0), false, b"x"), None);
    }
}
