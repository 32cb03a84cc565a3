// SPDX-License-Identifier: AGPL-3.0-only

//! Bodies: what C gives to a guest piece by piece, and what a guest writes within the window that C
//! gives.

use super::exchange::Ticket;
use super::fields::{Budget, FieldList};
use super::types::ErrorCode;
use crate::events::{Events, Record};
use crate::io::{Answer, now, wait_for};
use crate::local::Local;
use crate::shared::SharedRef;
use bytes::{Bytes, BytesMut};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

/// Small pieces are joined up to here: what each of them costs a guest is the reading, not its bytes.
const JOINED_BYTES_MAX: usize = 16 << 10;

/// What one `check-write` promises at most: a guest may have the host allocate as much.
const WRITE_BYTES_MAX: usize = 1 << 20;

pub type Ended = Result<Option<Rc<FieldList>>, ErrorCode>;

/// A body on its way to the guest.
pub struct IncomingBody(RefCell<Incoming>);

#[derive(Default)]
struct Incoming {
    pieces: VecDeque<BytesMut>,
    /// What C said at its end.
    ended: Option<Ended>,
    /// The guest reads no more: what still comes is dropped.
    closed: bool,
    /// The error was read once; from then on the stream is closed.
    failed: bool,
    consumed: u64,
    waiting: bool,
    stream: StreamLife,
    /// Whether C wants to know that the guest asked for it.
    announce: bool,
    /// The guest has consumed its message.
    taken: bool,
}

impl IncomingBody {
    pub fn new(announce: bool) -> Rc<IncomingBody> {
        Rc::new(IncomingBody(RefCell::new(Incoming {
            announce,
            ..Incoming::default()
        })))
    }

    pub fn empty() -> Rc<IncomingBody> {
        Rc::new(IncomingBody(RefCell::new(Incoming {
            ended: Some(Ok(None)),
            ..Incoming::default()
        })))
    }

    /// A piece from C. Answers whether C should poll.
    pub fn give(&self, piece: &[u8]) -> bool {
        let mut body = self.0.borrow_mut();
        if body.ended.is_some() || piece.is_empty() {
            return false;
        }
        if body.closed {
            body.consumed += piece.len() as u64;
            return true;
        }
        body.add(piece);
        std::mem::take(&mut body.waiting)
    }

    /// The end from C. Answers whether C should poll.
    pub fn end(&self, ended: Ended) -> bool {
        let mut body = self.0.borrow_mut();
        if body.ended.is_none() {
            body.ended = Some(ended);
        }
        std::mem::take(&mut body.waiting)
    }

    pub fn take(&self) {
        self.0.borrow_mut().taken = true;
    }

    /// Whether the guest may still ask for it, and has not done so.
    pub fn is_held(&self) -> bool {
        let body = self.0.borrow();
        body.taken && body.announce && !body.closed
    }

    pub fn is_ended(&self) -> bool {
        self.0.borrow().ended.is_some()
    }

    pub fn close(&self) {
        let mut body = self.0.borrow_mut();
        body.closed = true;
        body.drop_pieces();
    }

    pub fn take_consumed(&self) -> u64 {
        std::mem::take(&mut self.0.borrow_mut().consumed)
    }
}

impl Incoming {
    fn drop_pieces(&mut self) {
        let bytes: usize = self.pieces.drain(..).map(|piece| piece.len()).sum();
        self.consumed += bytes as u64;
    }

    fn add(&mut self, piece: &[u8]) {
        match self.pieces.back_mut() {
            Some(last) if last.len() + piece.len() <= JOINED_BYTES_MAX => {
                last.extend_from_slice(piece);
            }
            _ => self.pieces.push_back(BytesMut::from(piece)),
        }
    }

    fn is_ready(&self) -> bool {
        !self.pieces.is_empty() || self.ended.is_some() || self.closed
    }

