// SPDX-License-Identifier: Apache-2.0
//! PKCS#8 and SPKI, in which keys travel.

use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef};
use pkcs8::der::{Decode, Encode};
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use sec1::EcPrivateKey;

use crate::curve::{self, check_public, derive_public};
use crate::memory::{FAILED, bytes, put, room};

/// A key that is not on a curve of `enum fn0_curve`.
const RSA: u32 = 5;

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// What names a kind of key: the algorithm and, on NIST's curves, the curve.
fn names(kind: u32) -> (ObjectIdentifier, Option<ObjectIdentifier>) {
    let curve = |name| (EC_PUBLIC_KEY, Some(ObjectIdentifier::new_unwrap(name)));
    match kind {
        curve::P256 => curve("1.2.840.10045.3.1.7"),
        curve::P384 => curve("1.3.132.0.34"),
        curve::P521 => curve("1.3.132.0.35"),
        curve::ED25519 => (ObjectIdentifier::new_unwrap("1.3.101.112"), None),
        curve::X25519 => (ObjectIdentifier::new_unwrap("1.3.101.110"), None),
        _ => (RSA_ENCRYPTION, None),
    }
}

/// Whether the container's algorithm is that of the kind.
fn is(kind: u32, algorithm: &AlgorithmIdentifierRef<'_>) -> bool {
    let (oid, curve) = names(kind);
    algorithm.oid == oid
        && match curve {
            Some(curve) => algorithm.parameters_oid() == Ok(curve),
            None if kind == RSA => algorithm
                .parameters
                .is_none_or(|parameters| parameters == AnyRef::NULL),
            None => algorithm.parameters.is_none(),
        }
}

fn algorithm<'a>(kind: u32, curve: &'a Option<ObjectIdentifier>) -> AlgorithmIdentifierRef<'a> {
    let parameters = match curve {
        Some(curve) => Some(AnyRef::from(curve)),
        None => (kind == RSA).then_some(AnyRef::NULL),
    };
    AlgorithmIdentifierRef {
        oid: names(kind).0,
        parameters,
    }
}

fn read_public(kind: u32, der: &[u8]) -> Option<Vec<u8>> {
    let container = SubjectPublicKeyInfoRef::from_der(der).ok()?;
    if !is(kind, &container.algorithm) {
        return None;
    }
    let key = container.subject_public_key.as_bytes()?;
    if kind == RSA {
        Some(key.to_vec())
    } else {
        check_public(kind, key)
    }
}

fn write_public(kind: u32, key: &[u8], out: &mut [u8]) -> Option<usize> {
    let (_, curve) = names(kind);
    let container = SubjectPublicKeyInfoRef {
        algorithm: algorithm(kind, &curve),
        subject_public_key: BitStringRef::from_bytes(key).ok()?,
    };
    Some(container.encode_to_slice(out).ok()?.len())
}

fn read_private(kind: u32, der: &[u8]) -> Option<Vec<u8>> {
    let container = PrivateKeyInfoRef::from_der(der).ok()?;
    if !is(kind, &container.algorithm) {
        return None;
    }
    let inside = container.private_key.as_bytes();
    match kind {
        RSA => Some(inside.to_vec()),
        curve::ED25519 | curve::X25519 => {
            let key = <&OctetStringRef>::from_der(inside).ok()?.as_bytes();
            (key.len() == 32).then(|| key.to_vec())
        }
        _ => {
            let key = EcPrivateKey::from_der(inside).ok()?;
            let named = key
                .parameters
                .and_then(|parameters| parameters.named_curve());
            if named.is_some() && named != names(kind).1 {
                return None;
            }
            let public = derive_public(kind, key.private_key)?;
            if key
                .public_key
                .is_some_and(|given| check_public(kind, given).as_ref() != Some(&public))
            {
                return None;
            }
            Some(key.private_key.to_vec())
        }
    }
}

fn write_private(kind: u32, key: &[u8], out: &mut [u8]) -> Option<usize> {
    let (_, curve) = names(kind);
    let mut inside = [0; 256];
    let inside = match kind {
        RSA => key,
        curve::ED25519 | curve::X25519 => OctetStringRef::new(key)
            .ok()?
            .encode_to_slice(&mut inside)
            .ok()?,
        _ => {
            let public = derive_public(kind, key)?;
            let key = EcPrivateKey {
                private_key: key,
                parameters: None,
                public_key: Some(&public),
            };
            key.encode_to_slice(&mut inside).ok()?
        }
    };
    let container =
        PrivateKeyInfoRef::new(algorithm(kind, &curve), OctetStringRef::new(inside).ok()?);
    Some(container.encode_to_slice(out).ok()?.len())
}

/// The functions of the header, which are all of one form. `$run` takes kind, bytes and room.
macro_rules! offer {
    ($($name:ident: $run:expr;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(
            kind: u32,
            data: *const u8,
            size: usize,
            out: *mut u8,
            out_room: usize,
        ) -> usize {
            let (data, out) = unsafe { (bytes(data, size), room(out, out_room)) };
            $run(kind, data, out).unwrap_or(FAILED)
        }
    )*};
}

offer! {
    fn0_spki_read: |kind, data, out| Some(put(out, &read_public(kind, data)?));
    fn0_spki_write: write_public;
    fn0_pkcs8_read: |kind, data, out| Some(put(out, &read_private(kind, data)?));
    fn0_pkcs8_write: write_private;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_from_their_containers() {
        for (kind, private_size) in [
            (curve::P256, 32),
            (curve::P384, 48),
            (curve::P521, 66),
            (curve::ED25519, 32),
            (curve::X25519, 32),
        ] {
            let mut private = vec![1; private_size];
            private[0] = 0;
            let public = derive_public(kind, &private).unwrap();
            let mut out = [0; 512];
            let size = write_private(kind, &private, &mut out).unwrap();
            assert_eq!(read_private(kind, &out[..size]).unwrap(), private);
            assert_eq!(read_private((kind + 1) % 5, &out[..size]), None);
            let size = write_public(kind, &public, &mut out).unwrap();
            assert_eq!(read_public(kind, &out[..size]).unwrap(), public);
            assert_eq!(read_public((kind + 1) % 5, &out[..size]), None);
            assert_eq!(read_public(kind, &out[..size - 1]), None);
        }
    }
}
