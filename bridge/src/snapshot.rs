// SPDX-License-Identifier: AGPL-3.0-only

//! Snapshots by wizer: a guest is run up to the end of its `wizer-initialize`, and written down as
//! it is then.

use crate::abi::*;
use crate::component::{Component, fn0_component};
use crate::data_segments;
use crate::error::{Failure, answer, contain};
use crate::instance::{make_store, poll_once};
use crate::local::Local;
use crate::refusal;
use crate::shared::{Shared, SharedRef, WakeTarget};
use crate::state::{State, Surroundings};
use crate::trap;
use bytes::Bytes;
use std::ffi::c_int;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, Instance, Lift, TypedFunc, WasmList,
};
use wasmtime::{Store, bail, format_err};
use wasmtime_wizer::{ComponentContext, ComponentInstanceState, Wizer};

const INITIALIZE: &str = "wizer-initialize";

#[allow(non_camel_case_types)]
pub type fn0_snapshot = Snapshot;

type Life = Pin<Box<dyn Future<Output = wasmtime::Result<Vec<u8>>>>>;

pub struct Snapshot {
    /// None when it is over.
    life: Option<Life>,
    shared: Rc<Shared>,
    waker: Waker,
}

fn wizer() -> Wizer {
    let mut wizer = Wizer::new();
    wizer.init_func(INITIALIZE).keep_init_func(true);
    wizer
}

fn instrument(wasm: &[u8]) -> Result<(ComponentContext<'_>, Vec<u8>), Failure> {
    refusal::check_header(wasm)?;
    wizer().instrument_component(wasm).map_err(|error| {
        let message = format!("cannot be snapshotted: {error:#}");
        Failure::new(FN0_ERROR_NOT_A_COMPONENT, message)
    })
}

/// Where the component has the function, as it must be.
fn initialize_of(component: &Component) -> Result<ComponentExportIndex, Failure> {
    let failure = |message| Failure::new(FN0_ERROR_MISSING_EXPORT, message);
    match component.pre.component().get_export(None, INITIALIZE) {
        Some((ComponentItem::ComponentFunc(function), index))
            if function.params().len() == 0 && function.results().len() == 0 =>
        {
            Ok(index)
        }
        Some(_) => Err(failure(
            "exports wizer-initialize with another type than func()",
        )),
        None => Err(failure(
            "does not export wizer-initialize, so it cannot be snapshotted",
        )),
    }
}

impl Snapshot {
    fn new(
        component: Arc<Component>,
        wasm: &'static [u8],
        input: Bytes,
        memory_bytes_max: u64,
        wake: WakeTarget,
    ) -> Result<Snapshot, Failure> {
        let initialize = initialize_of(&component)?;
        let (context, _) = instrument(wasm)?;
        let shared = Rc::new(Shared::new(component, wake, memory_bytes_max));
        let life = take(Local::new(shared.clone()), input, context, initialize);
        Ok(Snapshot {
            life: Some(Box::pin(life)),
            waker: Waker::from(shared.wake.clone()),
            shared,
        })
    }

    fn poll(&mut self) -> Result<Poll<Vec<u8>>, Failure> {
        let Some(life) = self.life.as_mut() else {
            return Err(Failure::invalid(
                "the snapshot is over: it can only be destroyed",
            ));
        };
        let polled = poll_once(life.as_mut(), &self.shared, &self.waker);
        if let Ok(Poll::Pending) = polled {
            return Ok(Poll::Pending);
        }
        let life = self.life.take();
        contain((), || drop(life));
        match polled {
            Ok(Poll::Ready(Ok(wasm))) => Ok(Poll::Ready(wasm)),
            Ok(Poll::Ready(Err(error))) => Err(self.failure(&error)),
            Ok(Poll::Pending) => Ok(Poll::Pending),
            Err(payload) => Err(Failure::panic(&*payload)),
        }
    }

    /// What the guest says itself is what its author understands.
    fn failure(&self, error: &wasmtime::Error) -> Failure {
        let failure = trap::failure(error, &self.shared);
        let stderr = self.shared.events.borrow().stderr_tail(usize::MAX);
        match failure.code {
            FN0_ERROR_TRAP | FN0_ERROR_EXIT if !stderr.is_empty() => {
                Failure::new(failure.code, stderr)
            }
            _ => failure,
        }
    }
}

async fn take(
    shared: SharedRef,
    input: Bytes,
    context: ComponentContext<'static>,
    initialize: ComponentExportIndex,
) -> wasmtime::Result<Vec<u8>> {
    let component = shared.component.clone();
    let state = State::new(shared.clone(), Surroundings::Still(input));
    let mut store = make_store(&component, state);
    let instance = component.pre.instantiate_async(&mut store).await?;
    let initialize = instance.get_typed_func::<(), ()>(&mut store, initialize)?;
    initialize.call_async(&mut store, ()).await?;
    // What is still allocated is the guest's; reading it takes a page more.
    store.data_mut().limiter.lift();
    store.set_hostcall_fuel(usize::MAX);
    let mut reader = Reader {
        store: &mut store,
        instance,
        failure: None,
    };
    let snapshot = wizer().snapshot_component(&context, &mut reader).await;
    match reader.failure {
        Some(failure) => Err(failure),
        None => Ok(data_segments::compact(&snapshot?)?),
    }
}

/// Reads the guest's state through the accessors that it was instrumented with. wizer takes no
/// error from it, so the first one is kept here, and what was read is worth nothing.
struct Reader<'a> {
    store: &'a mut Store<State>,
    instance: Instance,
    failure: Option<wasmtime::Error>,
}