    fn read(&mut self, bytes_max: usize) -> StreamResult<Bytes> {
        let Some(piece) = self.pieces.front_mut() else {
            return match &self.ended {
                _ if self.closed || self.failed => Err(StreamError::Closed),
                None => Ok(Bytes::new()),
                Some(Ok(_)) => Err(StreamError::Closed),
                Some(Err(code)) => {
                    self.failed = true;
                    Err(StreamError::LastOperationFailed(code.clone().into()))
                }
            };
        };
        let answer = if piece.len() > bytes_max {
            piece.split_to(bytes_max)
        } else {
            self.pieces.pop_front().unwrap_or_default()
        };
        self.consumed += answer.len() as u64;
        Ok(answer.freeze())
    }
}

/// The guest's hold on a body: while it is there, the answer that the body belongs to is of use.
#[derive(Clone)]
pub struct Reader {
    body: Rc<IncomingBody>,
    _ticket: Option<Rc<Ticket>>,
    shared: SharedRef,
}

impl Reader {
    pub fn new(body: Rc<IncomingBody>, ticket: Option<Rc<Ticket>>, shared: SharedRef) -> Reader {
        Reader {
            body,
            _ticket: ticket,
            shared,
        }
    }

    /// The body's stream; none where it is taken already.
    pub fn take_stream(&self) -> Option<BodyReader> {
        let mut body = self.body.0.borrow_mut();
        if body.stream != StreamLife::Untaken {
            return None;
        }
        body.stream = StreamLife::Open;
        Some(BodyReader(Local::new(self.clone())))
    }

    pub fn has_open_stream(&self) -> bool {
        self.body.0.borrow().stream == StreamLife::Open
    }

    fn announce(&self) {
        if std::mem::take(&mut self.body.0.borrow_mut().announce) {
            let mut events = self.shared.events.borrow_mut();
            events.push(Record::RequestBodyWanted);
        }
    }

    /// The guest reads no more of it, but may want its trailers.
    pub fn finish(&self) {
        self.announce();
        self.body.close();
    }

    pub fn close(&self) {
        self.body.close();
    }

    /// None while they have not come.
    pub fn trailers(&self) -> Option<Ended> {
        self.body.0.borrow().ended.clone()
    }

    fn await_end(&self) -> bool {
        let mut body = self.body.0.borrow_mut();
        body.waiting = body.ended.is_none();
        !body.waiting
    }

    fn await_piece(&self) -> bool {
        self.announce();
        let mut body = self.body.0.borrow_mut();
        body.waiting = !body.is_ready();
        !body.waiting
    }
}

/// `input-stream` of an incoming body.
pub struct BodyReader(Local<Reader>);

impl InputStream for BodyReader {
    fn read(&mut self, bytes_max: usize) -> StreamResult<Bytes> {
        self.0.announce();
        self.0.body.0.borrow_mut().read(bytes_max)
    }

    fn blocking_read<'a, 'b>(&'a mut self, bytes_max: usize) -> Answer<'b, StreamResult<Bytes>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            if !self.0.await_piece() {
                wait_for(|| self.0.await_piece()).await;
            }
            self.read(bytes_max)
        })
    }
}

