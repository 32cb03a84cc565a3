// SPDX-License-Identifier: AGPL-3.0-only

//! Compiles only where the header and this crate agree. What is included is made by `make
//! bridge-tests` from the header.

use crate::abi::*;
use crate::call::*;
use crate::component::*;
use crate::engine::*;
use crate::instance::*;
use crate::relink::*;
use crate::snapshot::*;
use crate::toml::*;
use std::ffi::{c_char, c_int, c_void};
use std::mem::offset_of;

include!("../../build/bridge/header.rs");

#[test]
fn the_header_has_all_functions() {
    assert!(FUNCTIONS > 20);
}
