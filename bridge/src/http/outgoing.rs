// SPDX-License-Identifier: AGPL-3.0-only

//! What a guest sends: `outgoing-response`, `response-outparam`, `outgoing-body`,
//! `outgoing-request` and `request-options`, and `wasi:http/outgoing-handler`.

use super::body::{Message, Sink, Target};
use super::exchange::{Exchange, Ticket};
use super::fields::{FieldList, is_token};
use super::resources::{
    Fields, FutureResponse, OutgoingBodyHold, OutgoingResponse, ResponseOutparam,
};
use super::types::{ErrorCode, Method, Scheme};
use super::{Instance, Store, drop_resource, uri};
use crate::abi::{FN0_SCHEME_HTTP, FN0_SCHEME_HTTPS};
use crate::events::Record;
use crate::state::State;
use std::rc::Rc;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynOutputStream, OutputStream};

#[derive(Clone, Copy, Default)]
pub struct RequestOptions {
    pub connect_timeout: Option<u64>,
    pub first_byte_timeout: Option<u64>,
    pub between_bytes_timeout: Option<u64>,
}

pub struct OutgoingRequest {
    pub method: Method,
    pub scheme: Option<Scheme>,
    pub authority: Option<String>,
    pub path_with_query: Option<String>,
    pub fields: Rc<FieldList>,
    pub body: Option<Rc<Sink>>,
    pub has_body: bool,
    pub options: Option<RequestOptions>,
}

impl OutgoingRequest {
    /// As it goes on the wire, where it begins with a slash.
    fn complete_path(&mut self) {
        let path = self.path_with_query.get_or_insert_default();
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
    }

    pub fn scheme_number(&self) -> u32 {
        match self.scheme {
            Some(Scheme::Https) => FN0_SCHEME_HTTPS,
            _ => FN0_SCHEME_HTTP,
        }
    }

    /// What must be right before C is asked: sizes as announced, and a scheme that there is.
    fn check(&self) -> Result<(), ErrorCode> {
        if self.body.is_none() && self.fields.content_length().is_some_and(|bytes| bytes != 0) {
            return Err(ErrorCode::HttpRequestBodySize(Some(0)));
        }
        if let Some(Scheme::Other(_)) = self.scheme {
            return Err(ErrorCode::HttpProtocolError);
        }
        Ok(())
    }
}

type Body = Resource<OutgoingBodyHold>;
type Response = Resource<OutgoingResponse>;
type Request = Resource<OutgoingRequest>;
type Options = Resource<RequestOptions>;
type Done = (Result<(), ()>,);

pub fn add_response(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    drop_resource::<OutgoingResponse>(instance)?;
    drop_resource::<ResponseOutparam>(instance)?;
    instance.func_wrap(
        "[constructor]outgoing-response",
        |mut store: Store<'_>, (fields,): (Resource<Fields>,)| {
            let http = &mut store.data_mut().http;
            let fields = http.take(fields)?.list;
            let response = OutgoingResponse {
                status: 200,
                fields,
                body: None,
            };
            Ok((http.push(response)?,))
        },
    )?;
    instance.func_wrap(
        "[method]outgoing-response.status-code",
        |mut store: Store<'_>, (this,): (Response,)| {
            Ok((store.data_mut().http.get(&this)?.status,))
        },
    )?;
    instance.func_wrap(
        "[method]outgoing-response.set-status-code",
        |mut store: Store<'_>, (this, status): (Response, u16)| -> wasmtime::Result<Done> {
            if !(100..=999).contains(&status) {
                return Ok((Err(()),));
            }
            store.data_mut().http.get(&this)?.status = status;
            Ok((Ok(()),))
        },
    )?;
    instance.func_wrap(
        "[method]outgoing-response.headers",
        |mut store: Store<'_>, (this,): (Response,)| {
            let http = &mut store.data_mut().http;
            let list = http.get(&this)?.fields.clone();
            let mutable = false;
            Ok((http.push(Fields { list, mutable })?,))
        },
    )?;
    instance.func_wrap(
        "[method]outgoing-response.body",
        |mut store: Store<'_>, (this,): (Response,)| {
            let state = store.data_mut();
            let response = state.http.get(&this)?;
            let length = response.fields.content_length();
            take_body(state, Message::Response, length, |state| {
                Ok(&mut state.http.get(&this)?.body)
            })
        },
    )?;
    instance.func_wrap("[static]response-outparam.set", set_response)
}

