// SPDX-License-Identifier: AGPL-3.0-only

//! `make-component WORLD CORE.wasm OUT.wasm`: a component of what the linker made, of the world that the C bindings name.
//! What libraries say of worlds of their own is left out: they name newer versions of the same interfaces, and of two
//! versions the newer one would be imported.

use anyhow::{Context, Result, bail};
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

const WORLD_SECTION: &str = "component-type:";
const HEADER_BYTES: usize = 8;

/// The module without the sections on worlds, but for that of `world`.
fn with_one_world(module: &[u8], world: &str) -> Result<Vec<u8>> {
    let mut kept = module[..HEADER_BYTES].to_vec();
    let mut worlds = 0;
    let mut end = HEADER_BYTES;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let Payload::CustomSection(section) = &payload
            && let Some(name) = section.name().strip_prefix(WORLD_SECTION)
        {
            if name != world {
                end = section.range().end as usize;
                continue;
            }
            worlds += 1;
        }
        if let Some((_, range)) = payload.as_section() {
            // From the end of the section before: its own number and length stand in between.
            kept.extend_from_slice(&module[end..range.end as usize]);
            end = range.end as usize;
        }
    }
    if worlds != 1 {
        bail!("the module says {worlds} times what the world '{world}' is");
    }
    Ok(kept)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [world, core, out] = arguments.as_slice() else {
        bail!("usage: make-component WORLD CORE.wasm OUT.wasm");
    };
    let module = std::fs::read(core).with_context(|| core.clone())?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&with_one_world(&module, world)?)?
        .encode()?;
    std::fs::write(out, component).with_context(|| out.clone())
}
