// SPDX-License-Identifier: AGPL-3.0-only

//! The imports that a guest waits in: `wasmtime-wasi`'s own, wrapped so that C can end a guest that
//! waits, with a backtrace and the name of the import. No other import of a guest without files and
//! sockets ever waits.

use crate::shared::SharedRef;
use crate::state::State;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use wasmtime::StoreContextMut;
use wasmtime::component::{
    ComponentNamedList, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType,
};
use wasmtime_wasi::p2::bindings::io::poll::{Host as _, HostPollable as _};
use wasmtime_wasi::p2::bindings::io::streams::{
    HostInputStream as _, HostOutputStream as _, StreamError as GuestError,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, StreamError};

/// What `async_trait` makes of an `async fn`.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

struct Now;

impl Future for Now {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// Ready without an allocation: it has no size.
pub fn now<'a>() -> Answer<'a, ()> {
    Box::pin(Now)
}

/// Waits until `is_there`. No waker is kept: who brings what is waited for wakes C.
pub fn wait_for(mut is_there: impl FnMut() -> bool) -> impl Future<Output = ()> {
    std::future::poll_fn(move |_| match is_there() {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
}

/// The end of a guest by C's wish.
#[derive(Debug)]
pub struct Interrupted {
    /// The import it waited in; none where it computed.
    pub import: Option<&'static str>,
}

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.import {
            Some(import) => write!(f, "interrupted while it waited in {import}"),
            None => write!(f, "interrupted"),
        }
    }
}

impl std::error::Error for Interrupted {}

/// Waits for `future` in `import`. Timers find their runtime.
async fn wait<T>(
    shared: SharedRef,
    import: &'static str,
    future: impl Future<Output = T>,
) -> wasmtime::Result<T> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        if shared.interrupted.get() {
            let import = Some(import);
            return Poll::Ready(Err(Interrupted { import }.into()));
        }
        let _timers = shared.component.engine.timers.handle().enter();
        future.as_mut().poll(context).map(Ok)
    })
    .await
}

/// Lets the others have their turn, then goes on.
pub fn yield_now(shared: SharedRef) -> impl Future<Output = ()> + Send {
    let polls = shared.polls.get();
    std::future::poll_fn(move |_| {
        if shared.polls.get() != polls {
            return Poll::Ready(());
        }
        shared.yielded.set(true);
        Poll::Pending
    })
}

type Store<'a> = StoreContextMut<'a, State>;
type Input = Resource<DynInputStream>;
type Output = Resource<DynOutputStream>;
type Pollables = Vec<Resource<DynPollable>>;

/// Helps the compiler to see the lifetimes of what `func_wrap_async` is given.
fn define<P, R, F>(
    instance: &mut LinkerInstance<'_, State>,
    name: &str,
    f: F,
) -> wasmtime::Result<()>
where
    P: ComponentNamedList + Lift + 'static,
    R: ComponentNamedList + Lower + Send + Sync + 'static,
    F: for<'a> Fn(Store<'a>, P) -> Box<dyn Future<Output = wasmtime::Result<R>> + Send + 'a>
        + Send
        + Sync
        + 'static,
{
    instance.func_wrap_async(name, f)
}

/// Defines imports of `$interface` that wait, each by a future over the guest's table and the
/// arguments.
macro_rules! waiting {
    ($instance:ident, $interface:literal,
        $($name:literal: $types:ty = |$table:ident, $args:pat_param| $future:expr;)*) => {
        $(define($instance, $name, |mut store: Store<'_>, $args: $types| {
            Box::new(async move {
                let state = store.data_mut();
                let shared = state.shared.clone();
                let $table = &mut state.table;
                let answer = wait(shared, concat!($interface, "#", $name), $future).await?;
                Ok((answer.for_guest(state)?,))
            })
        })?;)*
    };
}

/// An answer as the guest sees it.
trait ForGuest {
    type Seen;
    fn for_guest(self, state: &mut State) -> wasmtime::Result<Self::Seen>;
}

impl<T> ForGuest for wasmtime::Result<T> {
    type Seen = T;
    fn for_guest(self, _: &mut State) -> wasmtime::Result<T> {
        self
    }
}

impl<T> ForGuest for Result<T, StreamError> {
    type Seen = Result<T, GuestError>;
    fn for_guest(self, state: &mut State) -> wasmtime::Result<Self::Seen> {
        match self {
            Ok(value) => Ok(Ok(value)),
            Err(StreamError::Closed) => Ok(Err(GuestError::Closed)),
            // The error is a resource of its own.
            Err(StreamError::LastOperationFailed(error)) => {
                let error = state.table.push(error)?;
                Ok(Err(GuestError::LastOperationFailed(error)))
            }
            Err(StreamError::Trap(error)) => Err(error),
        }
    }
}

pub fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    add_poll(&mut linker.instance("wasi:io/poll@0.2.12")?)?;
    let mut streams = linker.instance("wasi:io/streams@0.2.12")?;
    streams.resource(
        "input-stream",
        ResourceType::host::<DynInputStream>(),
        |mut store, rep| {
            store.data_mut().table.delete(Input::new_own(rep))?;
            Ok(())
        },
    )?;
    streams.resource(
        "output-stream",
        ResourceType::host::<DynOutputStream>(),
        |mut store, rep| {
            store.data_mut().table.delete(Output::new_own(rep))?;
            Ok(())
        },
    )?;
    add_input(&mut streams)?;
    add_output(&mut streams)
}

fn add_poll(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    waiting! { instance, "wasi:io/poll",
        "poll": (Pollables,) = |table, (list,)| table.poll(list);
        "[method]pollable.ready": (Resource<DynPollable>,) = |table, (this,)| table.ready(this);
    }
    // The one that answers nothing.
    define(
        instance,
        "[method]pollable.block",
        |mut store: Store<'_>, (this,)| {
            Box::new(async move {
                let state = store.data_mut();
                let import = "wasi:io/poll#[method]pollable.block";
                wait(state.shared.clone(), import, state.table.block(this)).await?
            })
        },
    )
}

fn add_input(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    waiting! { instance, "wasi:io/streams",
        "[method]input-stream.blocking-read": (Input, u64) =
            |table, (this, bytes)| table.blocking_read(this, bytes);
        "[method]input-stream.blocking-skip": (Input, u64) =
            |table, (this, bytes)| table.blocking_skip(this, bytes);
    }
    Ok(())
}

fn add_output(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    waiting! { instance, "wasi:io/streams",
        "[method]output-stream.blocking-flush": (Output,) =
            |table, (this,)| table.blocking_flush(this);
        "[method]output-stream.blocking-write-and-flush": (Output, Vec<u8>) =
            |table, (this, bytes)| table.blocking_write_and_flush(this, bytes);
        "[method]output-stream.blocking-write-zeroes-and-flush": (Output, u64) =
            |table, (this, bytes)| table.blocking_write_zeroes_and_flush(this, bytes);
        "[method]output-stream.blocking-splice": (Output, Input, u64) =
            |table, (this, source, bytes)| table.blocking_splice(this, source, bytes);
    }
    Ok(())
}
