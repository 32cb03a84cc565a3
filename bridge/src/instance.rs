// SPDX-License-Identifier: AGPL-3.0-only

//! Instances: one future is the whole life of a guest, from its start-up through one call after
//! another.

use crate::abi::*;
use crate::component::{Component, HandleArguments, fn0_component};
use crate::error::{Failure, answer, contain};
use crate::http::resources::{IncomingRequest, ResponseOutparam};
use crate::io::Interrupted;
use crate::local::Local;
use crate::shared::{Shared, SharedRef, WakeTarget};
use crate::state::{State, Surroundings};
use crate::trap;
use rustix::time::{ClockId, clock_gettime};
use std::convert::Infallible;
use std::ffi::c_int;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use wasmtime::{Store, UpdateDeadline};

#[allow(non_camel_case_types)]
pub type fn0_instance = Instance;

/// What one call of an import may have the host copy out of the guest's memory.
const IMPORT_BYTES_MAX: usize = 16 << 20;

type Life = Pin<Box<dyn Future<Output = wasmtime::Result<Infallible>>>>;

pub struct Instance {
    /// None when it is over: it failed, or its call was cancelled.
    life: Option<Life>,
    /// Why it is over, where a defect ended it.
    panic: Option<String>,
    pub shared: Rc<Shared>,
    waker: Waker,
    /// C holds a call of it.
    pub has_call: bool,
}

/// What one poll of the life came to.
pub enum Polled {
    /// Started, or the call ended: it waits for C.
    Idle,
    Pending,
    Yielded,
    Failed(Failure),
}

impl Instance {
    /// # Safety
    /// The header's rules for the options.
    unsafe fn new(
        component: Arc<Component>,
        options: &fn0_instance_options,
    ) -> Result<Instance, Failure> {
        let mut environment = Vec::new();
        // SAFETY: see above.
        for field in unsafe { items(options.environment, options.environment_count) } {
            // SAFETY: see above.
            let (name, value) = unsafe {
                (
                    field.name.text("name of a variable")?,
                    field.value.text("value of a variable")?,
                )
            };
            environment.push((name.to_owned(), value.to_owned()));
        }
        let wake = WakeTarget {
            wake: options.wake,
            context: options.wake_context,
            token: options.token,
        };
        let shared = Rc::new(Shared::new(component, wake, options.memory_bytes_max));
        Ok(Instance {
            life: Some(Box::pin(live(Local::new(shared.clone()), environment))),
            panic: None,
            waker: Waker::from(shared.wake.clone()),
            shared,
            has_call: false,
        })
    }

    pub fn is_over(&self) -> bool {
        self.life.is_none()
    }

    /// Ends the guest, wherever it is.
    pub fn cancel(&mut self) {
        let life = self.life.take();
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(life))) {
            self.panic = Some(Failure::panic(&*payload).message);
        }
    }

    pub fn poll(&mut self) -> Polled {
        let Some(life) = self.life.as_mut() else {
            return Polled::Failed(match &self.panic {
                Some(message) => Failure::new(FN0_ERROR_PANIC, message.clone()),
                None => Failure::invalid("the instance is over: it can only be destroyed"),
            });
        };
        let shared = &self.shared;
        match poll_once(life.as_mut(), shared, &self.waker) {
            Ok(Poll::Pending) if shared.yielded.get() => Polled::Yielded,
            Ok(Poll::Pending) if shared.started.get() && !shared.calling.get() => Polled::Idle,
            Ok(Poll::Pending) => Polled::Pending,
            Ok(Poll::Ready(Ok(never))) => match never {},
            Ok(Poll::Ready(Err(error))) => {
                let failure = trap::start_or_call_failure(&error, shared);
                self.cancel();
                Polled::Failed(failure)
            }
            Err(payload) => {
                let failure = Failure::panic(&*payload);
                self.cancel();
                self.panic = Some(failure.message.clone());
                Polled::Failed(failure)
            }
        }
    }
}

/// One poll of a guest's future; the error is a panic's payload.
pub fn poll_once<T>(
    life: Pin<&mut dyn Future<Output = T>>,
    shared: &Shared,
    waker: &Waker,
) -> std::thread::Result<Poll<T>> {
    shared.polls.set(shared.polls.get() + 1);
    shared.yielded.set(false);
    let mut context = Context::from_waker(waker);
    catch_unwind(AssertUnwindSafe(|| life.poll(&mut context)))
}

/// What a guest computes at least, after the first tick that it sees in a turn, before another one
/// stops it: half of what lies between two.
const TURN_CPU_NS_MIN: u64 = 500_000;

