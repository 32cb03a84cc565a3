// SPDX-License-Identifier: AGPL-3.0-only

//! The engine: wasmtime with its pool, the imports that every guest gets, and the thread of the
//! timers.

use crate::abi::*;
use crate::code::CodeCache;
use crate::error::{Failure, answer, contain};
use crate::state::State;
use crate::{http, io};
use std::ffi::c_int;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use wasmtime::component::Linker;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

/// An address space of 47 bits, and half of it left for everything else.
const ADDRESS_SPACE_BYTES: u64 = 1 << 46;
/// With so much address space for each memory, a 32-bit address needs no bounds check.
const UNCHECKED_RESERVATION_BYTES: u64 = 4 << 30;
const MEMORY_GUARD_BYTES: u64 = 32 << 20;
/// What imports may use of a guest's stack beyond its own: they run on it.
const IMPORT_STACK_BYTES: u64 = 512 << 10;

#[allow(non_camel_case_types)]
pub type fn0_engine = Engine;

pub struct Engine {
    pub wasmtime: wasmtime::Engine,
    pub linker: Linker<State>,
    pub timers: Timers,
}

impl Engine {
    fn new(options: &fn0_engine_options) -> Result<Engine, Failure> {
        check(options)?;
        let wasmtime = wasmtime_engine(options)?;
        let linker = linker(&wasmtime)
            .map_err(|error| Failure::new(FN0_ERROR_SYSTEM, format!("no linker: {error:#}")))?;
        let timers = Timers::start()
            .map_err(|error| Failure::new(FN0_ERROR_SYSTEM, format!("no timers: {error}")))?;
        Ok(Engine {
            wasmtime,
            linker,
            timers,
        })
    }
}

fn check(options: &fn0_engine_options) -> Result<(), Failure> {
    let positive = options.instances_max > 0
        && options.core_instances_per_component_max > 0
        && options.memories_per_component_max > 0
        && options.tables_per_component_max > 0
        && options.table_elements_max > 0
        && options.memory_bytes_max > 0
        && options.core_instance_bytes_max > 0
        && options.component_instance_bytes_max > 0
        && options.stack_bytes > 0;
    if !positive {
        return Err(Failure::invalid("each size of the pool must be over 0"));
    }
    if !options.memory_bytes_max.is_multiple_of(65536) || options.memory_bytes_max > 1 << 32 {
        return Err(Failure::invalid(
            "memory_bytes_max must be a multiple of 64 KiB and at most 4 GiB",
        ));
    }
    Ok(())
}

/// First with address space enough to leave the bounds checks out, then with as little as possible.
fn wasmtime_engine(options: &fn0_engine_options) -> Result<wasmtime::Engine, Failure> {
    let memories = u64::from(options.instances_max) * u64::from(options.memories_per_component_max);
    let unchecked = UNCHECKED_RESERVATION_BYTES + MEMORY_GUARD_BYTES;
    if memories.saturating_mul(unchecked) <= ADDRESS_SPACE_BYTES {
        let config = config(options, UNCHECKED_RESERVATION_BYTES)?;
        if let Ok(engine) = wasmtime::Engine::new(&config) {
            return Ok(engine);
        }
    }
    wasmtime::Engine::new(&config(options, options.memory_bytes_max)?).map_err(|error| {
        Failure::new(
            FN0_ERROR_SYSTEM,
            format!("no pool for {} instances: {error:#}", options.instances_max),
        )
    })
}