/// The one body of a message, or an error where it is taken.
fn take_body(
    state: &mut State,
    message: Message,
    length: Option<u64>,
    place: impl Fn(&mut State) -> wasmtime::Result<&mut Option<Rc<Sink>>>,
) -> wasmtime::Result<(Result<Body, ()>,)> {
    if place(state)?.is_some() {
        return Ok((Err(()),));
    }
    let window = state.shared.body_window_bytes.get();
    let sink = Sink::new(message, length, window, state.shared.budget.clone());
    *place(state)? = Some(sink.clone());
    Ok((Ok(state.http.push(sink)?),))
}

type Outcome = Result<Response, ErrorCode>;

fn set_response(
    mut store: Store<'_>,
    (param, outcome): (Resource<ResponseOutparam>, Outcome),
) -> wasmtime::Result<()> {
    let state = store.data_mut();
    state.http.take(param)?;
    let response = match outcome {
        Ok(response) => state.http.take(response)?,
        Err(code) => {
            let mut events = state.shared.events.borrow_mut();
            events.push(Record::ResponseError(code.name()));
            return Ok(());
        }
    };
    let mut events = state.shared.events.borrow_mut();
    if state.shared.request.borrow().body.is_held() {
        events.push(Record::RequestBodyHeld);
    }
    events.push(Record::ResponseHead(response.status, response.fields));
    match response.body {
        Some(sink) => {
            sink.attach(Target::Response, &mut events);
            *state.shared.response.borrow_mut() = Some(sink);
        }
        None => events.push(Record::ResponseEnd(None)),
    }
    Ok(())
}

pub fn add_body(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    instance.resource(
        "outgoing-body",
        super::resource_type::<OutgoingBodyHold>(),
        |mut store, rep| {
            let state = store.data_mut();
            if let Some(sink) = state.http.drop::<OutgoingBodyHold>(rep) {
                check_stream(&sink)?;
                sink.cut(&mut state.shared.events.borrow_mut());
            }
            Ok(())
        },
    )?;
    instance.func_wrap(
        "[method]outgoing-body.write",
        |mut store: Store<'_>, (this,): (Body,)| {
            let state = store.data_mut();
            let Some(stream) = state.http.get(&this)?.take_stream(&state.shared) else {
                return Ok((Err(()),));
            };
            let stream: DynOutputStream = Box::new(stream) as Box<dyn OutputStream>;
            Ok((Ok::<_, ()>(state.table.push(stream)?),))
        },
    )?;
    instance.func_wrap(
        "[static]outgoing-body.finish",
        |mut store: Store<'_>, (this, trailers): (Body, Option<Resource<Fields>>)| {
            let state = store.data_mut();
            let sink = state.http.take(this)?;
            check_stream(&sink)?;
            let trailers = match trailers {
                Some(trailers) => Some(state.http.take(trailers)?.list),
                None => None,
            };
            Ok((sink.finish(trailers, &mut state.shared.events.borrow_mut()),))
        },
    )
}

/// wasi:http: a body's stream must be dropped before the body is.
fn check_stream(sink: &Sink) -> wasmtime::Result<()> {
    if sink.has_open_stream() {
        wasmtime::bail!("the outgoing-body is dropped or finished before its output-stream");
    }
    Ok(())
}

pub fn add_request(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    drop_resource::<OutgoingRequest>(instance)?;
    instance.func_wrap(
        "[constructor]outgoing-request",
        |mut store: Store<'_>, (fields,): (Resource<Fields>,)| {
            let http = &mut store.data_mut().http;
            let fields = http.take(fields)?.list;
            let request = OutgoingRequest {
                method: Method::Get,
                scheme: None,
                authority: None,
                path_with_query: None,
                fields,
                body: None,
                has_body: false,
                options: None,
            };
            Ok((http.push(request)?,))
        },
    )?;
    instance.func_wrap(
        "[method]outgoing-request.headers",
        |mut store: Store<'_>, (this,): (Request,)| {
            let http = &mut store.data_mut().http;
            let list = http.get(&this)?.fields.clone();
            let mutable = false;
            Ok((http.push(Fields { list, mutable })?,))
        },
    )?;
    instance.func_wrap(
        "[method]outgoing-request.body",
        |mut store: Store<'_>, (this,): (Request,)| {
            let state = store.data_mut();
            let length = state.http.get(&this)?.fields.content_length();
            take_body(state, Message::Request, length, |state| {
                Ok(&mut state.http.get(&this)?.body)
            })
        },
    )?;
    add_request_getters(instance)?;
    add_request_setters(instance)
}

