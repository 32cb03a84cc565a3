// SPDX-License-Identifier: AGPL-3.0-only

//! Artifacts without what nobody reads: the symbol table, which wasmtime writes for debuggers and
//! passes over when it loads an artifact. A name and a place of each function, a thirtieth of the
//! file.
//!
//! An artifact is an ELF file of 64 bits in the host's byte order. Its sections come first, the
//! table of sections last.

use std::ops::Range;

const SECTION_TABLE_OFFSET: Range<usize> = 0x28..0x30;
const SECTION_HEADER_BYTES: Range<usize> = 0x3a..0x3c;
const SECTION_COUNT: Range<usize> = 0x3c..0x3e;
const SECTION_OF_NAMES: Range<usize> = 0x3e..0x40;

const HEADER_BYTES: usize = 64;
const TABLE_ALIGNMENT: usize = 8;

/// In a section's header.
const TYPE: Range<usize> = 0x04..0x08;
const OFFSET: Range<usize> = 0x18..0x20;
const SIZE: Range<usize> = 0x20..0x28;
const LINK: Range<usize> = 0x28..0x2c;

const TYPE_SYMBOLS: u64 = 2;

fn read(data: &[u8], place: Range<usize>) -> Option<u64> {
    let bytes = data.get(place)?;
    let mut number = [0; 8];
    number[..bytes.len()].copy_from_slice(bytes);
    Some(u64::from_le_bytes(number))
}

fn write(data: &mut [u8], place: Range<usize>, number: u64) {
    let length = place.len();
    data[place].copy_from_slice(&number.to_le_bytes()[..length]);
}

struct Section<'a> {
    header: &'a [u8],
    content: Range<usize>,
}

fn sections(elf: &[u8]) -> Option<Vec<Section<'_>>> {
    let table = elf.get(read(elf, SECTION_TABLE_OFFSET)? as usize..)?;
    if read(elf, SECTION_HEADER_BYTES)? as usize != HEADER_BYTES {
        return None;
    }
    let count = read(elf, SECTION_COUNT)? as usize;
    (0..count)
        .map(|index| {
            let header = table.get(index * HEADER_BYTES..(index + 1) * HEADER_BYTES)?;
            let offset = read(header, OFFSET)? as usize;
            let content = offset..offset.checked_add(read(header, SIZE)? as usize)?;
            Some(Section { header, content })
        })
        .collect()
}

/// The file without its symbols; None where it is not laid out as expected: they are not worth an
/// error.
fn without_symbols(elf: &[u8]) -> Option<Vec<u8>> {
    let sections = sections(elf)?;
    let names = read(elf, SECTION_OF_NAMES)? as usize;
    let symbols = sections
        .iter()
        .position(|section| read(section.header, TYPE) == Some(TYPE_SYMBOLS))?;
    let strings = read(sections[symbols].header, LINK)? as usize;
    let is_dropped = |index| index == symbols || index == strings;
    let end = sections[symbols].content.start;
    // All that is kept but the sections' names lies before the symbols, and no section that is kept
    // refers to one behind them.
    let is_as_expected = sections.len() == names + 1
        && strings < names
        && sections.iter().enumerate().all(|(index, section)| {
            is_dropped(index) || index == names || index == 0 || section.content.end <= end
        })
        && sections
            .iter()
            .enumerate()
            .all(|(index, section)| is_dropped(index) || read(section.header, LINK) == Some(0));
    if !is_as_expected {
        return None;
    }
    let mut stripped = elf[..end].to_vec();
    let names_offset = stripped.len();
    stripped.extend_from_slice(elf.get(sections[names].content.clone())?);
    stripped.resize(stripped.len().next_multiple_of(TABLE_ALIGNMENT), 0);
    let table_offset = stripped.len();
    let mut count = 0;
    for (index, section) in sections.iter().enumerate() {
        if is_dropped(index) {
            continue;
        }
        let mut header = section.header.to_vec();
        if index == names {
            write(&mut header, OFFSET, names_offset as u64);
        }
        stripped.extend_from_slice(&header);
        count += 1;
    }
    write(&mut stripped, SECTION_TABLE_OFFSET, table_offset as u64);
    write(&mut stripped, SECTION_COUNT, count);
    write(&mut stripped, SECTION_OF_NAMES, count - 1);
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
