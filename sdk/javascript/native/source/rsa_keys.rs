// SPDX-License-Identifier: Apache-2.0
//! RSA. Keys are DER of PKCS#1, as they are inside of PKCS#8 and SPKI.

use pkcs1::der::asn1::UintRef;
use pkcs1::der::{Decode, Encode};
use pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{BoxedUint, Oaep, Pkcs1v15Sign, PrivateKey, Pss, PublicKey};

use crate::hash::with_hash;
use crate::memory::{FAILED, bytes, put, room};
use crate::random;

/// `struct fn0_part`: a number, its highest byte first.
#[repr(C)]
pub struct Part {
    data: *const u8,
    size: usize,
}

const PRIVATE_PARTS: usize = 8;
const BITS_MAX: usize = 16384;

fn number(part: UintRef<'_>) -> BoxedUint {
    let data = part.as_bytes();
    BoxedUint::from_be_slice(data, 8 * data.len() as u32).expect("as wide as it is")
}

fn read_public(der: &[u8]) -> Option<PublicKey> {
    let key = RsaPublicKeyRef::from_der(der).ok()?;
    PublicKey::new_with_size_limits(
        number(key.modulus),
        number(key.public_exponent),
        PublicKey::MIN_SIZE..=BITS_MAX,
    )
    .ok()
}

fn read_private(der: &[u8]) -> Option<PrivateKey> {
    let key = RsaPrivateKeyRef::from_der(der).ok()?;
    if key.other_prime_infos.is_some() {
        return None;
    }
    let primes = vec![number(key.prime1), number(key.prime2)];
    PrivateKey::from_components(
        number(key.modulus),
        number(key.public_exponent),
        number(key.private_exponent),
        primes,
    )
    .ok()
}

fn write_parts(parts: &[&[u8]; PRIVATE_PARTS], out: &mut [u8]) -> Option<usize> {
    let mut numbers = parts.iter().map(|part| UintRef::new(part).ok());
    let mut next = || numbers.next().flatten();
    let key = RsaPrivateKeyRef {
        modulus: next()?,
        public_exponent: next()?,
        private_exponent: next()?,
        prime1: next()?,
        prime2: next()?,
        exponent1: next()?,
        exponent2: next()?,
        coefficient: next()?,
        other_prime_infos: None,
    };
    Some(key.encode_to_slice(out).ok()?.len())
}

