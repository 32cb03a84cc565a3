// SPDX-License-Identifier: AGPL-3.0-only

//! The data segments of a snapshot, as few bytes as they can be.
//!
//! wizer keeps each segment that the guest had before as an empty passive one, since code may name
//! it by its index, and joins those of the snapshot until they are 10,000. But each passive segment
//! takes 12 bytes of every instance and a turn of the loop that makes one: of a snapshot that is
//! snapshotted again they took a third of the time of a fresh instance. Active ones cost nothing
//! there, since the memory's image is made of them when the component is compiled.

use crate::wasm::{constant, names_data};
use std::ops::Range;
use wasm_encoder::{
    Component, ComponentSectionId, ConstExpr, DataSection, Module, ModuleSection, RawSection,
    SectionId,
};
use wasmtime::bail;
use wasmtime_environ::GlobalConstValue;
use wasmtime_environ::wasmparser::{
    self, BinaryReader, CodeSectionReader, DataKind, DataSectionReader, Parser, Payload,
};

/// What an active segment takes beside its data: the flag, `i32.const` and `end`, an address of
/// four bytes, and a length.
const SEGMENT_BYTES: usize = 8;

/// What engines take at most, by the JavaScript interface's limits; and some are left.
const SEGMENTS_MAX: usize = 90_000;

/// The component with the data segments of its modules made anew; all else is as it was.
pub fn compact(wasm: &[u8]) -> wasmtime::Result<Vec<u8>> {
    let mut component = Component::new();
    for section in sections(wasm)? {
        if section.id == ComponentSectionId::CoreModule as u8 {
            component.section(&ModuleSection(&compact_module(section.data)?));
        } else {
            component.section(&section);
        }
    }
    Ok(component.finish())
}

/// The outermost sections of a module or component.
fn sections(wasm: &[u8]) -> wasmtime::Result<Vec<RawSection<'_>>> {
    let mut sections = Vec::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if depth == 0
            && let Some((id, range)) = payload.as_section()
        {
            sections.push(RawSection {
                id,
                data: &wasm[range],
            });
        }
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) if depth > 0 => depth -= 1,
            _ => {}
        }
    }
    Ok(sections)
}

fn compact_module(wasm: &[u8]) -> wasmtime::Result<Module> {
    const DATA_COUNT: u8 = SectionId::DataCount as u8;
    const DATA: u8 = SectionId::Data as u8;
    let sections = sections(wasm)?;
    let is_named = names_segments(&sections)?;
    let mut module = Module::new();
    for section in &sections {
        match section.id {
            DATA_COUNT if !is_named => {} // only there for code that names segments
            DATA if !is_named => {
                module.section(&compact_data(section.data)?);
            }
            _ => {
                module.section(section);
            }
        }
    }
    Ok(module)
}

