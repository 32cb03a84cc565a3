// SPDX-License-Identifier: Apache-2.0
//! Elliptic curves: ECDSA and ECDH on NIST's, Ed25519, X25519.
//!
//! A private key is as many bytes as the curve's field has; a public one is the uncompressed point, or the 32 bytes of the
//! Edwards and Montgomery curves.

use ecdsa::hazmat::{sign_prehashed_rfc6979, verify_prehashed};
use ecdsa::{DigestAlgorithm, EcdsaCurve, Signature, SignatureSize};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use p256::elliptic_curve::array::ArraySize;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{
    AffinePoint, CurveArithmetic, FieldBytesSize, Generate, PublicKey, SecretKey, ecdh,
};
use x25519_dalek::StaticSecret;

use crate::memory::{FAILED, bytes, put, room};
use crate::random;

/// `enum fn0_curve`.
pub const P256: u32 = 0;
pub const P384: u32 = 1;
pub const P521: u32 = 2;
pub const ED25519: u32 = 3;
pub const X25519: u32 = 4;

trait Nist: EcdsaCurve + CurveArithmetic + DigestAlgorithm {}
impl<T: EcdsaCurve + CurveArithmetic + DigestAlgorithm> Nist for T {}

macro_rules! with_nist {
    ($curve:expr, $Curve:ident => $body:expr) => {
        match $curve {
            P256 => {
                type $Curve = p256::NistP256;
                $body
            }
            P384 => {
                type $Curve = p384::NistP384;
                $body
            }
            P521 => {
                type $Curve = p521::NistP521;
                $body
            }
            _ => return Default::default(),
        }
    };
}