impl Pollable for BodyReader {
    fn ready<'a, 'b>(&'a mut self) -> Answer<'b, ()>
    where
        'a: 'b,
        Self: 'b,
    {
        if self.0.await_piece() {
            return now();
        }
        Box::pin(wait_for(|| self.0.await_piece()))
    }
}

impl Drop for BodyReader {
    fn drop(&mut self) {
        self.0.body.0.borrow_mut().stream = StreamLife::Dropped;
        self.0.body.close();
    }
}

/// What a pollable of `future-trailers` waits for.
pub struct TrailersPollable(pub Local<Reader>);

impl Pollable for TrailersPollable {
    fn ready<'a, 'b>(&'a mut self) -> Answer<'b, ()>
    where
        'a: 'b,
        Self: 'b,
    {
        if self.0.await_end() {
            return now();
        }
        Box::pin(wait_for(|| self.0.await_end()))
    }
}

#[derive(Clone, Copy, PartialEq)]
pub enum Message {
    Request,
    Response,
}

impl Message {
    fn size_error(self, bytes: u64) -> ErrorCode {
        match self {
            Message::Request => ErrorCode::HttpRequestBodySize(Some(bytes)),
            Message::Response => ErrorCode::HttpResponseBodySize(Some(bytes)),
        }
    }
}

/// Where a body's pieces go.
#[derive(Clone, Copy)]
pub enum Target {
    Response,
    Outgoing(u64),
}

/// A body that the guest writes.
pub struct Sink(RefCell<Outgoing>);

struct Outgoing {
    message: Message,
    /// None until its message is sent. What is written before is held.
    target: Option<Target>,
    held: Vec<Bytes>,
    held_bytes: usize,
    budget: Rc<Budget>,
    window: usize,
    /// The Content-Length that the guest set.
    expected: Option<u64>,
    written: u64,
    stream: StreamLife,
    end: Option<End>,
    /// Nobody reads it any more.
    gone: bool,
    waiting: bool,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum StreamLife {
    #[default]
    Untaken,
    Open,
    Dropped,
}

enum End {
    Finished(Option<Rc<FieldList>>),
    Cut,
}

impl Sink {
    pub fn new(
        message: Message,
        expected: Option<u64>,
        window: usize,
        budget: Rc<Budget>,
    ) -> Rc<Sink> {
        Rc::new(Sink(RefCell::new(Outgoing {
            message,
            target: None,
            held: Vec::new(),
            held_bytes: 0,
            budget,
            window,
            expected,
            written: 0,
            stream: StreamLife::Untaken,
            end: None,
            gone: false,
            waiting: false,
        })))
    }

    /// Its message is sent: so is what was held.
    pub fn attach(&self, target: Target, events: &mut Events) {
        let mut sink = self.0.borrow_mut();
        sink.target = Some(target);
        for piece in std::mem::take(&mut sink.held) {
            push_piece(target, piece, events);
        }
        sink.release();
        if let Some(end) = sink.end.take() {
            sink.push_end(target, end, events);
        }
    }

    /// Nobody reads it any more.
    pub fn close(&self) {
        let mut sink = self.0.borrow_mut();
        sink.gone = true;
        sink.held.clear();
        sink.release();
    }

    /// More room from C. Answers whether C should poll.
    pub fn give_window(&self, bytes: usize) -> bool {
        let mut sink = self.0.borrow_mut();
        sink.window = sink.window.saturating_add(bytes);
        std::mem::take(&mut sink.waiting)
    }

    pub fn is_done(&self) -> bool {
        let sink = self.0.borrow();
        sink.gone
    }

    /// The guest ends it well: the error where it wrote more or less than it announced.
    pub fn finish(
        &self,
        trailers: Option<Rc<FieldList>>,
        events: &mut Events,
    ) -> Result<(), ErrorCode> {
        let mut sink = self.0.borrow_mut();
        if let Some(expected) = sink.expected
            && expected != sink.written
        {
            let error = sink.message.size_error(sink.written);
            sink.end_with(End::Cut, events);
            return Err(error);
        }
        sink.end_with(End::Finished(trailers), events);
        Ok(())
    }

    /// The guest leaves it unfinished.
    pub fn cut(&self, events: &mut Events) {
        self.0.borrow_mut().end_with(End::Cut, events);
    }

    /// The body's stream; none where it is taken already.
    pub fn take_stream(self: &Rc<Sink>, shared: &SharedRef) -> Option<BodyWriter> {
        let mut sink = self.0.borrow_mut();
        if sink.stream != StreamLife::Untaken {
            return None;
        }
        sink.stream = StreamLife::Open;
        Some(BodyWriter(Local::new((self.clone(), shared.clone()))))
    }

    pub fn has_open_stream(&self) -> bool {
        self.0.borrow().stream == StreamLife::Open
    }

