// SPDX-License-Identifier: AGPL-3.0-only

//! What a poll produced. It is collected while the guest runs, and handed to C afterwards, on C's
//! own stack.

use crate::abi::*;
use crate::http::fields::FieldList;
use crate::http::outgoing::OutgoingRequest;
use bytes::Bytes;
use std::rc::Rc;

/// How much a guest may print in one poll; then the others have their turn.
pub const OUTPUT_BYTES_MAX: usize = 64 << 10;

pub enum Record {
    ResponseHead(u16, Rc<FieldList>),
    ResponseError(&'static str),
    ResponseBody(Bytes),
    ResponseEnd(Option<Rc<FieldList>>),
    ResponseCut,
    RequestBodyWanted,
    RequestBodyHeld,
    RequestBodyConsumed(u64),
    Stdout(Bytes),
    Stderr(Bytes),
    Outgoing(u64, Box<OutgoingRequest>),
    OutgoingBody(u64, Bytes),
    OutgoingBodyEnd(u64, Option<Rc<FieldList>>),
    OutgoingBodyCut(u64),
    OutgoingConsumed(u64, u64),
    OutgoingDropped(u64),
}

/// The records own what the items point at; both keep their room from poll to poll.
#[derive(Default)]
pub struct Events {
    records: Vec<Record>,
    items: Vec<fn0_event>,
    fields: Vec<fn0_field>,
    requests: Vec<fn0_outgoing_request>,
    output_bytes: usize,
}

impl Events {
    pub fn push(&mut self, record: Record) {
        self.records.push(record);
    }

    /// How much may be printed before the next poll.
    pub fn output_room(&self) -> usize {
        OUTPUT_BYTES_MAX - self.output_bytes
    }

    pub fn push_output(&mut self, record: Record) {
        if let Record::Stdout(text) | Record::Stderr(text) = &record {
            self.output_bytes += text.len().min(self.output_room());
        }
        self.records.push(record);
    }

    /// A request whose body ends before it has even been handed out, and with nothing in it, has
    /// none.
    pub fn push_outgoing_end(&mut self, id: u64, trailers: Option<Rc<FieldList>>, empty: bool) {
        if empty && trailers.is_none() {
            for record in self.records.iter_mut().rev() {
                if let Record::Outgoing(other, request) = record
                    && *other == id
                {
                    request.has_body = false;
                    return;
                }
            }
        }
        self.records.push(Record::OutgoingBodyEnd(id, trailers));
    }

    /// Forgets what the last poll handed out.
    pub fn clear(&mut self) {
        self.items.clear();
        self.fields.clear();
        self.requests.clear();
        self.records.clear();
        self.output_bytes = 0;
    }

    /// What was handed out, and not cleared, is to be handed out once more.
    pub fn take_back(&mut self) {
        self.items.clear();
        self.fields.clear();
        self.requests.clear();
    }

    /// The last of what the guest printed to stderr.
    pub fn stderr_tail(&self, bytes_max: usize) -> String {
        let mut text = Vec::new();
        for record in &self.records {
            if let Record::Stderr(piece) = record {
                text.extend_from_slice(piece);
            }
        }
        let skip = text.len().saturating_sub(bytes_max);
        String::from_utf8_lossy(&text[skip..]).trim_end().to_owned()
    }

