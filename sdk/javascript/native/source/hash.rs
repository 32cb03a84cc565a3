// SPDX-License-Identifier: Apache-2.0
//! Digests and what is built of them.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::memory::{bytes, room};

/// `enum fn0_hash`.
pub const SHA1: u32 = 0;
pub const SHA256: u32 = 1;
pub const SHA384: u32 = 2;
#[cfg(test)]
pub const SHA512: u32 = 3;

/// Runs the expression with a type of the hash that C has named.
macro_rules! with_hash {
    ($hash:expr, $Hash:ident => $body:expr) => {
        match $hash {
            $crate::hash::SHA1 => {
                type $Hash = sha1::Sha1;
                $body
            }
            $crate::hash::SHA256 => {
                type $Hash = sha2::Sha256;
                $body
            }
            $crate::hash::SHA384 => {
                type $Hash = sha2::Sha384;
                $body
            }
            _ => {
                type $Hash = sha2::Sha512;
                $body
            }
        }
    };
}
pub(crate) use with_hash;

fn digest<D: Digest>(data: &[u8], out: *mut u8) -> usize {
    let digest = D::digest(data);
    unsafe { room(out, digest.len()) }.copy_from_slice(&digest);
    digest.len()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_digest(hash: u32, data: *const u8, size: usize, out: *mut u8) -> usize {
    let data = unsafe { bytes(data, size) };
    match hash {
        SHA1 => digest::<Sha1>(data, out),
        SHA256 => digest::<Sha256>(data, out),
        SHA384 => digest::<Sha384>(data, out),
        _ => digest::<Sha512>(data, out),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_hmac(
    hash: u32,
    key: *const u8,
    key_size: usize,
    data: *const u8,
    size: usize,
    out: *mut u8,
) -> usize {
    let (key, data) = unsafe { (bytes(key, key_size), bytes(data, size)) };
    with_hash!(hash, D => {
        let mut mac = Hmac::<D>::new_from_slice(key).expect("any size will do");
        mac.update(data);
        let tag = mac.finalize().into_bytes();
        unsafe { room(out, tag.len()) }.copy_from_slice(&tag);
        tag.len()
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_equal(one: *const u8, other: *const u8, size: usize) -> bool {
    let (one, other) = unsafe { (bytes(one, size), bytes(other, size)) };
    subtle::ConstantTimeEq::ct_eq(one, other).into()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_pbkdf2(
    hash: u32,
    password: *const u8,
    password_size: usize,
    salt: *const u8,
    salt_size: usize,
    iterations: u32,
    out: *mut u8,
    out_size: usize,
) {
    let (password, salt) = unsafe { (bytes(password, password_size), bytes(salt, salt_size)) };
    let out = unsafe { room(out, out_size) };
    with_hash!(hash, D => pbkdf2::pbkdf2_hmac::<D>(password, salt, iterations, out));
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_hkdf(
    hash: u32,
    secret: *const u8,
    secret_size: usize,
    salt: *const u8,
    salt_size: usize,
    info: *const u8,
    info_size: usize,
    out: *mut u8,
    out_size: usize,
) -> bool {
    let (secret, salt) = unsafe { (bytes(secret, secret_size), bytes(salt, salt_size)) };
    let (info, out) = unsafe { (bytes(info, info_size), room(out, out_size)) };
    with_hash!(hash, D => Hkdf::<D>::new(Some(salt), secret).expand(info, out).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(data: &[u8]) -> String {
        data.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn digests_are_those_of_the_standard() {
        let mut out = [0; 64];
        for (hash, size, begins) in [
            (SHA1, 20, "a9993e36"),
            (SHA256, 32, "ba7816bf"),
            (SHA384, 48, "cb00753f"),
            (SHA512, 64, "ddaf35a1"),
        ] {
            assert_eq!(
                unsafe { fn0_digest(hash, b"abc".as_ptr(), 3, out.as_mut_ptr()) },
                size
            );
            assert!(hex(&out).starts_with(begins));
        }
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let mut out = [0; 64];
        let (key, data) = (b"Jefe", b"what do ya want for nothing?");
        let size = unsafe {
            fn0_hmac(
                SHA256,
                key.as_ptr(),
                key.len(),
                data.as_ptr(),
                data.len(),
                out.as_mut_ptr(),
            )
        };
        assert_eq!(size, 32);
        assert!(hex(&out).starts_with("5bdcc146bf60754e6a042426089575c7"));
    }

    #[test]
    fn hkdf_has_an_end() {
        let mut out = vec![0; 255 * 32 + 1];
        let derive = |out: &mut [u8]| unsafe {
            let (secret, none) = (b"secret".as_ptr(), std::ptr::null());
            fn0_hkdf(
                SHA256,
                secret,
                6,
                none,
                0,
                none,
                0,
                out.as_mut_ptr(),
                out.len(),
            )
        };
        assert!(!derive(&mut out));
        assert!(derive(&mut out[1..]));
    }
}
