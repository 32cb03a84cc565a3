// SPDX-License-Identifier: AGPL-3.0-only

//! `import-world WIT_FOLDER WORLD OUT.wasm`: a component that imports every function of a world, used or not, and whose
//! exports trap. A compiler's component has no import but those it uses.

use anyhow::{Context, Result, bail};
use std::path::Path;
use wit_bindgen_core::wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [wit, world, out] = arguments.as_slice() else {
        bail!("usage: import-world WIT_FOLDER WORLD OUT.wasm");
    };
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(Path::new(wit))?;
    let world = resolve.select_world(&[package], Some(world))?;
    let abi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
    let mut module = dummy_module(&resolve, world, abi);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)?;
    let bytes = ComponentEncoder::default()
        .module(&module)?
        .validate(true)
        .encode()?;
    std::fs::write(out, bytes).with_context(|| out.clone())
}