fn generate<C: CurveArithmetic>(seed: *const u8, out: &mut [u8]) -> usize {
    put(
        out,
        &SecretKey::<C>::generate_from_rng(&mut unsafe { random::generator(seed) }).to_bytes(),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_curve_generate(
    curve: u32,
    seed: *const u8,
    out: *mut u8,
    out_room: usize,
) -> usize {
    let out = unsafe { room(out, out_room) };
    match curve {
        P256 => generate::<p256::NistP256>(seed, out),
        P384 => generate::<p384::NistP384>(seed, out),
        P521 => generate::<p521::NistP521>(seed, out),
        _ => put(out, unsafe { bytes(seed, random::SEED_SIZE) }),
    }
}

fn public_of<C>(private: &[u8]) -> Option<Vec<u8>>
where
    C: CurveArithmetic,
    AffinePoint<C>: ToSec1Point<C> + FromSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let private = SecretKey::<C>::from_bytes(private.try_into().ok()?).ok()?;
    Some(
        private
            .public_key()
            .to_sec1_point(false)
            .as_bytes()
            .to_vec(),
    )
}

/// The public key of a private one, if that is one.
pub fn derive_public(curve: u32, private: &[u8]) -> Option<Vec<u8>> {
    match curve {
        ED25519 => Some(
            SigningKey::from_bytes(private.try_into().ok()?)
                .verifying_key()
                .to_bytes()
                .to_vec(),
        ),
        X25519 => {
            let private: [u8; 32] = private.try_into().ok()?;
            Some(
                x25519_dalek::PublicKey::from(&StaticSecret::from(private))
                    .to_bytes()
                    .to_vec(),
            )
        }
        _ => with_nist!(curve, C => public_of::<C>(private)),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_curve_public(
    curve: u32,
    private: *const u8,
    private_size: usize,
    out: *mut u8,
    out_room: usize,
) -> usize {
    let (private, out) = unsafe { (bytes(private, private_size), room(out, out_room)) };
    derive_public(curve, private).map_or(FAILED, |public| put(out, &public))
}

fn uncompressed<C>(public: &[u8]) -> Option<Vec<u8>>
where
    C: CurveArithmetic,
    AffinePoint<C>: ToSec1Point<C> + FromSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let public = PublicKey::<C>::from_sec1_bytes(public).ok()?;
    Some(public.to_sec1_point(false).as_bytes().to_vec())
}

/// A public key in its uncompressed form, if it is one.
pub fn check_public(curve: u32, public: &[u8]) -> Option<Vec<u8>> {
    match curve {
        ED25519 | X25519 => (public.len() == 32).then(|| public.to_vec()),
        _ => with_nist!(curve, C => uncompressed::<C>(public)),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_curve_check_public(
    curve: u32,
    public: *const u8,
    public_size: usize,
    out: *mut u8,
    out_room: usize,
) -> usize {
    let (public, out) = unsafe { (bytes(public, public_size), room(out, out_room)) };
    check_public(curve, public).map_or(FAILED, |public| put(out, &public))
}

fn sign<C: Nist>(private: &[u8], digest: &[u8]) -> Option<Vec<u8>>
where
    SignatureSize<C>: ArraySize,
{
    let private = SecretKey::<C>::from_bytes(private.try_into().ok()?).ok()?;
    let (signature, _) =
        sign_prehashed_rfc6979::<C, C::Digest>(&private.to_nonzero_scalar(), digest, &[]);
    Some(signature.to_bytes().to_vec())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_ecdsa_sign(
    curve: u32,
    private: *const u8,
    private_size: usize,
    digest: *const u8,
    digest_size: usize,
    out: *mut u8,
    out_room: usize,
) -> usize {
    let (private, digest) = unsafe { (bytes(private, private_size), bytes(digest, digest_size)) };
    let signature: Option<Vec<u8>> = (|| with_nist!(curve, C => sign::<C>(private, digest)))();
    signature.map_or(FAILED, |signature| {
        put(unsafe { room(out, out_room) }, &signature)
    })
}

fn verify<C: Nist>(public: &[u8], digest: &[u8], signature: &[u8]) -> Option<()>
where
    SignatureSize<C>: ArraySize,
    AffinePoint<C>: ToSec1Point<C> + FromSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let public = PublicKey::<C>::from_sec1_bytes(public).ok()?;
    let signature = Signature::<C>::from_slice(signature).ok()?;
    verify_prehashed::<C>(&public.to_projective(), digest, &signature).ok()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_ecdsa_verify(
    curve: u32,
    public: *const u8,
    public_size: usize,
    digest: *const u8,
    digest_size: usize,
    signature: *const u8,
    signature_size: usize,
) -> bool {
    let (public, digest) = unsafe { (bytes(public, public_size), bytes(digest, digest_size)) };
    let signature = unsafe { bytes(signature, signature_size) };
    let verified: Option<()> =
        (|| with_nist!(curve, C => verify::<C>(public, digest, signature)))();
    verified.is_some()
}

fn agree<C>(private: &[u8], public: &[u8]) -> Option<Vec<u8>>
where
    C: CurveArithmetic,
    AffinePoint<C>: ToSec1Point<C> + FromSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let private = SecretKey::<C>::from_bytes(private.try_into().ok()?).ok()?;
    let public = PublicKey::<C>::from_sec1_bytes(public).ok()?;
    let secret = ecdh::diffie_hellman::<C>(private.to_nonzero_scalar(), public.as_affine());
    Some(secret.raw_secret_bytes().to_vec())
}

fn agree_x25519(private: &[u8], public: &[u8]) -> Option<Vec<u8>> {
    let (private, public): ([u8; 32], [u8; 32]) =
        (private.try_into().ok()?, public.try_into().ok()?);
    let secret = StaticSecret::from(private).diffie_hellman(&public.into());
    // A point of small order would give all zeros, whatever the private key.
    secret
        .was_contributory()
        .then(|| secret.to_bytes().to_vec())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_ecdh(
    curve: u32,
    private: *const u8,
    private_size: usize,
    public: *const u8,
    public_size: usize,
    out: *mut u8,
    out_room: usize,
) -> usize {
    let (private, public) = unsafe { (bytes(private, private_size), bytes(public, public_size)) };
    let secret: Option<Vec<u8>> = match curve {
        X25519 => agree_x25519(private, public),
        _ => (|| with_nist!(curve, C => agree::<C>(private, public)))(),
    };
    secret.map_or(FAILED, |secret| {
        put(unsafe { room(out, out_room) }, &secret)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_ed25519_sign(
    private: *const u8,
    data: *const u8,
    size: usize,
    out: *mut u8,
) {
    let (private, data) = unsafe { (bytes(private, 32), bytes(data, size)) };
    let key = SigningKey::from_bytes(private.try_into().expect("32 bytes"));
    unsafe { room(out, 64) }.copy_from_slice(&key.sign(data).to_bytes());
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fn0_ed25519_verify(
    public: *const u8,
    data: *const u8,
    size: usize,
    signature: *const u8,
    signature_size: usize,
) -> bool {
    let (public, data) = unsafe { (bytes(public, 32), bytes(data, size)) };
    let verify = || {
        let key = VerifyingKey::from_bytes(public.try_into().ok()?).ok()?;
        let signature = unsafe { bytes(signature, signature_size) }
            .try_into()
            .ok()?;
        key.verify_strict(data, &ed25519_dalek::Signature::from_bytes(signature))
            .ok()
    };
    verify().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generated(curve: u32, first: u8) -> (Vec<u8>, Vec<u8>) {
        let mut out = [0; 66];
        let size =
            unsafe { fn0_curve_generate(curve, [first; 32].as_ptr(), out.as_mut_ptr(), out.len()) };
        let private = out[..size].to_vec();
        let public = derive_public(curve, &private).unwrap();
        (private, public)
    }

    #[test]
    fn signatures_verify() {
        for (curve, digest_size) in [(P256, 32), (P384, 20), (P521, 32), (P521, 64)] {
            let (private, public) = generated(curve, 1);
            let mut digest = vec![3; digest_size];
            let mut out = [0; 132];
            let size = unsafe {
                let (private, digest) = (private.as_ptr_range(), digest.as_ptr());
                let private_size = private.end.offset_from_unsigned(private.start);
                fn0_ecdsa_sign(
                    curve,
                    private.start,
                    private_size,
                    digest,
                    digest_size,
                    out.as_mut_ptr(),
                    132,
                )
            };
            assert_eq!(size, private.len() * 2);
            let verify = |digest: &[u8]| unsafe {
                let (key, key_size) = (public.as_ptr(), public.len());
                fn0_ecdsa_verify(
                    curve,
                    key,
                    key_size,
                    digest.as_ptr(),
                    digest.len(),
                    out.as_ptr(),
                    size,
                )
            };
            assert!(verify(&digest));
            digest[0] ^= 1;
            assert!(!verify(&digest));
        }
    }

    #[test]
    fn two_agree_on_a_secret() {
        for curve in [P256, P384, P521, X25519] {
            let (one, other) = (generated(curve, 1), generated(curve, 2));
            let agree = |private: &[u8], public: &[u8]| {
                let mut out = [0; 66];
                let size = unsafe {
                    let (key, key_size) = (private.as_ptr(), private.len());
                    fn0_ecdh(
                        curve,
                        key,
                        key_size,
                        public.as_ptr(),
                        public.len(),
                        out.as_mut_ptr(),
                        66,
                    )
                };
                (size != FAILED).then(|| out[..size].to_vec())
            };
            assert_eq!(
                agree(&one.0, &other.1).unwrap(),
                agree(&other.0, &one.1).unwrap()
            );
            assert_eq!(agree(&one.0, &vec![0; other.1.len()]), None);
        }
    }

    #[test]
    fn ed25519_is_that_of_rfc_8032() {
        let private = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec,
            0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
            0x1c, 0xae, 0x7f, 0x60,
        ];
        let public = derive_public(ED25519, &private).unwrap();
        assert_eq!(public[..4], [0xd7, 0x5a, 0x98, 0x01]);
        let mut signature = [0; 64];
        unsafe {
            fn0_ed25519_sign(
                private.as_ptr(),
                std::ptr::null(),
                0,
                signature.as_mut_ptr(),
            )
        };
        assert_eq!(signature[..4], [0xe5, 0x56, 0x43, 0x00]);
        let verify = |size| unsafe {
            fn0_ed25519_verify(
                public.as_ptr(),
                b"x".as_ptr(),
                size,
                signature.as_ptr(),
                signature.len(),
            )
        };
        assert!(verify(0) && !verify(1));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(derive_public(P256, &[0; 32]), None);
        assert_eq!(derive_public(P256, &[0xFF; 32]), None);
        assert_eq!(derive_public(P256, &[1; 31]), None);
        assert_eq!(check_public(P256, &[4; 65]), None);
        let (_, public) = generated(P256, 1);
        let compressed = [&[2 + (public[64] & 1)], &public[1..33]].concat();
        assert_eq!(check_public(P256, &compressed).unwrap(), public);
    }
}
