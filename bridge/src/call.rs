// SPDX-License-Identifier: AGPL-3.0-only

//! Calls: C begins one, polls it, and gives it what comes from the network. A call is its instance,
//! seen from C.

use crate::abi::*;
use crate::error::{Failure, answer, contain};
use crate::events::Record;
use crate::http::body::IncomingBody;
use crate::http::fields::FieldList;
use crate::http::types::{ErrorCode, Method, Scheme};
use crate::instance::{Instance, Polled, fn0_instance, hand_over};
use crate::shared::{Request, Shared};
use std::ffi::c_int;
use std::rc::Rc;

/// The call of an instance: C's name for one while it lasts.
#[allow(non_camel_case_types)]
#[repr(transparent)]
pub struct fn0_call(Instance);

/// # Safety
/// The header's rules for the request.
unsafe fn begin(
    instance: &mut Instance,
    request: &fn0_request,
    body_window_bytes: usize,
) -> Result<(), Failure> {
    let shared = &instance.shared;
    if instance.is_over() || instance.has_call || !shared.started.get() {
        return Err(Failure::invalid(
            "the instance is not ready, or has another call",
        ));
    }
    // SAFETY: see above.
    unsafe { copy(request, &mut shared.request.borrow_mut(), shared)? };
    shared.body_window_bytes.set(body_window_bytes);
    shared.exchanges_begun.set(0);
    shared.interrupted.set(false);
    shared.calling.set(true);
    instance.has_call = true;
    Ok(())
}

/// # Safety
/// The header's rules for the request.
unsafe fn copy(from: &fn0_request, to: &mut Request, shared: &Shared) -> Result<(), Failure> {
    // SAFETY: see above.
    let (method, authority, path, fields) = unsafe {
        (
            from.method.text("method")?,
            from.authority.text("authority")?,
            from.path_with_query.text("path")?,
            items(from.fields, from.field_count),
        )
    };
    to.method = Method::from_wire(method);
    to.scheme = scheme(from.scheme)?;
    to.authority.clear();
    to.authority.push_str(authority);
    to.path_with_query.clear();
    to.path_with_query.push_str(path);
    // SAFETY: see above.
    match Rc::get_mut(&mut to.fields) {
        Some(list) => unsafe {
            list.clear();
            list.copy(fields).map_err(over_budget)?;
        },
        // The guest still holds those of an earlier call.
        None => to.fields = unsafe { list(shared, fields)? },
    }
    to.body = match from.has_body {
        true => IncomingBody::new(true),
        false => IncomingBody::empty(),
    };
    Ok(())
}

fn scheme(number: u32) -> Result<Scheme, Failure> {
    match number {
        FN0_SCHEME_HTTP => Ok(Scheme::Http),
        FN0_SCHEME_HTTPS => Ok(Scheme::Https),
        _ => Err(Failure::invalid("no such scheme")),
    }
}

fn over_budget(over: impl std::fmt::Display) -> Failure {
    Failure::new(FN0_ERROR_TOO_LARGE, over.to_string())
}

/// # Safety
/// The header's rules for fields.
unsafe fn list(shared: &Shared, fields: &[fn0_field]) -> Result<Rc<FieldList>, Failure> {
    let mut list = FieldList::new(shared.budget.clone());
    // SAFETY: see above.
    unsafe { list.copy(fields).map_err(over_budget)? };
    Ok(Rc::new(list))
}

/// # Safety
/// The header's rules for fields.
unsafe fn trailers(
    shared: &Shared,
    fields: *const fn0_field,
    count: usize,
) -> Result<Option<Rc<FieldList>>, Failure> {
    // SAFETY: see above.
    match unsafe { items(fields, count) } {
        [] => Ok(None),
        fields => Ok(Some(unsafe { list(shared, fields)? })),
    }
}

