// SPDX-License-Identifier: AGPL-3.0-only

//! Artifacts of components that differ from one that was compiled before in nothing that machine
//! code depends on: functions made of one engine differ in what their memory begins with. The other
//! one's artifact is taken, and what is different put into it: the same bytes come out as if it had
//! been compiled, in a hundredth of the time.
//!
//! What wasmtime makes of a module's data (`ModuleTranslation::finalize_memory_init`) is repeated
//! here, for modules with one memory of their own. Whatever is not as it is expected is no failure:
//! the component is compiled then. `tests/bridge/test_snapshot.c` holds both ways against each other,
//! byte by byte.

use crate::abi::*;
use crate::artifact;
use crate::error::answer;
use crate::wasm::{constant, names_data};
use sha2::{Digest, Sha256};
use std::ffi::c_int;
use std::ops::Range;
use wasmtime_environ::component::ComponentArtifacts;
use wasmtime_environ::object::{Object, ObjectSection};
use wasmtime_environ::wasmparser::{
    Data, DataKind, Encoding, Global, Parser, Payload, TypeRef, ValType,
};
use wasmtime_environ::{
    CompiledFunctionsTable, DefinedGlobalIndex, EntityRef, FuncKey, FuncKeyIndex, FuncKeyNamespace,
    GlobalConstValue, MemoryIndex, MemoryInitialization, obj,
};

/// What the export of a component is called that was made by taking a snapshot; others have their
/// code to themselves.
const INITIALIZE: &str = "wizer-initialize";
const PAGE_BYTES: u64 = 4096;
const WASM_PAGE_BYTES: u64 = 65536;
/// wasmtime's `memory_guaranteed_dense_image_size`: of these sizes every image is made.
const IMAGE_BYTES_MAX: u64 = 16 << 20;

/// What a memory begins with: whole pages, without those that are 0 at either end.
struct Image {
    offset: u64,
    bytes: Vec<u8>,
}

/// What of a core module its machine code does not depend on.
#[derive(Default)]
struct Rest {
    code_offset: u64,
    globals: Vec<(usize, GlobalConstValue)>,
    image: Option<Image>,
}

/// A component, taken apart.
struct Parts {
    key: [u8; 32],
    modules: Vec<Rest>,
}

/// What is known of the core module that is being read.
#[derive(Default)]
struct Reading {
    rest: Rest,
    memory_bytes: Option<u64>,
    imported_memories: usize,
}

/// None: it is for the compiler.
fn take_apart(wasm: &[u8], code: bool) -> Option<Parts> {
    let mut hash = Sha256::new();
    let mut modules = Vec::new();
    let mut reading: Option<Reading> = None;
    let mut is_snapshot = false;
    hash.update(b"fn0 machine code 1\n");
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.ok()?;
        match (&payload, &mut reading) {
            (Payload::Version { encoding, .. }, _) => {
                hash.update([b'v', u8::from(*encoding == Encoding::Module)]);
                if *encoding == Encoding::Module {
                    reading = Some(Reading::default());
                }
            }
            (Payload::End(_), _) => {
                hash.update(b"e");
                modules.extend(reading.take().map(|reading| reading.rest));
            }
            // What is in them comes next.
            (Payload::ModuleSection { .. } | Payload::ComponentSection { .. }, _) => {}
            (Payload::CustomSection(_), None) => {}
            (Payload::CodeSectionEntry(body), Some(_)) => {
                // How many segments there are differs.
                if code && names_data(body).ok()? {
                    return None;
                }
            }
            (Payload::DataCountSection { .. }, Some(_)) => hash.update(b"c"),
            (Payload::DataSection(section), Some(reading)) => {
                let segments: Vec<Data> =
                    section.clone().into_iter().collect::<Result<_, _>>().ok()?;
                let extent = reading.take_data(&segments, &mut hash)?;
                hash.update(b"d");
                hash.update(extent.start.to_le_bytes());
                hash.update(extent.end.to_le_bytes());
            }
            (Payload::GlobalSection(section), Some(reading)) => {
                let globals: Vec<Global> =
                    section.clone().into_iter().collect::<Result<_, _>>().ok()?;
                hash.update(b"g");
                hash.update((globals.len() as u64).to_le_bytes());
                for (index, global) in globals.iter().enumerate() {
                    reading.take_global(index, global, &mut hash)?;
                }
            }
            _ => {
                if let Some(reading) = &mut reading {
                    reading.look_at(&payload)?;
                }
                is_snapshot |= reading.is_none() && exports_initialize(&payload)?;
                let (id, range) = payload.as_section()?;
                hash.update([b's', id]);
                hash.update((range.len() as u64).to_le_bytes());
                hash.update(wasm.get(range)?);
            }
        }
    }
    is_snapshot.then(|| Parts {
        key: hash.finalize().into(),
        modules,
    })
}