fn add_request_getters(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    instance.func_wrap(
        "[method]outgoing-request.method",
        |mut store: Store<'_>, (this,): (Request,)| {
            Ok((store.data_mut().http.get(&this)?.method.clone(),))
        },
    )?;
    instance.func_wrap(
        "[method]outgoing-request.scheme",
        |mut store: Store<'_>, (this,): (Request,)| {
            Ok((store.data_mut().http.get(&this)?.scheme.clone(),))
        },
    )?;
    instance.func_wrap(
        "[method]outgoing-request.authority",
        |mut store: Store<'_>, (this,): (Request,)| {
            Ok((store.data_mut().http.get(&this)?.authority.clone(),))
        },
    )?;
    instance.func_wrap(
        "[method]outgoing-request.path-with-query",
        |mut store: Store<'_>, (this,): (Request,)| {
            Ok((store.data_mut().http.get(&this)?.path_with_query.clone(),))
        },
    )
}

fn add_request_setters(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    instance.func_wrap(
        "[method]outgoing-request.set-method",
        |mut store: Store<'_>, (this, method): (Request, Method)| -> wasmtime::Result<Done> {
            if !is_token(method.wire().as_bytes()) {
                return Ok((Err(()),));
            }
            store.data_mut().http.get(&this)?.method = method;
            Ok((Ok(()),))
        },
    )?;
    instance.func_wrap(
        "[method]outgoing-request.set-scheme",
        |mut store: Store<'_>, (this, scheme): (Request, Option<Scheme>)| {
            if let Some(Scheme::Other(name)) = &scheme
                && !uri::is_scheme(name)
            {
                return Ok((Err(()),));
            }
            store.data_mut().http.get(&this)?.scheme = scheme;
            Ok((Ok(()),))
        },
    )?;
    instance.func_wrap(
        "[method]outgoing-request.set-authority",
        |mut store: Store<'_>, (this, authority): (Request, Option<String>)| {
            if !authority.as_deref().is_none_or(uri::is_authority) {
                return Ok((Err(()),));
            }
            store.data_mut().http.get(&this)?.authority = authority;
            Ok((Ok(()),))
        },
    )?;
    instance.func_wrap(
        "[method]outgoing-request.set-path-with-query",
        |mut store: Store<'_>, (this, path): (Request, Option<String>)| {
            if !path.as_deref().is_none_or(uri::is_path_with_query) {
                return Ok((Err(()),));
            }
            store.data_mut().http.get(&this)?.path_with_query = path;
            Ok((Ok(()),))
        },
    )
}

type Timeout = fn(&mut RequestOptions) -> &mut Option<u64>;

pub fn add_options(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    drop_resource::<RequestOptions>(instance)?;
    instance.func_wrap(
        "[constructor]request-options",
        |mut store: Store<'_>, (): ()| {
            Ok((store.data_mut().http.push(RequestOptions::default())?,))
        },
    )?;
    let timeouts: [(&str, Timeout); 3] = [
        ("connect-timeout", |options| &mut options.connect_timeout),
        ("first-byte-timeout", |options| {
            &mut options.first_byte_timeout
        }),
        ("between-bytes-timeout", |options| {
            &mut options.between_bytes_timeout
        }),
    ];
    for (name, timeout) in timeouts {
        instance.func_wrap(
            &format!("[method]request-options.{name}"),
            move |mut store: Store<'_>, (this,): (Options,)| {
                Ok((*timeout(store.data_mut().http.get(&this)?),))
            },
        )?;
        instance.func_wrap(
            &format!("[method]request-options.set-{name}"),
            move |mut store: Store<'_>, (this, value): (Options, Option<u64>)| {
                *timeout(store.data_mut().http.get(&this)?) = value;
                Ok((Ok::<(), ()>(()),))
            },
        )?;
    }
    Ok(())
}

type Handled = (Result<Resource<FutureResponse>, ErrorCode>,);

/// `wasi:http/outgoing-handler#handle`: C is told after the poll.
pub fn handle(
    mut store: Store<'_>,
    (request, options): (Request, Option<Options>),
) -> wasmtime::Result<Handled> {
    let state = store.data_mut();
    let mut request = state.http.take(request)?;
    if let Some(options) = options {
        request.options = Some(state.http.take(options)?);
    }
    if state.is_still() {
        return Ok((Err(ErrorCode::HttpRequestDenied),));
    }
    if let Err(code) = request.check() {
        return Ok((Err(code),));
    }
    request.complete_path();
    let shared = &state.shared;
    let id = shared.exchanges_begun.get() + 1;
    shared.exchanges_begun.set(id);
    let sink = request.body.take();
    request.has_body = sink.is_some();
    let mut events = shared.events.borrow_mut();
    events.push(Record::Outgoing(id, Box::new(request)));
    if let Some(sink) = &sink {
        sink.attach(Target::Outgoing(id), &mut events);
    }
    drop(events);
    let ticket = Ticket::new(Exchange::new(id, sink), shared.clone());
    let future = FutureResponse {
        ticket: Some(ticket),
        taken: Rc::default(),
    };
    Ok((Ok(state.http.push(future)?),))
}
