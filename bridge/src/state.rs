// SPDX-License-Identifier: AGPL-3.0-only

//! What wasmtime keeps for one guest.

use crate::events::Record;
use crate::http::resources::Resources;
use crate::io::{Answer, now, yield_now};
use crate::limiter::Limiter;
use crate::shared::SharedRef;
use bytes::Bytes;
use std::time::Duration;
use tokio::io::AsyncWrite;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::clocks::{HostMonotonicClock, HostWallClock};
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::random::Deterministic;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

/// How many streams, pollables and errors a guest may hold at a time.
const RESOURCES_MAX: usize = 1 << 18;
/// One call for random bytes has the host allocate as much.
const RANDOM_BYTES_MAX: u64 = 1 << 20;

/// What a guest finds around it.
pub enum Surroundings {
    /// The world as it is, and these variables.
    Live(Vec<(String, String)>),
    /// A snapshot's: this on stdin, and nothing that differs from one time to the next.
    Still(Bytes),
}

pub struct State {
    pub shared: SharedRef,
    pub limiter: Limiter,
    pub table: ResourceTable,
    pub http: Resources,
    surroundings: Surroundings,
    wasi: Option<Box<WasiCtx>>,
}

impl State {
    pub fn new(shared: SharedRef, surroundings: Surroundings) -> State {
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_MAX);
        State {
            limiter: Limiter::new(shared.clone()),
            http: Resources::default(),
            table,
            surroundings,
            wasi: None,
            shared,
        }
    }

    pub fn is_still(&self) -> bool {
        matches!(self.surroundings, Surroundings::Still(_))
    }
}

/// No file, no socket, no environment but the function's. Most guests never ask for any of it.
fn wasi(shared: &SharedRef, surroundings: &Surroundings) -> Box<WasiCtx> {
    let output = |standard| Printer {
        shared: shared.clone(),
        standard,
    };
    let mut builder = WasiCtx::builder();
    match surroundings {
        Surroundings::Live(environment) => builder.envs(environment),
        Surroundings::Still(input) => still(&mut builder, input),
    };
    let context = builder
        .stdout(output(Standard::Output))
        .stderr(output(Standard::Error))
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .max_random_size(RANDOM_BYTES_MAX)
        .build();
    Box::new(context)
}

/// The same each time.
fn still<'a>(builder: &'a mut WasiCtxBuilder, input: &Bytes) -> &'a mut WasiCtxBuilder {
    // Each byte once, in no order.
    let random: Vec<u8> = (0..=255u8)
        .map(|i| i.wrapping_mul(167).wrapping_add(97))
        .collect();
    builder
        .stdin(MemoryInputPipe::new(input.clone()))
        .wall_clock(StillClock)
        .monotonic_clock(StillClock)
        .secure_random(Deterministic::new(random.clone()))
        .insecure_random(Deterministic::new(random))
        .insecure_random_seed(0)
}

struct StillClock;

impl HostWallClock for StillClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }
    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for StillClock {
    fn resolution(&self) -> u64 {
        1
    }
    fn now(&self) -> u64 {
        0
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let ctx = self
            .wasi
            .get_or_insert_with(|| wasi(&self.shared, &self.surroundings));
        WasiCtxView {
            ctx,
            table: &mut self.table,
        }
    }
}

#[derive(Clone, Copy)]
enum Standard {
    Output,
    Error,
}

/// The guest's stdout or stderr: events.
#[derive(Clone)]
struct Printer {
    shared: SharedRef,
    standard: Standard,
}

impl IsTerminal for Printer {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Printer {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for it.
        Box::new(tokio::io::sink())
    }
}

impl OutputStream for Printer {
    fn write(&mut self, text: Bytes) -> StreamResult<()> {
        let mut events = self.shared.events.borrow_mut();
        if text.len() > events.output_room() {
            if !self.shared.started.get() {
                // Nobody takes what the start-up prints before its end.
                return Ok(());
            }
            return Err(StreamError::trap("wrote more than check-write allowed"));
        }
        events.push_output(match self.standard {
            Standard::Output => Record::Stdout(text),
            Standard::Error => Record::Stderr(text),
        });
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        if !self.shared.started.get() {
            return Ok(crate::events::OUTPUT_BYTES_MAX);
        }
        Ok(self.shared.events.borrow().output_room())
    }
}

impl Pollable for Printer {
    fn ready<'a, 'b>(&'a mut self) -> Answer<'b, ()>
    where
        'a: 'b,
        Self: 'b,
    {
        if !self.shared.started.get() || self.shared.events.borrow().output_room() > 0 {
            return now();
        }
        Box::pin(yield_now(self.shared.clone()))
    }
}
