// SPDX-License-Identifier: AGPL-3.0-only

//! What C's functions and a guest's imports both touch: the call and what it produces. It lies
//! outside of the store, because C speaks while the guest, and with it the store, is suspended.

use crate::abi::fn0_wake;
use crate::component::Component;
use crate::events::Events;
use crate::http::body::{IncomingBody, Sink};
use crate::http::exchange::Exchange;
use crate::http::fields::{Budget, FieldList};
use crate::http::types::{Method, Scheme};
use crate::local::Local;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Wake;

/// Where a wake goes to; held by timers too, past the instance's end.
pub struct WakeTarget {
    pub wake: fn0_wake,
    pub context: *mut c_void,
    pub token: u64,
}

// SAFETY: the header asks of C that `wake` may be called from any thread and that `context` stands
// it.
unsafe impl Send for WakeTarget {}
// SAFETY: as above.
unsafe impl Sync for WakeTarget {}

impl WakeTarget {
    pub fn call(&self) {
        if let Some(wake) = self.wake {
            // SAFETY: as above.
            unsafe { wake(self.context, self.token) }
        }
    }
}

impl Wake for WakeTarget {
    fn wake(self: Arc<Self>) {
        self.call();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.call();
    }
}

/// The request that a call answers. Its buffers are kept from call to call.
pub struct Request {
    pub method: Method,
    pub authority: String,
    pub path_with_query: String,
    pub scheme: Scheme,
    pub fields: Rc<FieldList>,
    pub body: Rc<IncomingBody>,
}

pub struct Shared {
    pub component: Arc<Component>,
    pub wake: Arc<WakeTarget>,
    /// How many polls there have been, this one included.
    pub polls: Cell<u64>,
    /// The last poll in which a tick was seen.
    pub turn: Cell<u64>,
    /// What the thread had computed then.
    pub turn_cpu_ns: Cell<u64>,
    /// The guest was stopped although nothing will wake it.
    pub yielded: Cell<bool>,
    /// The guest is to end.
    pub interrupted: Cell<bool>,
    /// The start-up is over.
    pub started: Cell<bool>,
    /// C has begun a call, and the guest has not ended it.
    pub calling: Cell<bool>,
    pub memory_bytes: Cell<u64>,
    pub memory_refusals: Cell<u64>,
    pub memory_bytes_max: u64,
    pub budget: Rc<Budget>,
    /// Stands in for a list that is being changed.
    pub no_fields: Rc<FieldList>,
    pub events: RefCell<Events>,
    pub request: RefCell<Request>,
    pub body_window_bytes: Cell<usize>,
    /// The body of the response that the guest has set.
    pub response: RefCell<Option<Rc<Sink>>>,
    pub exchanges: RefCell<Vec<Rc<Exchange>>>,
    pub exchanges_begun: Cell<u64>,
}

pub type SharedRef = Local<Rc<Shared>>;

impl Shared {
    pub fn new(component: Arc<Component>, wake: WakeTarget, memory_bytes_max: u64) -> Shared {
        let budget = Rc::new(Budget::default());
        let request = Request {
            method: Method::Get,
            authority: String::new(),
            path_with_query: String::new(),
            scheme: Scheme::Http,
            fields: Rc::new(FieldList::new(budget.clone())),
            body: IncomingBody::empty(),
        };
        Shared {
            component,
            wake: Arc::new(wake),
            polls: Cell::new(0),
            turn: Cell::new(0),
            turn_cpu_ns: Cell::new(0),
            yielded: Cell::new(false),
            interrupted: Cell::new(false),
            started: Cell::new(false),
            calling: Cell::new(false),
            memory_bytes: Cell::new(0),
            memory_refusals: Cell::new(0),
            memory_bytes_max,
            no_fields: Rc::new(FieldList::new(budget.clone())),
            budget,
            events: RefCell::default(),
            request: RefCell::new(request),
            body_window_bytes: Cell::new(0),
            response: RefCell::default(),
            exchanges: RefCell::default(),
            exchanges_begun: Cell::new(0),
        }
    }

    /// Tells C to poll, where the guest waits for what has just come.
    pub fn wake_waiting(&self, waiting: bool) {
        if waiting {
            self.wake.call();
        }
    }

    pub fn exchange(&self, id: u64) -> Option<Rc<Exchange>> {
        let exchanges = self.exchanges.borrow();
        exchanges.iter().find(|exchange| exchange.id == id).cloned()
    }

    /// The guest has ended the call: nobody reads its request and the answers to its own any more.
    pub fn end_call(&self) {
        self.calling.set(false);
        self.request.borrow().body.close();
        self.response.take();
        for exchange in self.exchanges.take() {
            exchange.end(&mut self.events.borrow_mut());
        }
    }
}