/// Whether code names data segments by their index: it may where their count is given before it.
fn names_segments(sections: &[RawSection<'_>]) -> wasmtime::Result<bool> {
    let find = |id: SectionId| sections.iter().find(|section| section.id == id as u8);
    let (Some(_), Some(code)) = (find(SectionId::DataCount), find(SectionId::Code)) else {
        return Ok(false);
    };
    for body in CodeSectionReader::new(BinaryReader::new(code.data, 0))? {
        if names_data(&body?)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Without passive segments, and active ones without the zeroes that take more than a segment: the
/// memory that they are written to is zero.
fn compact_data(section: &[u8]) -> wasmtime::Result<DataSection> {
    let mut active = Vec::new();
    for segment in DataSectionReader::new(BinaryReader::new(section, 0))? {
        let segment = segment?;
        if let DataKind::Active {
            memory_index,
            offset_expr,
        } = &segment.kind
        {
            active.push((*memory_index, address(offset_expr)?, segment.data));
        }
    }
    let mut zeroes_min = SEGMENT_BYTES + 1;
    let count = |zeroes_min| -> usize {
        let pieces = active
            .iter()
            .map(|(_, _, data)| pieces(data, zeroes_min).count());
        pieces.sum()
    };
    while count(zeroes_min) > SEGMENTS_MAX {
        zeroes_min *= 2;
    }
    let mut compacted = DataSection::new();
    for (memory, base, data) in active {
        for piece in pieces(data, zeroes_min) {
            let address = base.wrapping_add(piece.start as i32);
            compacted.active(
                memory,
                &ConstExpr::i32_const(address),
                data[piece].iter().copied(),
            );
        }
    }
    Ok(compacted)
}

/// What wizer writes for a memory of 32 bits.
fn address(offset: &wasmparser::ConstExpr<'_>) -> wasmtime::Result<i32> {
    match constant(offset) {
        Some(GlobalConstValue::I32(value)) => Ok(value),
        _ => bail!("a data segment at a computed address"),
    }
}

/// The pieces between runs of at least so many zeroes.
fn pieces(data: &[u8], zeroes_min: usize) -> impl Iterator<Item = Range<usize>> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let start = next + data[next..].iter().position(|byte| *byte != 0)?;
        let mut end = start;
        loop {
            end += data[end..]
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(data.len() - end);
            let zeroes = data[end..]
                .iter()
                .position(|byte| *byte != 0)
                .unwrap_or(usize::MAX);
            if zeroes >= zeroes_min {
                next = end;
                return Some(start..end);
            }
            end += zeroes;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        CodeSection, DataCountSection, Function, FunctionSection, MemorySection, MemoryType,
        TypeSection,
    };

    /// A component of one module: an empty passive segment, active ones, and a function.
    fn component(active: &[(i32, Vec<u8>)], drops_segment: bool) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 100,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut function = Function::new([]);
        if drops_segment {
            function.instructions().data_drop(0);
        }
        function.instructions().end();
        let mut code = CodeSection::new();
        code.function(&function);
        let mut data = DataSection::new();
        data.passive([]);
        for (address, bytes) in active {
            let at = ConstExpr::i32_const(*address);
            data.active(0, &at, bytes.iter().copied());
        }
        let mut module = Module::new();
        module.section(&types).section(&functions);
        module.section(&memories);
        module.section(&DataCountSection { count: data.len() });
        module.section(&code).section(&data);
        let mut component = Component::new();
        component.section(&ModuleSection(&module));
        component.finish()
    }

    /// Where each segment goes, None for a passive one, and what it has.
    fn segments(component: &[u8]) -> Vec<(Option<i32>, Vec<u8>)> {
        let mut found = Vec::new();
        for payload in Parser::new(0).parse_all(component) {
            let Payload::DataSection(section) = payload.unwrap() else {
                continue;
            };
            for segment in section {
                let segment = segment.unwrap();
                let at = match &segment.kind {
                    DataKind::Active { offset_expr, .. } => Some(address(offset_expr).unwrap()),
                    DataKind::Passive => None,
                };
                found.push((at, segment.data.to_vec()));
            }
        }
        found
    }

    #[test]
    fn passive_segments_go() {
        let compacted = compact(&component(&[(1024, b"abc".to_vec())], false)).unwrap();
        assert_eq!(segments(&compacted), [(Some(1024), b"abc".to_vec())]);
        wasmparser::validate(&compacted).unwrap();
    }

    #[test]
    fn segments_that_code_names_stay_as_they_are() {
        let wasm = component(&[(8, vec![1; 4]), (100, vec![0; 100])], true);
        assert_eq!(compact(&wasm).unwrap(), wasm);
    }

    #[test]
    fn zeroes_that_take_more_than_a_segment_go() {
        let zeroes = |count| [vec![7], vec![0; count], vec![9, 9]].concat();
        let wasm = component(&[(16, zeroes(SEGMENT_BYTES))], false);
        assert_eq!(
            segments(&compact(&wasm).unwrap()),
            [(Some(16), zeroes(SEGMENT_BYTES))]
        );
        let wasm = component(&[(16, zeroes(SEGMENT_BYTES + 1)), (99, vec![0; 5])], false);
        let apart = [(Some(16), vec![7]), (Some(16 + 10), vec![9, 9])];
        assert_eq!(segments(&compact(&wasm).unwrap()), apart);
    }

    #[test]
    fn there_are_not_more_segments_than_engines_take() {
        let data = [vec![1], vec![0; 15]].concat().repeat(100_000);
        let compacted = compact(&component(&[(0, data.clone())], false)).unwrap();
        let joined = &data[..data.len() - 15];
        assert_eq!(segments(&compacted), [(Some(0), joined.to_vec())]);
    }

    #[test]
    fn what_is_no_component_is_an_error() {
        assert!(compact(b"\0asm\x0d\0\x01\0\x01\xff").is_err());
        assert!(compact(b"no").is_err());
    }
}