    fn await_window(&self) -> bool {
        let mut sink = self.0.borrow_mut();
        sink.waiting = sink.window == 0 && !sink.gone;
        !sink.waiting
    }
}

impl Outgoing {
    fn release(&mut self) {
        self.budget.give(std::mem::take(&mut self.held_bytes));
    }

    fn end_with(&mut self, end: End, events: &mut Events) {
        if self.gone || self.end.is_some() {
            return;
        }
        match self.target {
            Some(target) => self.push_end(target, end, events),
            None => self.end = Some(end),
        }
    }

    fn push_end(&mut self, target: Target, end: End, events: &mut Events) {
        self.gone = true;
        match (target, end) {
            (Target::Response, End::Finished(trailers)) => {
                events.push(Record::ResponseEnd(trailers));
            }
            (Target::Response, End::Cut) => events.push(Record::ResponseCut),
            (Target::Outgoing(id), End::Finished(trailers)) => {
                events.push_outgoing_end(id, trailers, self.written == 0);
            }
            (Target::Outgoing(id), End::Cut) => events.push(Record::OutgoingBodyCut(id)),
        }
    }

    fn check_write(&self) -> StreamResult<usize> {
        if self.gone || self.end.is_some() {
            return Err(StreamError::Closed);
        }
        Ok(self.window.min(WRITE_BYTES_MAX))
    }

    fn write(&mut self, piece: Bytes, events: &mut Events) -> StreamResult<()> {
        let bytes = piece.len();
        if bytes > self.check_write()? {
            return Err(StreamError::trap("wrote more than check-write allowed"));
        }
        if bytes == 0 {
            return Ok(());
        }
        self.written += bytes as u64;
        if self
            .expected
            .is_some_and(|expected| self.written > expected)
        {
            let error = self.message.size_error(self.written);
            return Err(StreamError::LastOperationFailed(error.into()));
        }
        self.window -= bytes;
        match self.target {
            Some(target) => push_piece(target, piece, events),
            None => {
                self.budget
                    .take(bytes)
                    .map_err(|over| StreamError::Trap(over.into()))?;
                self.held_bytes += bytes;
                self.held.push(piece);
            }
        }
        Ok(())
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.release();
    }
}

fn push_piece(target: Target, piece: Bytes, events: &mut Events) {
    events.push(match target {
        Target::Response => Record::ResponseBody(piece),
        Target::Outgoing(id) => Record::OutgoingBody(id, piece),
    });
}

/// `output-stream` of an outgoing body.
pub struct BodyWriter(Local<(Rc<Sink>, SharedRef)>);

impl OutputStream for BodyWriter {
    fn write(&mut self, piece: Bytes) -> StreamResult<()> {
        let (sink, shared) = &*self.0;
        let mut events = shared.events.borrow_mut();
        sink.0.borrow_mut().write(piece, &mut events)
    }

    fn flush(&mut self) -> StreamResult<()> {
        // A write is with C as soon as it is done.
        self.check_write().map(drop)
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.0.0.0.borrow().check_write()
    }

    fn blocking_write_and_flush<'a, 'b>(
        &'a mut self,
        mut bytes: Bytes,
    ) -> Answer<'b, StreamResult<()>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            while !bytes.is_empty() {
                if !self.0.0.await_window() {
                    wait_for(|| self.0.0.await_window()).await;
                }
                let room = self.check_write()?.min(bytes.len());
                self.write(bytes.split_to(room))?;
            }
            Ok(())
        })
    }
}

impl Pollable for BodyWriter {
    fn ready<'a, 'b>(&'a mut self) -> Answer<'b, ()>
    where
        'a: 'b,
        Self: 'b,
    {
        if self.0.0.await_window() {
            return now();
        }
        Box::pin(wait_for(|| self.0.0.await_window()))
    }
}

impl Drop for BodyWriter {
    fn drop(&mut self) {
        self.0.0.0.borrow_mut().stream = StreamLife::Dropped;
    }
}
