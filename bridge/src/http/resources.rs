// SPDX-License-Identifier: AGPL-3.0-only

//! The resources of `wasi:http` that a guest holds, in one table.

use super::body::{Reader, Sink};
use super::exchange::Ticket;
use super::fields::FieldList;
use super::outgoing::{OutgoingRequest, RequestOptions};
use crate::local::Local;
use crate::shared::Shared;
use std::cell::Cell;
use std::rc::Rc;
use wasmtime::component::Resource;

/// How many a guest may hold at a time.
const HELD_MAX: usize = 1 << 18;

pub struct Fields {
    pub list: Rc<FieldList>,
    pub mutable: bool,
}

#[derive(Default)]
pub struct IncomingRequest {
    pub consumed: bool,
}

pub struct ResponseOutparam;

pub struct IncomingResponse {
    pub status: u16,
    pub fields: Rc<FieldList>,
    /// None where it is consumed already.
    pub body: Option<Reader>,
}

pub struct FutureTrailers {
    pub reader: Reader,
    pub taken: bool,
}

pub struct OutgoingResponse {
    pub status: u16,
    pub fields: Rc<FieldList>,
    pub body: Option<Rc<Sink>>,
}

pub struct FutureResponse {
    /// None where it is taken already.
    pub ticket: Option<Rc<Ticket>>,
    pub taken: Rc<Cell<bool>>,
}

pub type IncomingBodyHold = Reader;
pub type OutgoingBodyHold = Rc<Sink>;

/// A guest that never drops anything has many of them, so what is rare and large lies elsewhere.
pub enum Slot {
    Free(u32),
    /// Of a call that is over. The guest still holds its number, so nothing else may get it.
    Over,
    Fields(Fields),
    Options(Box<RequestOptions>),
    IncomingRequest(IncomingRequest),
    Outparam(ResponseOutparam),
    IncomingResponse(Box<IncomingResponse>),
    IncomingBody(IncomingBodyHold),
    FutureTrailers(Box<FutureTrailers>),
    OutgoingRequest(Box<OutgoingRequest>),
    OutgoingResponse(OutgoingResponse),
    OutgoingBody(OutgoingBodyHold),
    FutureResponse(FutureResponse),
}

/// What can lie in a slot.
pub trait Held: Sized + 'static {
    const NAME: &'static str;
    /// Fields and options are plain values, and the guest's as long as it likes; all others end
    /// with their call.
    const OF_CALL: bool = true;
    fn into_slot(self) -> Slot;
    fn of_slot(slot: &mut Slot) -> Option<&mut Self>;
    fn from_slot(slot: Slot) -> Option<Self>;
}

macro_rules! held {
    ($($type:ty: $case:ident, $name:literal $(, $of_call:literal)?;)*) => {
        $(impl Held for $type {
            const NAME: &'static str = $name;
            $(const OF_CALL: bool = $of_call;)?
            fn into_slot(self) -> Slot {
                Slot::$case(self.into())
            }
            fn of_slot(slot: &mut Slot) -> Option<&mut Self> {
                match slot {
                    Slot::$case(value) => Some(held!(@target value, $case)),
                    _ => None,
                }
            }
            fn from_slot(slot: Slot) -> Option<Self> {
                match slot {
                    Slot::$case(value) => Some(held!(@unbox value, $case)),
                    _ => None,
                }
            }
        })*
    };
    (@target $value:ident, Options) => { &mut **$value };
    (@target $value:ident, FutureTrailers) => { &mut **$value };
    (@target $value:ident, IncomingResponse) => { &mut **$value };
    (@target $value:ident, OutgoingRequest) => { &mut **$value };
    (@target $value:ident, $case:ident) => { $value };
    (@unbox $value:ident, Options) => { *$value };
    (@unbox $value:ident, FutureTrailers) => { *$value };
    (@unbox $value:ident, IncomingResponse) => { *$value };
    (@unbox $value:ident, OutgoingRequest) => { *$value };
    (@unbox $value:ident, $case:ident) => { $value };
}

