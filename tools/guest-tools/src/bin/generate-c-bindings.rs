// SPDX-License-Identifier: AGPL-3.0-only

//! `generate-c-bindings WIT_FOLDER WORLD OUT_FOLDER`: the C header, source and object of a world.
//! What `wit-bindgen c` does, from the same library, in a tenth of the time it takes to build that.

use anyhow::{Context, Result, bail};
use std::path::Path;
use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::Resolve;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [wit, world, out] = arguments.as_slice() else {
        bail!("usage: generate-c-bindings WIT_FOLDER WORLD OUT_FOLDER");
    };
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(Path::new(wit))?;
    let world = resolve.select_world(&[package], Some(world))?;
    let mut files = Files::default();
    wit_bindgen_c::Opts::default()
        .build()
        .generate(&mut resolve, world, &mut files)?;
    for (name, contents) in files.iter() {
        let path = Path::new(out).join(name);
        std::fs::write(&path, contents).with_context(|| format!("{}", path.display()))?;
    }
    Ok(())
}
