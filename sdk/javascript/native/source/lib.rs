// SPDX-License-Identifier: Apache-2.0
//! The C interface of include/fn0_javascript_native.h, which is the manual of every function here.

mod cipher;
mod compression;
mod container;
mod curve;
mod gcm;
mod hash;
mod memory;
mod random;
mod rsa_keys;
mod text;