fn exports_initialize(payload: &Payload) -> Option<bool> {
    let Payload::ComponentExportSection(exports) = payload else {
        return Some(false);
    };
    for export in exports.clone() {
        if export.ok()?.name.name == INITIALIZE {
            return Some(true);
        }
    }
    Some(false)
}

impl Reading {
    fn look_at(&mut self, payload: &Payload) -> Option<()> {
        match payload {
            Payload::ImportSection(imports) => {
                for import in imports.clone().into_imports() {
                    if let TypeRef::Memory(_) = import.ok()?.ty {
                        self.imported_memories += 1;
                    }
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories.clone() {
                    let memory = memory.ok()?;
                    let plain =
                        !memory.memory64 && !memory.shared && memory.page_size_log2.is_none();
                    if !plain || self.memory_bytes.is_some() {
                        return None;
                    }
                    self.memory_bytes = Some(memory.initial.checked_mul(WASM_PAGE_BYTES)?);
                }
            }
            Payload::CodeSectionStart { range, .. } => self.rest.code_offset = range.start as u64,
            _ => {}
        }
        Some(())
    }

    /// What a global that may change begins with is nobody's business.
    fn take_global(&mut self, index: usize, global: &Global, hash: &mut Sha256) -> Option<()> {
        let value = constant(&global.init_expr)?;
        // What the compiler would refuse is for it to refuse.
        match (global.ty.content_type, &value) {
            (ValType::I32, GlobalConstValue::I32(_))
            | (ValType::I64, GlobalConstValue::I64(_))
            | (ValType::F32, GlobalConstValue::F32(_))
            | (ValType::F64, GlobalConstValue::F64(_)) => {}
            _ => return None,
        }
        hash.update(format!("{:?}", global.ty));
        if !global.ty.mutable {
            hash.update(format!("{value:?}"));
        }
        self.rest.globals.push((index, value));
        Some(())
    }

    /// Makes the image, and tells its extent. What is not in the memory from the beginning (empty
    /// ones, where wizer has put it there) is part of what everything depends on.
    fn take_data(&mut self, segments: &[Data], hash: &mut Sha256) -> Option<Range<u64>> {
        let mut placed = Vec::new();
        let (mut begin, mut end, mut data_bytes) = (u64::MAX, 0, 0);
        for (index, segment) in segments.iter().enumerate() {
            let offset_expr = match &segment.kind {
                DataKind::Active {
                    memory_index: 0,
                    offset_expr,
                } => offset_expr,
                DataKind::Active { .. } => return None,
                DataKind::Passive => {
                    hash.update(b"p");
                    hash.update((index as u64).to_le_bytes());
                    hash.update((segment.data.len() as u64).to_le_bytes());
                    hash.update(segment.data);
                    continue;
                }
            };
            let GlobalConstValue::I32(offset) = constant(offset_expr)? else {
                return None;
            };
            let offset = u64::from(offset.cast_unsigned());
            let bytes = segment.data.len() as u64;
            if self.imported_memories > 0 || offset + bytes > self.memory_bytes? {
                return None;
            }
            if bytes > 0 {
                placed.push((offset, segment.data));
                begin = begin.min(offset);
                end = end.max(offset + bytes);
                data_bytes += bytes;
            }
        }
        if placed.is_empty() {
            return Some(0..0);
        }
        if end - begin >= IMAGE_BYTES_MAX && end - begin >= 2 * data_bytes {
            return None;
        }
        let first = begin / PAGE_BYTES * PAGE_BYTES;
        let mut bytes = vec![0; (end.next_multiple_of(PAGE_BYTES) - first) as usize];
        for (offset, data) in placed {
            let at = (offset - first) as usize;
            bytes[at..at + data.len()].copy_from_slice(data);
        }
        let image = trim(first, bytes)?;
        let extent = image.offset..image.offset + image.bytes.len() as u64;
        self.rest.image = Some(image);
        Some(extent)
    }
}

/// Without the pages at either end that are 0; None where all are.
fn trim(first: u64, mut bytes: Vec<u8>) -> Option<Image> {
    let last = bytes.iter().rposition(|byte| *byte != 0)?;
    let begin =
        bytes.iter().position(|byte| *byte != 0)? / PAGE_BYTES as usize * PAGE_BYTES as usize;
    bytes.truncate((last + 1).next_multiple_of(PAGE_BYTES as usize));
    bytes.drain(..begin);
    Some(Image {
        offset: first + begin as u64,
        bytes,
    })
}

/// `CompiledFunctionsTable`, whose members are private, as it is written: its namespaces, where the
/// functions, the sparse indices and the sources of each begin, the sparse indices, the functions'
/// places, and the sources'.
type Table = (
    Vec<u32>,
    Vec<u32>,
    Vec<u32>,
    Vec<u32>,
    Vec<u32>,
    Vec<(u32, u32)>,
    Vec<u32>,
);

/// Moves what the table says of where functions stand in the component.
fn move_sources(table: &CompiledFunctionsTable, moved: &[i64]) -> Option<CompiledFunctionsTable> {
    let mut table: Table = postcard::from_bytes(&postcard::to_allocvec(table).ok()?).ok()?;
    let (namespaces, _, _, starts, _, _, sources) = &mut table;
    for (i, namespace) in namespaces.iter().enumerate() {
        let first = FuncKey::from_parts(
            FuncKeyNamespace::from_raw(*namespace),
            FuncKeyIndex::from_raw(0),
        );
        let FuncKey::DefinedWasmFunction(module, _) = first else {
            continue;
        };
        let by = *moved.get(module.index())?;
        let begin = *starts.get(i)? as usize;
        let end = starts.get(i + 1).map_or(sources.len(), |end| *end as usize);
        for source in sources.get_mut(begin..end)? {
            if *source != u32::MAX {
                *source = u32::try_from(i64::from(*source) + by).ok()?;
            }
        }
    }
    postcard::from_bytes(&postcard::to_allocvec(&table).ok()?).ok()
}

fn section(object: &wasmtime_environ::object::File, name: &str) -> Option<Range<usize>> {
    let (offset, bytes) = object.section_by_name(name)?.file_range()?;
    Some(offset as usize..(offset + bytes) as usize)
}

/// Puts what `modules` say into the artifact's information and data; None where that is not of
/// their make.
fn put(artifacts: &mut ComponentArtifacts, modules: &[Rest], data: &mut [u8]) -> Option<()> {
    if artifacts.static_modules.len() != modules.len() {
        return None;
    }
    let mut moved = Vec::new();
    for ((_, info), rest) in artifacts.static_modules.iter_mut().zip(modules) {
        moved.push(rest.code_offset as i64 - info.meta.code_section_offset as i64);
        info.meta.code_section_offset = rest.code_offset;
        if info.module.global_initializers.len() != rest.globals.len() {
            return None;
        }
        for ((index, value), (place, new)) in info
            .module
            .global_initializers
            .iter_mut()
            .zip(&rest.globals)
        {
            if *index != DefinedGlobalIndex::new(*place) {
                return None;
            }
            *value = *new;
        }
        let Some(image) = &rest.image else { continue };
        let MemoryInitialization::Static { map } = &info.module.memory_initialization else {
            return None;
        };
        let (offset, index) = (*map.get(MemoryIndex::new(0))?)?;
        let range = info.module.runtime_data.get(index)?;
        let place = data.get_mut(range.start as usize..range.end as usize)?;
        if offset != image.offset || place.len() != image.bytes.len() {
            return None;
        }
        place.copy_from_slice(&image.bytes);
    }
    artifacts.table = move_sources(&artifacts.table, &moved)?;
    Some(())
}

fn relink(wasm: &[u8], artifact: &[u8]) -> Option<Vec<u8>> {
    let parts = take_apart(wasm, false)?;
    let artifact = artifact::whole(artifact)?;
    let object = wasmtime_environ::object::File::parse(artifact).ok()?;
    let info = section(&object, obj::ELF_WASMTIME_INFO)?;
    let data = section(&object, obj::ELF_WASM_DATA)?;
    let mut artifacts: ComponentArtifacts =
        postcard::from_bytes(artifact.get(info.clone())?).ok()?;
    let mut made = artifact.to_vec();
    put(&mut artifacts, &parts.modules, made.get_mut(data)?)?;
    let new = postcard::to_allocvec(&artifacts).ok()?;
    // What stands behind it would have to move.
    if new.len() != info.len() {
        return None;
    }
    made[info].copy_from_slice(&new);
    Some(made)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_component_code_key(
    wasm: fn0_slice,
    for_others: bool,
    ret_key: *mut u8,
) -> bool {
    let mut found = false;
    // SAFETY: the header's rules for the pointers.
    unsafe {
        answer(std::ptr::null_mut(), || {
            if let Some(parts) = take_apart(wasm.bytes(), for_others) {
                std::ptr::copy_nonoverlapping(parts.key.as_ptr(), ret_key, parts.key.len());
                found = true;
            }
            Ok(())
        });
    }
    found
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_component_relink(
    wasm: fn0_slice,
    artifact: fn0_slice,
    ret_artifact: *mut fn0_bytes,
) -> bool {
    let mut made = false;
    // SAFETY: the header's rules for the pointers.
    let code: c_int = unsafe {
        answer(std::ptr::null_mut(), || {
            if let Some(bytes) = relink(wasm.bytes(), artifact.bytes()) {
                ret_artifact.write(fn0_bytes::new(bytes));
                made = true;
            }
            Ok(())
        })
    };
    code == 0 && made
}
