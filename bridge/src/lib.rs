// SPDX-License-Identifier: AGPL-3.0-only

//! The Rust side of `include/fn0_bridge.h`, whose words are the manual of everything here.
//!
//! From the outside inwards: `abi` has the header's types; `engine`, `component`, `instance`,
//! `call`, `snapshot`, `relink` and `toml` its functions; `data_segments` is what is left to do
//! after wizer, `artifact` what an artifact is as a file, `wasm` what is asked of modules in
//! more than one place; `shared` is what C's functions and the guest's imports both touch; `state` is what
//! wasmtime keeps for a guest; `http` and `io` are the imports that are fn0's own. All other imports
//! are `wasmtime-wasi`'s.

// What a pointer from C must hold to is said once, in the header.
#![allow(clippy::missing_safety_doc)]

pub mod abi;
mod artifact;
pub mod call;
mod code;
pub mod component;
mod data_segments;
pub mod engine;
pub mod error;
pub mod events;
#[cfg(test)]
mod header;
mod http;
pub mod instance;
mod io;
mod limiter;
mod local;
mod refusal;
pub mod relink;
mod shared;
pub mod snapshot;
mod state;
pub mod toml;
mod trap;
mod wasm;