fn write_private(key: &PrivateKey, out: &mut [u8]) -> Option<usize> {
    let primes = key.primes();
    let numbers = [
        key.n().as_ref().to_be_bytes(),
        key.e().to_be_bytes(),
        key.d().to_be_bytes(),
        primes[0].to_be_bytes(),
        primes[1].to_be_bytes(),
        key.dp()?.to_be_bytes(),
        key.dq()?.to_be_bytes(),
        key.crt_coefficient()?.to_be_bytes(),
    ];
    let parts = std::array::from_fn(|index| &numbers[index][..]);
    write_parts(&parts, out)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_rsa_generate(
    bits: u32,
    exponent: *const u8,
    exponent_size: usize,
    seed: *const u8,
    out: *mut u8,
    out_room: usize,
) -> usize {
    let (exponent, out) = unsafe { (bytes(exponent, exponent_size), room(out, out_room)) };
    let mut generate = || {
        let exponent = BoxedUint::from_be_slice(exponent, 8 * exponent.len() as u32).ok()?;
        let mut random = unsafe { random::generator(seed) };
        let key = PrivateKey::new_with_exp(&mut random, bits as usize, exponent).ok()?;
        write_private(&key, out)
    };
    generate().unwrap_or(FAILED)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_rsa_check_private(der: *const u8, size: usize) -> bool {
    read_private(unsafe { bytes(der, size) }).is_some()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_rsa_public(
    der: *const u8,
    size: usize,
    out: *mut u8,
    out_room: usize,
) -> usize {
    let (der, out) = unsafe { (bytes(der, size), room(out, out_room)) };
    let mut public = || {
        Some(
            RsaPrivateKeyRef::from_der(der)
                .ok()?
                .public_key()
                .encode_to_slice(out)
                .ok()?
                .len(),
        )
    };
    public().unwrap_or(FAILED)
}

/// Shows the caller where the numbers lie.
///
/// # Safety
/// `parts` has room for them.
unsafe fn show<'a>(numbers: impl IntoIterator<Item = UintRef<'a>>, parts: *mut Part) {
    for (index, number) in numbers.into_iter().enumerate() {
        let data = number.as_bytes();
        unsafe {
            parts.add(index).write(Part {
                data: data.as_ptr(),
                size: data.len(),
            })
        };
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_rsa_public_parts(der: *const u8, size: usize, parts: *mut Part) -> bool {
    let der = unsafe { bytes(der, size) };
    let Ok(key) = RsaPublicKeyRef::from_der(der) else {
        return false;
    };
    unsafe { show([key.modulus, key.public_exponent], parts) };
    read_public(der).is_some()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_rsa_private_parts(der: *const u8, size: usize, parts: *mut Part) -> bool {
    let Ok(key) = RsaPrivateKeyRef::from_der(unsafe { bytes(der, size) }) else {
        return false;
    };
    let numbers = [
        key.modulus,
        key.public_exponent,
        key.private_exponent,
        key.prime1,
        key.prime2,
        key.exponent1,
        key.exponent2,
        key.coefficient,
    ];
    unsafe { show(numbers, parts) };
    key.other_prime_infos.is_none()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_rsa_public_of_parts(
    parts: *const Part,
    out: *mut u8,
    out_room: usize,
) -> usize {
    let part = |index| unsafe {
        let part = &*parts.add(index);
        UintRef::new(bytes(part.data, part.size)).ok()
    };
    let write = || {
        let key = RsaPublicKeyRef {
            modulus: part(0)?,
            public_exponent: part(1)?,
        };
        Some(
            key.encode_to_slice(unsafe { room(out, out_room) })
                .ok()?
                .len(),
        )
    };
    write().unwrap_or(FAILED)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_rsa_private_of_parts(
    parts: *const Part,
    out: *mut u8,
    out_room: usize,
) -> usize {
    let parts: [&[u8]; PRIVATE_PARTS] = std::array::from_fn(|index| unsafe {
        let part = &*parts.add(index);
        bytes(part.data, part.size)
    });
    write_parts(&parts, unsafe { room(out, out_room) }).unwrap_or(FAILED)
}

/// `struct fn0_rsa`.
#[repr(C)]
pub struct Parameters {
    scheme: u32,
    hash: u32,
    key: *const u8,
    key_size: usize,
    salt_size: usize,
    label: *const u8,
    label_size: usize,
    seed: *const u8,
}

const PKCS1: u32 = 0;

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_rsa_sign(
    parameters: *const Parameters,
    digest: *const u8,
    digest_size: usize,
    out: *mut u8,
    out_room: usize,
) -> usize {
    let parameters = unsafe { &*parameters };
    let digest = unsafe { bytes(digest, digest_size) };
    let sign = || {
        let key = read_private(unsafe { bytes(parameters.key, parameters.key_size) })?;
        let mut random = unsafe { random::generator(parameters.seed) };
        with_hash!(parameters.hash, D => if parameters.scheme == PKCS1 {
            key.sign_with_rng(&mut random, Pkcs1v15Sign::new::<D>(), digest)
        } else {
            key.sign_with_rng(&mut random, Pss::<D>::new_with_salt(parameters.salt_size), digest)
        })
        .ok()
    };
    sign().map_or(FAILED, |signature| {
        put(unsafe { room(out, out_room) }, &signature)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_rsa_verify(
    parameters: *const Parameters,
    digest: *const u8,
    digest_size: usize,
    signature: *const u8,
    signature_size: usize,
) -> bool {
    let parameters = unsafe { &*parameters };
    let (digest, signature) =
        unsafe { (bytes(digest, digest_size), bytes(signature, signature_size)) };
    let verify = || {
        let key = read_public(unsafe { bytes(parameters.key, parameters.key_size) })?;
        with_hash!(parameters.hash, D => if parameters.scheme == PKCS1 {
            key.verify(Pkcs1v15Sign::new::<D>(), digest, signature)
        } else {
            key.verify(Pss::<D>::new_with_salt(parameters.salt_size), digest, signature)
        })
        .ok()
    };
    verify().is_some()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_rsa_oaep(
    parameters: *const Parameters,
    decrypt: bool,
    data: *const u8,
    size: usize,
    out: *mut u8,
    out_room: usize,
) -> usize {
    let parameters = unsafe { &*parameters };
    let (data, key, label) = unsafe {
        (
            bytes(data, size),
            bytes(parameters.key, parameters.key_size),
            bytes(parameters.label, parameters.label_size),
        )
    };
    let run = || {
        let mut random = unsafe { random::generator(parameters.seed) };
        with_hash!(parameters.hash, D => {
            let padding = Oaep::<D>::new_with_label(label);
            if decrypt {
                read_private(key)?.decrypt_blinded(&mut random, padding, data)
            } else {
                read_public(key)?.encrypt(&mut random, padding, data)
            }
        })
        .ok()
    };
    run().map_or(FAILED, |done| put(unsafe { room(out, out_room) }, &done))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: [u8; 32] = [7; 32];

    fn key() -> Vec<u8> {
        let mut out = vec![0; 4096];
        let size = unsafe {
            fn0_rsa_generate(
                2048,
                [1, 0, 1].as_ptr(),
                3,
                SEED.as_ptr(),
                out.as_mut_ptr(),
                out.len(),
            )
        };
        assert_ne!(size, FAILED);
        out.truncate(size);
        out
    }

    fn public(private: &[u8]) -> Vec<u8> {
        let mut out = vec![0; 1024];
        let size =
            unsafe { fn0_rsa_public(private.as_ptr(), private.len(), out.as_mut_ptr(), out.len()) };
        out.truncate(size);
        out
    }

    fn parameters(scheme: u32, key: &[u8]) -> Parameters {
        Parameters {
            scheme,
            hash: crate::hash::SHA256,
            key: key.as_ptr(),
            key_size: key.len(),
            salt_size: 20,
            label: b"label".as_ptr(),
            label_size: 5,
            seed: SEED.as_ptr(),
        }
    }

    #[test]
    fn keys_sign_encrypt_and_come_apart() {
        let private = key();
        let public = public(&private);
        let mut out = [0; 256];
        for scheme in [0, 1] {
            let digest = [5; 32];
            let given = parameters(scheme, &private);
            let size =
                unsafe { fn0_rsa_sign(&given, digest.as_ptr(), 32, out.as_mut_ptr(), out.len()) };
            assert_eq!(size, 256);
            let verify = |digest: [u8; 32]| unsafe {
                fn0_rsa_verify(
                    &parameters(scheme, &public),
                    digest.as_ptr(),
                    32,
                    out.as_ptr(),
                    256,
                )
            };
            assert!(verify(digest) && !verify([6; 32]));
        }
        let given = parameters(2, &public);
        let size = unsafe {
            fn0_rsa_oaep(
                &given,
                false,
                b"text".as_ptr(),
                4,
                out.as_mut_ptr(),
                out.len(),
            )
        };
        assert_eq!(size, 256);
        let mut text = [0; 256];
        let given = parameters(2, &private);
        let size = unsafe {
            fn0_rsa_oaep(
                &given,
                true,
                out.as_ptr(),
                256,
                text.as_mut_ptr(),
                text.len(),
            )
        };
        assert_eq!(&text[..size], b"text");

        let mut parts: [Part; 8] = std::array::from_fn(|_| Part {
            data: std::ptr::null(),
            size: 0,
        });
        assert!(unsafe {
            fn0_rsa_private_parts(private.as_ptr(), private.len(), parts.as_mut_ptr())
        });
        let mut again = vec![0; private.len()];
        let size =
            unsafe { fn0_rsa_private_of_parts(parts.as_ptr(), again.as_mut_ptr(), again.len()) };
        assert_eq!(again[..size], private);
        assert!(unsafe { fn0_rsa_check_private(private.as_ptr(), private.len()) });
        parts.swap(2, 3);
        let size =
            unsafe { fn0_rsa_private_of_parts(parts.as_ptr(), again.as_mut_ptr(), again.len()) };
        assert!(!unsafe { fn0_rsa_check_private(again.as_ptr(), size) });
    }
}
