// SPDX-License-Identifier: AGPL-3.0-only

//! An outgoing request that C makes for a guest, from `handle` until nobody wants its answer any
//! more.

use super::body::{IncomingBody, Sink};
use super::fields::FieldList;
use super::types::ErrorCode;
use crate::events::{Events, Record};
use crate::io::{Answer, now, wait_for};
use crate::local::Local;
use crate::shared::SharedRef;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasmtime_wasi::p2::Pollable;

pub type Head = Result<(u16, Rc<FieldList>), ErrorCode>;

pub struct Exchange {
    pub id: u64,
    head: RefCell<Option<Head>>,
    has_head: Cell<bool>,
    failed: Cell<bool>,
    waiting: Cell<bool>,
    pub body: Rc<IncomingBody>,
    pub sink: Option<Rc<Sink>>,
}

impl Exchange {
    pub fn new(id: u64, sink: Option<Rc<Sink>>) -> Rc<Exchange> {
        Rc::new(Exchange {
            id,
            head: RefCell::new(None),
            has_head: Cell::new(false),
            failed: Cell::new(false),
            waiting: Cell::new(false),
            body: IncomingBody::new(false),
            sink,
        })
    }

    /// The head from C. Answers whether C should poll.
    pub fn set_head(&self, head: Head) -> bool {
        if !self.has_head.replace(true) {
            *self.head.borrow_mut() = Some(head);
        }
        self.waiting.take()
    }

    /// It failed, before or after its head. Answers whether C should poll.
    pub fn fail(&self, code: ErrorCode) -> bool {
        self.failed.set(true);
        if let Some(sink) = &self.sink {
            sink.close();
        }
        let reader_waits = self.body.end(Err(code.clone()));
        if self.has_head.get() {
            return reader_waits;
        }
        self.set_head(Err(code)) | reader_waits
    }

    pub fn take_head(&self) -> Option<Head> {
        self.head.borrow_mut().take()
    }

    fn await_head(&self) -> bool {
        self.waiting.set(self.head.borrow().is_none());
        !self.waiting.get()
    }

    /// Nobody wants its answer any more.
    pub fn end(&self, events: &mut Events) {
        if !self.is_over() {
            events.push(Record::OutgoingDropped(self.id));
        }
        self.body.close();
        if let Some(sink) = &self.sink {
            sink.close();
        }
    }

    /// C has nothing more to do for it.
    fn is_over(&self) -> bool {
        let answered = self.failed.get() || self.body.is_ended();
        answered && self.sink.as_ref().is_none_or(|sink| sink.is_done())
    }
}

/// What every hold of the guest's on an exchange shares: with the last one the exchange ends.
pub struct Ticket {
    pub exchange: Rc<Exchange>,
    shared: SharedRef,
}

impl Ticket {
    pub fn new(exchange: Rc<Exchange>, shared: SharedRef) -> Rc<Ticket> {
        shared.exchanges.borrow_mut().push(exchange.clone());
        Rc::new(Ticket { exchange, shared })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut exchanges = self.shared.exchanges.borrow_mut();
        let place = exchanges
            .iter()
            .position(|other| other.id == self.exchange.id);
        // It is not there where its call is over.
        if let Some(place) = place {
            exchanges.swap_remove(place);
            self.exchange.end(&mut self.shared.events.borrow_mut());
        }
    }
}

/// What a pollable of `future-incoming-response` waits for.
pub struct HeadPollable {
    ticket: Local<Option<Rc<Ticket>>>,
    /// Once it was taken, the pollable is ready for ever.
    taken: Local<Rc<Cell<bool>>>,
}

impl HeadPollable {
    pub fn new(ticket: Option<Rc<Ticket>>, taken: Rc<Cell<bool>>) -> HeadPollable {
        HeadPollable {
            ticket: Local::new(ticket),
            taken: Local::new(taken),
        }
    }

    fn await_head(&self) -> bool {
        let ticket = self.ticket.as_ref();
        self.taken.get() || ticket.is_none_or(|ticket| ticket.exchange.await_head())
    }
}

impl Pollable for HeadPollable {
    fn ready<'a, 'b>(&'a mut self) -> Answer<'b, ()>
    where
        'a: 'b,
        Self: 'b,
    {
        if self.await_head() {
            return now();
        }
        Box::pin(wait_for(|| self.await_head()))
    }
}
