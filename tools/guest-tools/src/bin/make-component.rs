// SPDX-License-Identifier: AGPL-3.0-only

//! `make-component MODULE.wasm COMPONENT.wasm`: what Rust's linker does last, for a module that was optimised after it was
//! linked (`--skip-wit-component`).

use anyhow::{Context, Result, bail};
use wit_component::ComponentEncoder;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, component] = arguments.as_slice() else {
        bail!("usage: make-component MODULE.wasm COMPONENT.wasm");
    };
    let module = std::fs::read(module).with_context(|| module.clone())?;
    let bytes = ComponentEncoder::default()
        .module(&module)?
        .validate(true)
        .encode()?;
    std::fs::write(component, bytes).with_context(|| component.clone())
}
