// SPDX-License-Identifier: AGPL-3.0-only

//! Components: compiled to artifacts, and loaded from them, linked and ready to make instances.

use crate::abi::*;
use crate::artifact;
use crate::engine::{Engine, fn0_engine, share};
use crate::error::{Failure, answer, contain};
use crate::http::resources::{IncomingRequest, ResponseOutparam};
use crate::refusal;
use crate::state::State;
use std::ffi::c_int;
use std::path::Path;
use std::sync::Arc;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{ComponentExportIndex, InstancePre, Resource, ResourceType, Type};

/// Versions are matched as semver does: a component's export of any 0.2.x is found by this.
const HANDLER: &str = "wasi:http/incoming-handler@0.2.0";

/// What its name begins with, whatever version of 0.2 it is.
const HANDLER_0_2: &str = "wasi:http/incoming-handler@0.2.";

/// What `handle` is given.
pub type HandleArguments = (Resource<IncomingRequest>, Resource<ResponseOutparam>);

#[allow(non_camel_case_types)]
pub type fn0_component = Component;

pub struct Component {
    pub pre: InstancePre<State>,
    pub handle: ComponentExportIndex,
    pub engine: Arc<Engine>,
}

impl Component {
    fn new(
        engine: Arc<Engine>,
        component: &wasmtime::component::Component,
    ) -> Result<Component, Failure> {
        let pre = engine
            .linker
            .instantiate_pre(component)
            .map_err(|error| refusal::link(&error))?;
        let handle = component
            .get_export_index(None, HANDLER)
            .and_then(|handler| component.get_export(Some(&handler), "handle"))
            .and_then(|(item, handle)| {
                matches!(item, ComponentItem::ComponentFunc(_)).then_some(handle)
            })
            .ok_or_else(refusal::missing_export)?;
        Ok(Component {
            pre,
            handle,
            engine,
        })
    }
}

fn compile(engine: Arc<Engine>, wasm: &[u8]) -> Result<Vec<u8>, Failure> {
    refusal::check_header(wasm)?;
    let component = wasmtime::component::Component::from_binary(&engine.wasmtime, wasm)
        .map_err(|error| refusal::compile(&error))?;
    Component::new(engine.clone(), &component)?;
    check_handle(&engine, &component)?;
    component.serialize().map(artifact::strip).map_err(|error| {
        let message = format!("the artifact was not written: {error:#}");
        Failure::new(FN0_ERROR_SYSTEM, message)
    })
}

/// Whether the export takes and gives what wasi:http says. Its name alone would let a guest fail
/// only when it is called.
fn check_handle(
    engine: &Engine,
    component: &wasmtime::component::Component,
) -> Result<(), Failure> {
    let types = engine.linker.substituted_component_type(component);
    let types = types.map_err(|error| refusal::link(&error))?;
    let handle = types
        .exports(&engine.wasmtime)
        .find_map(|(name, item)| match item.ty {
            ComponentItem::ComponentInstance(instance) if name.starts_with(HANDLER_0_2) => {
                Some(instance.get_export(&engine.wasmtime, "handle")?.ty)
            }
            _ => None,
        });
    let arguments = [
        Type::Own(ResourceType::host::<IncomingRequest>()),
        Type::Own(ResourceType::host::<ResponseOutparam>()),
    ];
    match handle {
        Some(ComponentItem::ComponentFunc(function))
            if function
                .params()
                .map(|(_, argument)| argument)
                .eq(arguments)
                && function.results().len() == 0 =>
        {
            Ok(())
        }
        _ => Err(refusal::wrong_export()),
    }
}

/// # Safety
/// The caller vouches for the file's content.
unsafe fn load(engine: Arc<Engine>, fd: c_int) -> Result<Component, Failure> {
    // The descriptor's own entry: the same file, whatever happened to its name.
    let path = format!("/proc/self/fd/{fd}");
    // SAFETY: see above.
    let component = unsafe {
        wasmtime::component::Component::deserialize_file(&engine.wasmtime, Path::new(&path))
    };
    let component = component.map_err(|error| {
        let message = format!("not an artifact of this engine: {error:#}");
        Failure::new(FN0_ERROR_ARTIFACT, message)
    })?;
    Component::new(engine, &component)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_bytes_fini(bytes: *mut fn0_bytes) {
    // SAFETY: the caller's own, from a function of this bridge or ended already.
    contain((), || unsafe {
        let bytes = &mut *bytes;
        if !bytes.data.is_null() {
            drop(Vec::from_raw_parts(bytes.data, bytes.bytes, bytes.capacity));
        }
        bytes.data = std::ptr::null_mut();
        bytes.bytes = 0;
        bytes.capacity = 0;
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_component_compile(
    engine: *mut fn0_engine,
    wasm: fn0_slice,
    ret_artifact: *mut fn0_bytes,
    error: *mut fn0_error,
) -> c_int {
    // SAFETY: the header's rules for the pointers.
    unsafe {
        answer(error, || {
            let artifact = compile(share(engine), wasm.bytes())?;
            ret_artifact.write(fn0_bytes::new(artifact));
            Ok(())
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_component_load(
    engine: *mut fn0_engine,
    fd: c_int,
    ret_component: *mut *mut fn0_component,
    error: *mut fn0_error,
) -> c_int {
    // SAFETY: the header's rules for the pointers and the file.
    unsafe {
        answer(error, || {
            let component = load(share(engine), fd)?;
            ret_component.write(Arc::into_raw(Arc::new(component)).cast_mut());
            Ok(())
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_component_destroy(component: *mut fn0_component) {
    if !component.is_null() {
        // SAFETY: it came from fn0_component_load, and is given back once.
        contain((), || drop(unsafe { Arc::from_raw(component) }));
    }
}
