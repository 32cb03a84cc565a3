// SPDX-License-Identifier: Apache-2.0
//! The C interface of include/fn0_javascript_native.h, which is the manual of every function here.

mod memory;
mod text;