impl Reader<'_> {
    async fn call<R: Lift + 'static>(
        &mut self,
        interface: &str,
        function: &str,
    ) -> wasmtime::Result<R>
    where
        (R,): ComponentNamedList + Lift,
    {
        let store = &mut *self.store;
        let found = self.instance.get_export_index(&mut *store, None, interface);
        let Some(found) = found else {
            bail!("the artifact is not that of the instrumented component");
        };
        let found = self
            .instance
            .get_export_index(&mut *store, Some(&found), function)
            .ok_or_else(|| format_err!("the artifact is not that of this component"))?;
        let accessor: TypedFunc<(), (R,)> = self.instance.get_typed_func(&mut *store, found)?;
        Ok(accessor.call_async(&mut *store, ()).await?.0)
    }

    async fn read<R: Lift + Default + 'static>(&mut self, interface: &str, function: &str) -> R
    where
        (R,): ComponentNamedList + Lift,
    {
        match self.call(interface, function).await {
            Ok(value) => value,
            Err(error) => {
                self.failure.get_or_insert(error);
                R::default()
            }
        }
    }
}

impl ComponentInstanceState for Reader<'_> {
    async fn call_func_ret_list_u8(
        &mut self,
        interface: &str,
        function: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        match self.call::<WasmList<u8>>(interface, function).await {
            Ok(list) => contents(list.as_le_slice(&*self.store)),
            Err(error) => {
                self.failure.get_or_insert(error);
                contents(&[]);
            }
        }
    }

    async fn call_func_ret_s32(&mut self, interface: &str, function: &str) -> i32 {
        self.read(interface, function).await
    }

    async fn call_func_ret_s64(&mut self, interface: &str, function: &str) -> i64 {
        self.read(interface, function).await
    }

    async fn call_func_ret_f32(&mut self, interface: &str, function: &str) -> u32 {
        self.read::<f32>(interface, function).await.to_bits()
    }

    async fn call_func_ret_f64(&mut self, interface: &str, function: &str) -> u64 {
        self.read::<f64>(interface, function).await.to_bits()
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_snapshot_instrument(
    wasm: fn0_slice,
    ret_wasm: *mut fn0_bytes,
    error: *mut fn0_error,
) -> c_int {
    // SAFETY: the header's rules for the pointers.
    unsafe {
        answer(error, || {
            let (_, instrumented) = instrument(wasm.bytes())?;
            ret_wasm.write(fn0_bytes::new(instrumented));
            Ok(())
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_snapshot_create(
    instrumented: *mut fn0_component,
    wasm: fn0_slice,
    options: *const fn0_snapshot_options,
    ret_snapshot: *mut *mut fn0_snapshot,
    error: *mut fn0_error,
) -> c_int {
    // SAFETY: the header's rules for the pointers; it has C keep `wasm` for as long as the snapshot.
    unsafe {
        answer(error, || {
            Arc::increment_strong_count(instrumented);
            let component = Arc::from_raw(instrumented);
            let options = &*options;
            let wake = WakeTarget {
                wake: options.wake,
                context: options.wake_context,
                token: options.token,
            };
            let input = Bytes::copy_from_slice(options.input.bytes());
            let wasm = wasm.bytes();
            let snapshot = Snapshot::new(component, wasm, input, options.memory_bytes_max, wake)?;
            ret_snapshot.write(Box::into_raw(Box::new(snapshot)));
            Ok(())
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_snapshot_poll(
    snapshot: *mut fn0_snapshot,
    ret_wasm: *mut fn0_bytes,
    error: *mut fn0_error,
) -> fn0_poll {
    // SAFETY: a live snapshot, on its thread.
    let snapshot = unsafe { &mut *snapshot };
    let polled = contain(Err(Failure::panic(&"no message")), || snapshot.poll());
    match polled {
        Ok(Poll::Ready(wasm)) => {
            // SAFETY: the header's rule for `ret_wasm`.
            unsafe { ret_wasm.write(fn0_bytes::new(wasm)) };
            FN0_POLL_READY
        }
        Ok(Poll::Pending) if snapshot.shared.yielded.get() => FN0_POLL_YIELDED,
        Ok(Poll::Pending) => FN0_POLL_PENDING,
        Err(failure) => {
            // SAFETY: the header's rule for `error`.
            unsafe { failure.fill(error) };
            FN0_POLL_FAILED
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_snapshot_interrupt(snapshot: *mut fn0_snapshot) {
    // SAFETY: a live snapshot, on its thread.
    unsafe { &*snapshot }.shared.interrupted.set(true);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_snapshot_output(
    snapshot: *mut fn0_snapshot,
    ret_events: *mut fn0_events,
) {
    const NOTHING: fn0_events = fn0_events {
        items: std::ptr::null(),
        count: 0,
    };
    // SAFETY: a live snapshot, on its thread; the header's rule for `ret_events`.
    unsafe {
        let shared = &(*snapshot).shared;
        let events = contain(NOTHING, || {
            let mut events = shared.events.borrow_mut();
            events.take_back();
            events.hand_out()
        });
        ret_events.write(events);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_snapshot_memory_refusals(snapshot: *const fn0_snapshot) -> u64 {
    // SAFETY: a live snapshot, on its thread.
    unsafe { &*snapshot }.shared.memory_refusals.get()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_snapshot_destroy(snapshot: *mut fn0_snapshot) {
    if !snapshot.is_null() {
        // SAFETY: it came from fn0_snapshot_create, and is given back once, on its thread.
        contain((), || drop(unsafe { Box::from_raw(snapshot) }));
    }
}