fn poll(instance: &mut Instance) -> Polled {
    instance.shared.events.borrow_mut().clear();
    if !instance.has_call || (!instance.is_over() && !instance.shared.calling.get()) {
        return Polled::Failed(Failure::invalid("the call has ended already"));
    }
    let polled = instance.poll();
    let shared = &instance.shared;
    let mut events = shared.events.borrow_mut();
    let consumed = shared.request.borrow().body.take_consumed();
    if consumed > 0 {
        events.push(Record::RequestBodyConsumed(consumed));
    }
    for exchange in shared.exchanges.borrow().iter() {
        let consumed = exchange.body.take_consumed();
        if consumed > 0 {
            events.push(Record::OutgoingConsumed(exchange.id, consumed));
        }
    }
    polled
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_call_create(
    instance: *mut fn0_instance,
    request: *const fn0_request,
    body_window_bytes: usize,
    ret_call: *mut *mut fn0_call,
    error: *mut fn0_error,
) -> c_int {
    // SAFETY: the header's rules for the pointers, on the instance's thread.
    unsafe {
        answer(error, || {
            begin(&mut *instance, &*request, body_window_bytes)?;
            ret_call.write(instance.cast());
            Ok(())
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_call_poll(
    call: *mut fn0_call,
    ret_events: *mut fn0_events,
    error: *mut fn0_error,
) -> fn0_poll {
    // SAFETY: a live call, on its thread; the other two are the caller's own.
    unsafe {
        let instance = &mut (*call).0;
        let polled = contain(None, || Some(poll(instance)));
        let no_events = fn0_events {
            items: std::ptr::null(),
            count: 0,
        };
        let events = contain(no_events, || instance.shared.events.borrow_mut().hand_out());
        ret_events.write(events);
        hand_over(polled, error)
    }
}

/// Runs what C gives to a call, and wakes it where it waits for that.
///
/// # Safety
/// A live call, on its thread.
unsafe fn give(call: *mut fn0_call, body: impl FnOnce(&Shared) -> Result<bool, Failure>) -> c_int {
    // SAFETY: see above.
    let shared = unsafe { &(*call).0.shared };
    // SAFETY: no error is asked for.
    unsafe {
        answer(std::ptr::null_mut(), || {
            if body(shared)? {
                shared.wake.call();
            }
            Ok(())
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_call_request_body(call: *mut fn0_call, data: fn0_slice) -> c_int {
    // SAFETY: the header's rules.
    unsafe {
        give(call, |shared| {
            Ok(shared.request.borrow().body.give(data.bytes()))
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_call_request_end(
    call: *mut fn0_call,
    trailers: *const fn0_field,
    trailer_count: usize,
) -> c_int {
    // SAFETY: the header's rules.
    unsafe {
        give(call, |shared| {
            let trailers = self::trailers(shared, trailers, trailer_count)?;
            Ok(shared.request.borrow().body.end(Ok(trailers)))
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_call_request_fail(
    call: *mut fn0_call,
    error_code: fn0_slice,
) -> c_int {
    // SAFETY: the header's rules.
    unsafe {
        give(call, |shared| {
            let code = ErrorCode::from_name(error_code.text("error code")?, "");
            Ok(shared.request.borrow().body.end(Err(code)))
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_call_response_window(call: *mut fn0_call, bytes: usize) -> c_int {
    // SAFETY: the header's rules.
    unsafe {
        give(call, |shared| {
            let response = shared.response.borrow();
            Ok(response
                .as_ref()
                .is_some_and(|sink| sink.give_window(bytes)))
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_call_interrupt(call: *mut fn0_call) {
    // SAFETY: a live call, on its thread.
    unsafe { &(*call).0 }.shared.interrupted.set(true);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_call_destroy(call: *mut fn0_call) -> bool {
    if call.is_null() {
        return false;
    }
    // SAFETY: a live call, on its thread, given back once.
    let instance = unsafe { &mut (*call).0 };
    contain(false, || {
        instance.has_call = false;
        if instance.shared.calling.get() {
            instance.cancel();
        }
        instance.shared.events.borrow_mut().clear();
        !instance.is_over()
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_outgoing_head(
    call: *mut fn0_call,
    outgoing: u64,
    status: u32,
    fields: *const fn0_field,
    field_count: usize,
) -> c_int {
    // SAFETY: the header's rules.
    unsafe {
        give(call, |shared| {
            let Some(exchange) = shared.exchange(outgoing) else {
                return Ok(false);
            };
            let status = u16::try_from(status)
                .ok()
                .filter(|status| (100..=999).contains(status))
                .ok_or_else(|| Failure::invalid("a status is 100 to 999"))?;
            let fields = list(shared, items(fields, field_count))?;
            Ok(exchange.set_head(Ok((status, fields))))
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_outgoing_body(
    call: *mut fn0_call,
    outgoing: u64,
    data: fn0_slice,
) -> c_int {
    // SAFETY: the header's rules.
    unsafe {
        give(call, |shared| {
            let exchange = shared.exchange(outgoing);
            Ok(exchange.is_some_and(|exchange| exchange.body.give(data.bytes())))
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_outgoing_end(
    call: *mut fn0_call,
    outgoing: u64,
    trailers: *const fn0_field,
    trailer_count: usize,
) -> c_int {
    // SAFETY: the header's rules.
    unsafe {
        give(call, |shared| {
            let Some(exchange) = shared.exchange(outgoing) else {
                return Ok(false);
            };
            let trailers = self::trailers(shared, trailers, trailer_count)?;
            Ok(exchange.body.end(Ok(trailers)))
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_outgoing_fail(
    call: *mut fn0_call,
    outgoing: u64,
    error_code: fn0_slice,
    detail: fn0_slice,
) -> c_int {
    // SAFETY: the header's rules.
    unsafe {
        give(call, |shared| {
            let detail = String::from_utf8_lossy(detail.bytes());
            let code = ErrorCode::from_name(error_code.text("error code")?, &detail);
            let exchange = shared.exchange(outgoing);
            Ok(exchange.is_some_and(|exchange| exchange.fail(code)))
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fn0_outgoing_window(
    call: *mut fn0_call,
    outgoing: u64,
    bytes: usize,
) -> c_int {
    // SAFETY: the header's rules.
    unsafe {
        give(call, |shared| {
            let exchange = shared.exchange(outgoing);
            let sink = exchange
                .as_ref()
                .and_then(|exchange| exchange.sink.as_ref());
            Ok(sink.is_some_and(|sink| sink.give_window(bytes)))
        })
    }
}