    pub fn hand_out(&mut self) -> fn0_events {
        let field_count = self.records.iter().map(Record::field_count).sum();
        // No push below may move what the items point at.
        self.fields.reserve_exact(field_count);
        self.requests.reserve_exact(self.records.len());
        self.items.reserve(self.records.len());
        for record in &self.records {
            let event = item(record, &mut self.fields, &mut self.requests);
            self.items.push(event);
        }
        fn0_events {
            items: self.items.as_ptr(),
            count: self.items.len(),
        }
    }
}

impl Record {
    fn field_count(&self) -> usize {
        match self {
            Record::ResponseHead(_, fields)
            | Record::ResponseEnd(Some(fields))
            | Record::OutgoingBodyEnd(_, Some(fields)) => fields.len(),
            Record::Outgoing(_, request) => request.fields.len(),
            _ => 0,
        }
    }
}

const NOTHING: fn0_event = fn0_event {
    kind: 0,
    status: 0,
    outgoing: 0,
    number: 0,
    text: fn0_slice::EMPTY,
    fields: std::ptr::null(),
    field_count: 0,
    request: std::ptr::null(),
};

fn item(
    record: &Record,
    fields: &mut Vec<fn0_field>,
    requests: &mut Vec<fn0_outgoing_request>,
) -> fn0_event {
    let text = |kind, outgoing, text: &[u8]| fn0_event {
        kind,
        outgoing,
        text: fn0_slice::new(text),
        ..NOTHING
    };
    let number = |kind, outgoing, number| fn0_event {
        kind,
        outgoing,
        number,
        ..NOTHING
    };
    match record {
        Record::ResponseHead(status, list) => fn0_event {
            status: u32::from(*status),
            ..with_fields(FN0_EVENT_RESPONSE_HEAD, 0, Some(list), fields)
        },
        Record::ResponseError(name) => text(FN0_EVENT_RESPONSE_HEAD, 0, name.as_bytes()),
        Record::ResponseBody(piece) => text(FN0_EVENT_RESPONSE_BODY, 0, piece),
        Record::ResponseEnd(list) => with_fields(FN0_EVENT_RESPONSE_END, 0, list.as_ref(), fields),
        Record::ResponseCut => number(FN0_EVENT_RESPONSE_CUT, 0, 0),
        Record::RequestBodyWanted => number(FN0_EVENT_REQUEST_BODY_WANTED, 0, 0),
        Record::RequestBodyHeld => number(FN0_EVENT_REQUEST_BODY_HELD, 0, 0),
        Record::RequestBodyConsumed(bytes) => number(FN0_EVENT_REQUEST_BODY_CONSUMED, 0, *bytes),
        Record::Stdout(piece) => text(FN0_EVENT_STDOUT, 0, piece),
        Record::Stderr(piece) => text(FN0_EVENT_STDERR, 0, piece),
        Record::Outgoing(id, request) => {
            let event = with_fields(FN0_EVENT_OUTGOING_REQUEST, *id, None, fields);
            requests.push(outgoing(request, fields));
            let request = requests.last().map_or(std::ptr::null(), std::ptr::from_ref);
            fn0_event { request, ..event }
        }
        Record::OutgoingBody(id, piece) => text(FN0_EVENT_OUTGOING_BODY, *id, piece),
        Record::OutgoingBodyEnd(id, list) => {
            with_fields(FN0_EVENT_OUTGOING_BODY_END, *id, list.as_ref(), fields)
        }
        Record::OutgoingBodyCut(id) => number(FN0_EVENT_OUTGOING_BODY_CUT, *id, 0),
        Record::OutgoingConsumed(id, bytes) => number(FN0_EVENT_OUTGOING_CONSUMED, *id, *bytes),
        Record::OutgoingDropped(id) => number(FN0_EVENT_OUTGOING_DROPPED, *id, 0),
    }
}

fn with_fields(
    kind: u32,
    outgoing: u64,
    list: Option<&Rc<FieldList>>,
    fields: &mut Vec<fn0_field>,
) -> fn0_event {
    let (fields, field_count) = list.map_or((std::ptr::null(), 0), |list| spread(list, fields));
    fn0_event {
        kind,
        outgoing,
        fields,
        field_count,
        ..NOTHING
    }
}

fn outgoing(request: &OutgoingRequest, fields: &mut Vec<fn0_field>) -> fn0_outgoing_request {
    let (items, field_count) = spread(&request.fields, fields);
    let options = request.options.unwrap_or_default();
    fn0_outgoing_request {
        method: fn0_slice::new(request.method.wire().as_bytes()),
        authority: fn0_slice::new(request.authority.as_deref().unwrap_or("").as_bytes()),
        path_with_query: fn0_slice::new(
            request.path_with_query.as_deref().unwrap_or("/").as_bytes(),
        ),
        scheme: request.scheme_number(),
        fields: items,
        field_count,
        has_body: request.has_body,
        body_bytes: request.fields.content_length().unwrap_or(u64::MAX),
        connect_timeout_ns: options.connect_timeout.unwrap_or(FN0_TIMEOUT_NONE),
        first_byte_timeout_ns: options.first_byte_timeout.unwrap_or(FN0_TIMEOUT_NONE),
        between_bytes_timeout_ns: options.between_bytes_timeout.unwrap_or(FN0_TIMEOUT_NONE),
    }
}

fn spread(list: &FieldList, fields: &mut Vec<fn0_field>) -> (*const fn0_field, usize) {
    let at = fields.len();
    fields.extend(list.iter().map(|(name, value)| fn0_field {
        name: fn0_slice::new(name),
        value: fn0_slice::new(value),
    }));
    (fields[at..].as_ptr(), list.len())
}