/// A store for one guest, held to its memory and stopped by ticks.
pub fn make_store(component: &Component, state: State) -> Store<State> {
    let mut store = Store::new(&component.engine.wasmtime, state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(IMPORT_BYTES_MAX);
    store.epoch_deadline_callback(|store| tick(&store.data().shared));
    begin_turn(&mut store);
    store
}

/// Starts the guest, then has it answer each call that C begins. It ends only by an error.
async fn live(
    shared: SharedRef,
    environment: Vec<(String, String)>,
) -> wasmtime::Result<Infallible> {
    let component = shared.component.clone();
    let state = State::new(shared.clone(), Surroundings::Live(environment));
    let mut store = make_store(&component, state);
    let instance = component.pre.instantiate_async(&mut store).await?;
    let handle = instance.get_typed_func::<HandleArguments, ()>(&mut store, &component.handle)?;
    shared.started.set(true);
    loop {
        std::future::poll_fn(|_| match shared.calling.get() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
        begin_turn(&mut store);
        let http = &mut store.data_mut().http;
        let request = http.push(IncomingRequest::default())?;
        let outparam = http.push(ResponseOutparam)?;
        handle.call_async(&mut store, (request, outparam)).await?;
        store.data_mut().http.end_call(&shared);
        shared.end_call();
    }
}

fn begin_turn(store: &mut Store<State>) {
    store.set_epoch_deadline(1);
}

/// A tick came while the guest computed: it ends, or lets the others have their turn.
///
/// A poll is a turn. The first tick that is seen in it does not end it, since it came at any time
/// after its beginning, or before; nor does a later one as long as the guest has computed next to
/// nothing since, because others had the core. So most calls are over before they are stopped,
/// which costs them their place: they then wait behind all new ones. The deadline of 0 has this
/// called again as soon as the guest goes on, so that one that is interrupted need not wait for a
/// tick.
fn tick(shared: &SharedRef) -> wasmtime::Result<UpdateDeadline> {
    if shared.interrupted.get() {
        return Err(Interrupted { import: None }.into());
    }
    let polls = shared.polls.get();
    if shared.turn.replace(polls) != polls {
        shared.turn_cpu_ns.set(thread_cpu_ns());
        return Ok(UpdateDeadline::Continue(1));
    }
    if thread_cpu_ns() - shared.turn_cpu_ns.get() < TURN_CPU_NS_MIN {
        return Ok(UpdateDeadline::Continue(1));
    }
    let rest = crate::io::yield_now(shared.clone());
    Ok(UpdateDeadline::YieldCustom(0, Box::pin(rest)))
}

fn thread_cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_instance_create(
    component: *mut fn0_component,
    options: *const fn0_instance_options,
    ret_instance: *mut *mut fn0_instance,
    error: *mut fn0_error,
) -> c_int {
    // SAFETY: the header's rules for the pointers.
    unsafe {
        answer(error, || {
            Arc::increment_strong_count(component);
            let component = Arc::from_raw(component);
            let instance = Instance::new(component, &*options)?;
            ret_instance.write(Box::into_raw(Box::new(instance)));
            Ok(())
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_instance_poll(
    instance: *mut fn0_instance,
    error: *mut fn0_error,
) -> fn0_poll {
    // SAFETY: a live instance, on its thread.
    let instance = unsafe { &mut *instance };
    let polled = contain(None, || Some(instance.poll()));
    // SAFETY: the header's rule for `error`.
    unsafe { hand_over(polled, error) }
}

/// # Safety
/// `error` is NULL or the caller's own.
pub unsafe fn hand_over(polled: Option<Polled>, error: *mut fn0_error) -> fn0_poll {
    match polled {
        Some(Polled::Idle) => FN0_POLL_READY,
        Some(Polled::Pending) => FN0_POLL_PENDING,
        Some(Polled::Yielded) => FN0_POLL_YIELDED,
        Some(Polled::Failed(failure)) => {
            // SAFETY: see above.
            unsafe { failure.fill(error) };
            FN0_POLL_FAILED
        }
        None => {
            // SAFETY: see above.
            unsafe { Failure::panic(&"no message").fill(error) };
            FN0_POLL_FAILED
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_instance_interrupt(instance: *mut fn0_instance) {
    // SAFETY: a live instance, on its thread.
    unsafe { &*instance }.shared.interrupted.set(true);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_instance_memory_bytes(instance: *const fn0_instance) -> u64 {
    // SAFETY: a live instance, on its thread.
    unsafe { &*instance }.shared.memory_bytes.get()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_instance_memory_refusals(instance: *const fn0_instance) -> u64 {
    // SAFETY: a live instance, on its thread.
    unsafe { &*instance }.shared.memory_refusals.get()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_instance_destroy(instance: *mut fn0_instance) {
    if !instance.is_null() {
        // SAFETY: it came from fn0_instance_create, and is given back once, on its thread.
        contain((), || drop(unsafe { Box::from_raw(instance) }));
    }
}
