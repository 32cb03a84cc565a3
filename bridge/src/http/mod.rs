// SPDX-License-Identifier: AGPL-3.0-only

//! fn0's own `wasi:http`: `types` and `outgoing-handler`. What it takes from C and gives to C lies
//! in `Shared`; nothing here makes a system call, starts a task or holds a waker.

pub mod body;
pub mod exchange;
pub mod fields;
mod fields_imports;
mod incoming;
pub mod outgoing;
pub mod resources;
pub mod types;
mod uri;

use crate::state::State;
use resources::Held;
use types::ErrorCode;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, Resource, ResourceType};
use wasmtime_wasi::p2::IoError;

type Store<'a> = StoreContextMut<'a, State>;
type Instance<'a> = LinkerInstance<'a, State>;

/// wasmtime matches versions as semver does: a component of any 0.2.x finds these.
pub fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut types = linker.instance("wasi:http/types@0.2.12")?;
    fields_imports::add(&mut types)?;
    incoming::add_request(&mut types)?;
    incoming::add_response(&mut types)?;
    incoming::add_body(&mut types)?;
    incoming::add_futures(&mut types)?;
    outgoing::add_response(&mut types)?;
    outgoing::add_body(&mut types)?;
    outgoing::add_request(&mut types)?;
    outgoing::add_options(&mut types)?;
    types.func_wrap("http-error-code", error_code)?;
    let mut handler = linker.instance("wasi:http/outgoing-handler@0.2.12")?;
    handler.func_wrap("handle", outgoing::handle)
}

/// What is behind a stream's error, where that is one of HTTP.
fn error_code(
    mut store: Store<'_>,
    (error,): (Resource<IoError>,),
) -> wasmtime::Result<(Option<ErrorCode>,)> {
    let error = store.data_mut().table.get(&error)?;
    Ok((error.downcast_ref::<ErrorCode>().cloned(),))
}

fn resource_type<T: 'static>() -> ResourceType {
    ResourceType::host::<T>()
}

/// A resource that has nothing to do when it is dropped.
fn drop_resource<T: Held>(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    instance.resource(T::NAME, resource_type::<T>(), |mut store, rep| {
        let dropped = store.data_mut().http.drop::<T>(rep);
        // Only now, when the table is in order: dropping may end an exchange.
        drop(dropped);
        Ok(())
    })
}
