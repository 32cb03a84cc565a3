// SPDX-License-Identifier: AGPL-3.0-only

//! What a guest gets: `incoming-request`, `incoming-response`, `incoming-body` and the futures of a
//! response and of trailers.

use super::body::{Reader, TrailersPollable};
use super::exchange::HeadPollable;
use super::resources::{
    Fields, FutureResponse, FutureTrailers, IncomingBodyHold, IncomingRequest, IncomingResponse,
};
use super::types::{ErrorCode, Method, Scheme};
use super::{Instance, Store, drop_resource, resource_type};
use crate::local::Local;
use crate::state::State;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynInputStream, DynPollable, InputStream, Pollable, subscribe};

type Request = Resource<IncomingRequest>;
type Response = Resource<IncomingResponse>;
type Body = Resource<IncomingBodyHold>;
type Trailers = Resource<FutureTrailers>;
type Future = Resource<FutureResponse>;

pub fn add_request(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    instance.resource(
        "incoming-request",
        resource_type::<IncomingRequest>(),
        |mut store, rep| {
            let state = store.data_mut();
            if let Some(request) = state.http.drop::<IncomingRequest>(rep)
                && !request.consumed
            {
                state.shared.request.borrow().body.close();
            }
            Ok(())
        },
    )?;
    instance.func_wrap(
        "[method]incoming-request.method",
        |mut store: Store<'_>, (this,): (Request,)| {
            let state = living(&mut store, &this)?;
            let method: Method = state.shared.request.borrow().method.clone();
            Ok((method,))
        },
    )?;
    instance.func_wrap(
        "[method]incoming-request.path-with-query",
        |mut store: Store<'_>, (this,): (Request,)| {
            let state = living(&mut store, &this)?;
            Ok((Some(state.shared.request.borrow().path_with_query.clone()),))
        },
    )?;
    instance.func_wrap(
        "[method]incoming-request.scheme",
        |mut store: Store<'_>, (this,): (Request,)| {
            let state = living(&mut store, &this)?;
            let scheme: Scheme = state.shared.request.borrow().scheme.clone();
            Ok((Some(scheme),))
        },
    )?;
    instance.func_wrap(
        "[method]incoming-request.authority",
        |mut store: Store<'_>, (this,): (Request,)| {
            let state = living(&mut store, &this)?;
            Ok((Some(state.shared.request.borrow().authority.clone()),))
        },
    )?;
    instance.func_wrap(
        "[method]incoming-request.headers",
        |mut store: Store<'_>, (this,): (Request,)| {
            let state = living(&mut store, &this)?;
            let list = state.shared.request.borrow().fields.clone();
            let mutable = false;
            Ok((state.http.push(Fields { list, mutable })?,))
        },
    )?;
    instance.func_wrap(
        "[method]incoming-request.consume",
        |mut store: Store<'_>, (this,): (Request,)| {
            let state = store.data_mut();
            let request = state.http.get(&this)?;
            if std::mem::replace(&mut request.consumed, true) {
                return Ok((Err(()),));
            }
            let body = state.shared.request.borrow().body.clone();
            body.take();
            let reader = Reader::new(body, None, state.shared.clone());
            Ok((Ok::<_, ()>(state.http.push(reader)?),))
        },
    )
}

/// The guest's state, where the request is not one of a call that is over.
fn living<'a>(store: &'a mut Store<'_>, request: &Request) -> wasmtime::Result<&'a mut State> {
    let state = store.data_mut();
    state.http.get(request)?;
    Ok(state)
}

pub fn add_response(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    drop_resource::<IncomingResponse>(instance)?;
    instance.func_wrap(
        "[method]incoming-response.status",
        |mut store: Store<'_>, (this,): (Response,)| {
            Ok((store.data_mut().http.get(&this)?.status,))
        },
    )?;
    instance.func_wrap(
        "[method]incoming-response.headers",
        |mut store: Store<'_>, (this,): (Response,)| {
            let http = &mut store.data_mut().http;
            let list = http.get(&this)?.fields.clone();
            let mutable = false;
            Ok((http.push(Fields { list, mutable })?,))
        },
    )?;
    instance.func_wrap(
        "[method]incoming-response.consume",
        |mut store: Store<'_>, (this,): (Response,)| {
            let http = &mut store.data_mut().http;
            match http.get(&this)?.body.take() {
                Some(reader) => Ok((Ok(http.push(reader)?),)),
                None => Ok((Err(()),)),
            }
        },
    )
}