held! {
    Fields: Fields, "fields", false;
    RequestOptions: Options, "request-options", false;
    IncomingRequest: IncomingRequest, "incoming-request";
    ResponseOutparam: Outparam, "response-outparam";
    IncomingResponse: IncomingResponse, "incoming-response";
    IncomingBodyHold: IncomingBody, "incoming-body";
    FutureTrailers: FutureTrailers, "future-trailers";
    OutgoingRequest: OutgoingRequest, "outgoing-request";
    OutgoingResponse: OutgoingResponse, "outgoing-response";
    OutgoingBodyHold: OutgoingBody, "outgoing-body";
    FutureResponse: FutureResponse, "future-incoming-response";
}

const _: () = assert!(size_of::<Slot>() <= 32);

pub struct Resources {
    slots: Local<Vec<Slot>>,
    /// The first free slot; one past the last where there is none.
    free: u32,
    /// How many there are that end with their call.
    of_call: usize,
}

impl Default for Resources {
    fn default() -> Resources {
        Resources {
            slots: Local::new(Vec::new()),
            free: 0,
            of_call: 0,
        }
    }
}

impl Resources {
    pub fn push<T: Held>(&mut self, value: T) -> wasmtime::Result<Resource<T>> {
        let rep = self.free;
        let count = self.slots.len();
        let slot = value.into_slot();
        match self.slots.get_mut(rep as usize) {
            Some(free) => {
                let Slot::Free(next) = std::mem::replace(free, slot) else {
                    unreachable!("the list of free slots is damaged");
                };
                self.free = next;
            }
            None if count < HELD_MAX => {
                self.slots.push(slot);
                self.free += 1;
            }
            None => wasmtime::bail!("the guest holds more than {HELD_MAX} resources"),
        }
        self.of_call += usize::from(T::OF_CALL);
        Ok(Resource::new_own(rep))
    }

    pub fn get<T: Held>(&mut self, resource: &Resource<T>) -> wasmtime::Result<&mut T> {
        self.slots
            .get_mut(resource.rep() as usize)
            .and_then(T::of_slot)
            .ok_or_else(|| missing::<T>())
    }

    /// What the guest gives away.
    pub fn take<T: Held>(&mut self, resource: Resource<T>) -> wasmtime::Result<T> {
        self.get(&resource)?;
        let slot = self.release(resource.rep()).and_then(T::from_slot);
        slot.ok_or_else(|| missing::<T>())
    }

    /// What the guest drops; none where its call is over.
    pub fn drop<T: Held>(&mut self, rep: u32) -> Option<T> {
        self.release(rep).and_then(T::from_slot)
    }

    fn release(&mut self, rep: u32) -> Option<Slot> {
        let slot = self.slots.get_mut(rep as usize)?;
        if let Slot::Free(_) = slot {
            return None;
        }
        let value = std::mem::replace(slot, Slot::Free(self.free));
        self.free = rep;
        match &value {
            Slot::Over | Slot::Fields(_) | Slot::Options(_) => {}
            _ => self.of_call -= 1,
        }
        Some(value)
    }

    /// Takes away what the guest left lying about of a call that is over.
    pub fn end_call(&mut self, shared: &Shared) {
        if self.of_call == 0 {
            return;
        }
        self.of_call = 0;
        for slot in self.slots.iter_mut() {
            match slot {
                Slot::Free(_) | Slot::Over | Slot::Fields(_) | Slot::Options(_) => continue,
                Slot::IncomingBody(reader) => reader.close(),
                Slot::FutureTrailers(trailers) => trailers.reader.close(),
                Slot::OutgoingBody(sink) => {
                    sink.cut(&mut shared.events.borrow_mut());
                    sink.close();
                }
                _ => {}
            }
            *slot = Slot::Over;
        }
    }
}

#[cold]
fn missing<T: Held>() -> wasmtime::Error {
    wasmtime::format_err!("no such {}: it belongs to a call that is over", T::NAME)
}
