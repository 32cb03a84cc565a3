// SPDX-License-Identifier: AGPL-3.0-only

//! What an artifact is as a file. wasmtime writes ELF of 64 bits: its sections come first, the table
//! of sections last. Among them is a symbol table for debuggers, which is passed over when the
//! artifact is loaded: a name and a place of each function, a thirtieth of the file.

use wasmtime_environ::object::LittleEndian as Little;
use wasmtime_environ::object::elf::{FileHeader64, SHT_SYMTAB, SectionHeader64};
use wasmtime_environ::object::pod::bytes_of;
use wasmtime_environ::object::read::elf::FileHeader;

type Header = FileHeader64<Little>;
type Section = SectionHeader64<Little>;

const TABLE_ALIGNMENT: usize = 8;

fn header(artifact: &[u8]) -> Option<&Header> {
    Header::parse(artifact).ok()
}

/// Without what stands behind it, which is not of the artifact.
pub fn whole(artifact: &[u8]) -> Option<&[u8]> {
    let header = header(artifact)?;
    let table_bytes = header.e_shentsize(Little) as usize * header.e_shnum(Little) as usize;
    let offset = usize::try_from(header.e_shoff(Little)).ok()?;
    artifact.get(..offset.checked_add(table_bytes)?)
}

fn content_end(section: &Section) -> Option<u64> {
    let offset = section.sh_offset.get(Little);
    offset.checked_add(section.sh_size.get(Little))
}

/// The file without its symbols; None where it is not laid out as expected: they are not worth an
/// error.
fn without_symbols(elf: &[u8]) -> Option<Vec<u8>> {
    let mut header = *header(elf)?;
    let sections: &[Section] = header.section_headers(Little, elf).ok()?;
    let names = header.e_shstrndx(Little) as usize;
    let is_symbols = |section: &Section| section.sh_type.get(Little) == SHT_SYMTAB;
    let symbols = sections.iter().position(is_symbols)?;
    let strings = sections[symbols].sh_link.get(Little) as usize;
    let is_dropped = |index| index == symbols || index == strings;
    let end = sections[symbols].sh_offset.get(Little);
    // All that is kept but the sections' names lies before the symbols, and no section that is kept
    // refers to one behind them.
    let is_as_expected = sections.len() == names + 1
        && strings < names
        && sections.iter().enumerate().all(|(index, section)| {
            let is_before = content_end(section).is_some_and(|content| content <= end);
            is_dropped(index)
                || (section.sh_link.get(Little) == 0 && (is_before || index == names || index == 0))
        });
    if !is_as_expected {
        return None;
    }
    let mut stripped = elf.get(..end as usize)?.to_vec();
    let names_offset = stripped.len() as u64;
    let names_begin = sections[names].sh_offset.get(Little) as usize;
    stripped.extend_from_slice(elf.get(names_begin..content_end(&sections[names])? as usize)?);
    stripped.resize(stripped.len().next_multiple_of(TABLE_ALIGNMENT), 0);
    header.e_shoff.set(Little, stripped.len() as u64);
    let mut count = 0;
    for (index, section) in sections.iter().enumerate() {
        if is_dropped(index) {
            continue;
        }
        let mut section = *section;
        if index == names {
            section.sh_offset.set(Little, names_offset);
        }
        stripped.extend_from_slice(bytes_of(&section));
        count += 1;
    }
    header.e_shnum.set(Little, count);
    header.e_shstrndx.set(Little, count - 1);
    stripped[..size_of::<Header>()].copy_from_slice(bytes_of(&header));
    Some(stripped)
}

/// The artifact without its symbols.
pub fn strip(artifact: Vec<u8>) -> Vec<u8> {
    without_symbols(&artifact).unwrap_or(artifact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::{Config, Engine, Instance, Module, Store};

    const MODULE: &str = r#"(module (memory (export "memory") 1) (data (i32.const 8) "\2a")
        (func (export "answer") (result i32) (i32.load (i32.const 8))))"#;

    #[test]
    fn a_stripped_artifact_is_smaller_and_answers() {
        let engine = Engine::new(&Config::new()).unwrap();
        // The text format is not among the features.
        let artifact = engine.precompile_module(&assemble()).unwrap();
        let stripped = strip(artifact.clone());
        assert!(stripped.len() < artifact.len(), "{MODULE}");
        assert_eq!(without_symbols(&stripped), None);
        // SAFETY: it was made just now.
        let module = unsafe { Module::deserialize(&engine, &stripped) }.unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let answer = instance
            .get_typed_func::<(), i32>(&mut store, "answer")
            .unwrap();
        assert_eq!(answer.call(&mut store, ()).unwrap(), 42);
    }

    /// MODULE as bytes.
    fn assemble() -> Vec<u8> {
        let sections: [&[u8]; 6] = [
            b"\x01\x05\x01\x60\x00\x01\x7f",
            b"\x03\x02\x01\x00",
            b"\x05\x03\x01\x00\x01",
            b"\x07\x13\x02\x06memory\x02\x00\x06answer\x00\x00",
            b"\x0a\x09\x01\x07\x00\x41\x08\x28\x02\x00\x0b",
            b"\x0b\x07\x01\x00\x41\x08\x0b\x01\x2a",
        ];
        [b"\0asm\x01\0\0\0", &sections.concat()[..]].concat()
    }

    #[test]
    fn what_is_no_artifact_is_left_alone() {
        for data in [&b""[..], b"\x7fELF", &[0; 64], &[0xff; 200]] {
            assert_eq!(strip(data.to_vec()), data);
        }
    }
}