pub fn add_body(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    instance.resource(
        "incoming-body",
        resource_type::<IncomingBodyHold>(),
        |mut store, rep| {
            if let Some(reader) = store.data_mut().http.drop::<IncomingBodyHold>(rep) {
                check_stream(&reader)?;
                reader.close();
            }
            Ok(())
        },
    )?;
    instance.func_wrap(
        "[method]incoming-body.stream",
        |mut store: Store<'_>, (this,): (Body,)| {
            let state = store.data_mut();
            let Some(stream) = state.http.get(&this)?.take_stream() else {
                return Ok((Err(()),));
            };
            let stream: DynInputStream = Box::new(stream) as Box<dyn InputStream>;
            Ok((Ok::<_, ()>(state.table.push(stream)?),))
        },
    )?;
    instance.func_wrap(
        "[static]incoming-body.finish",
        |mut store: Store<'_>, (this,): (Body,)| {
            let http = &mut store.data_mut().http;
            let reader = http.take(this)?;
            check_stream(&reader)?;
            reader.finish();
            let taken = false;
            Ok((http.push(FutureTrailers { reader, taken })?,))
        },
    )
}

/// wasi:http: a body's stream must be dropped before the body is.
fn check_stream(reader: &Reader) -> wasmtime::Result<()> {
    if reader.has_open_stream() {
        wasmtime::bail!("the incoming-body is dropped or finished before its input-stream");
    }
    Ok(())
}

/// A pollable that owns what it waits for.
fn pollable<T: Pollable>(
    state: &mut State,
    value: T,
) -> wasmtime::Result<(Resource<DynPollable>,)> {
    let value = state.table.push(value)?;
    Ok((subscribe(&mut state.table, value)?,))
}

type TrailersAnswer = Option<Result<Result<Option<Resource<Fields>>, ErrorCode>, ()>>;
type ResponseAnswer = Option<Result<Result<Response, ErrorCode>, ()>>;

pub fn add_futures(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    drop_resource::<FutureTrailers>(instance)?;
    drop_resource::<FutureResponse>(instance)?;
    instance.func_wrap(
        "[method]future-trailers.subscribe",
        |mut store: Store<'_>, (this,): (Trailers,)| {
            let state = store.data_mut();
            let reader = state.http.get(&this)?.reader.clone();
            pollable(state, TrailersPollable(Local::new(reader)))
        },
    )?;
    instance.func_wrap(
        "[method]future-incoming-response.subscribe",
        |mut store: Store<'_>, (this,): (Future,)| {
            let state = store.data_mut();
            let future = state.http.get(&this)?;
            let pending = HeadPollable::new(future.ticket.clone(), future.taken.clone());
            pollable(state, pending)
        },
    )?;
    instance.func_wrap("[method]future-trailers.get", get_trailers)?;
    instance.func_wrap("[method]future-incoming-response.get", get_response)
}

fn get_trailers(mut store: Store<'_>, (this,): (Trailers,)) -> wasmtime::Result<(TrailersAnswer,)> {
    let http = &mut store.data_mut().http;
    let future = http.get(&this)?;
    if future.taken {
        return Ok((Some(Err(())),));
    }
    let Some(ended) = future.reader.trailers() else {
        return Ok((None,));
    };
    future.taken = true;
    let answer = match ended {
        Ok(Some(list)) => {
            let mutable = false;
            Ok(Some(http.push(Fields { list, mutable })?))
        }
        Ok(None) => Ok(None),
        Err(code) => Err(code),
    };
    Ok((Some(Ok(answer)),))
}

fn get_response(mut store: Store<'_>, (this,): (Future,)) -> wasmtime::Result<(ResponseAnswer,)> {
    let state = store.data_mut();
    let future = state.http.get(&this)?;
    let Some(ticket) = future.ticket.clone() else {
        return Ok((Some(Err(())),));
    };
    let Some(head) = ticket.exchange.take_head() else {
        return Ok((None,));
    };
    future.ticket = None;
    future.taken.set(true);
    let answer = match head {
        Ok((status, fields)) => {
            let body = ticket.exchange.body.clone();
            let body = Some(Reader::new(body, Some(ticket), state.shared.clone()));
            Ok(state.http.push(IncomingResponse {
                status,
                fields,
                body,
            })?)
        }
        Err(code) => Err(code),
    };
    Ok((Some(Ok(answer)),))
}