fn config(options: &fn0_engine_options, reservation_bytes: u64) -> Result<Config, Failure> {
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(options)))
        .memory_reservation(reservation_bytes)
        .memory_guard_size(MEMORY_GUARD_BYTES)
        .memory_init_cow(true)
        .cranelift_opt_level(OptLevel::Speed)
        .parallel_compilation(options.parallel_compilation)
        .epoch_interruption(true)
        .concurrency_support(false)
        .max_wasm_stack(options.stack_bytes as usize)
        .async_stack_size((options.stack_bytes + IMPORT_STACK_BYTES) as usize)
        // Stacks hold no secrets of another guest's: a guest cannot read its native stack.
        .async_stack_zeroing(false)
        // Backtraces walk frame pointers; only native debuggers would use it.
        .native_unwind_info(false)
        // Backtraces have names; where in a function is of use with debug information alone.
        .generate_address_map(false);
    if let Some(cache) = CodeCache::new(options) {
        let enabled = config.enable_incremental_compilation(std::sync::Arc::new(cache));
        enabled.map_err(|error| Failure::new(FN0_ERROR_SYSTEM, format!("{error:#}")))?;
    }
    Ok(config)
}

fn pool(options: &fn0_engine_options) -> PoolingAllocationConfig {
    let instances = options.instances_max;
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(instances)
        .total_stacks(instances)
        .total_core_instances(instances.saturating_mul(options.core_instances_per_component_max))
        .total_memories(instances.saturating_mul(options.memories_per_component_max))
        .total_tables(instances.saturating_mul(options.tables_per_component_max))
        .max_core_instances_per_component(options.core_instances_per_component_max)
        .max_memories_per_component(options.memories_per_component_max)
        .max_tables_per_component(options.tables_per_component_max)
        .max_memories_per_module(options.memories_per_component_max)
        .max_tables_per_module(options.tables_per_component_max)
        .table_elements(options.table_elements_max as usize)
        .max_memory_size(options.memory_bytes_max as usize)
        .max_core_instance_size(options.core_instance_bytes_max as usize)
        .max_component_instance_size(options.component_instance_bytes_max as usize)
        .linear_memory_keep_resident(options.memory_keep_resident_bytes as usize)
        .table_keep_resident(options.table_keep_resident_bytes as usize)
        // Only pages that a guest has written are put back, where the kernel can name them (Linux
        // 6.7).
        .pagemap_scan(Enabled::Auto);
    pool
}

fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    linker.allow_shadowing(true);
    io::add_to_linker(&mut linker)?;
    http::add_to_linker(&mut linker)?;
    Ok(linker)
}

/// A runtime on one thread of its own: it fires the timers of guests that wait, and nothing else.
pub struct Timers {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Timers {
    fn start() -> std::io::Result<Timers> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("fn0-timers".into())
            .spawn(move || {
                let _ = runtime.block_on(stopped);
            })?;
        Ok(Timers {
            handle,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Timers {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_engine_create(
    options: *const fn0_engine_options,
    ret_engine: *mut *mut fn0_engine,
    error: *mut fn0_error,
) -> c_int {
    // SAFETY: the header's rules for the three pointers.
    unsafe {
        answer(error, || {
            let engine = Engine::new(&*options)?;
            ret_engine.write(Arc::into_raw(Arc::new(engine)).cast_mut());
            Ok(())
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_engine_destroy(engine: *mut fn0_engine) {
    if !engine.is_null() {
        // SAFETY: it came from fn0_engine_create, and is given back once.
        contain((), || drop(unsafe { Arc::from_raw(engine) }));
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_engine_tick(engine: *mut fn0_engine) {
    // SAFETY: a live engine. One atomic addition, so it may be called in a signal's handler.
    unsafe { (*engine).wasmtime.increment_epoch() }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_engine_fingerprint(engine: *const fn0_engine) -> u64 {
    contain(0, || {
        let mut hasher = DefaultHasher::new();
        // SAFETY: a live engine.
        unsafe { &*engine }
            .wasmtime
            .precompile_compatibility_hash()
            .hash(&mut hasher);
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        hasher.finish()
    })
}

/// Another owner of an engine that C holds.
///
/// # Safety
/// A live engine from fn0_engine_create.
pub unsafe fn share(engine: *mut fn0_engine) -> Arc<Engine> {
    // SAFETY: see above.
    unsafe {
        Arc::increment_strong_count(engine);
        Arc::from_raw(engine)
    }
}
