// SPDX-License-Identifier: AGPL-3.0-only

//! `assemble IN.wat OUT.wasm`: WebAssembly's text format, modules and components, into its binary one.

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to] = arguments.as_slice() else {
        bail!("usage: assemble IN.wat OUT.wasm");
    };
    let bytes = wat::parse_file(from)?;
    std::fs::write(to, bytes).with_context(|| to.clone())
}
