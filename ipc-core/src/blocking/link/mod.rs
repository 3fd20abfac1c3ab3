//! `Link`: the queue and the connection of one side, shared by clients and server connections.

mod sending;
mod turn;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use ipc_codec::FrameEncoder;
use ipc_transport::BlockingStream;

use super::calls::{Calls, IncomingCall};
use super::greet::Greet;
use super::identities::Entry;
use super::socket_link::SocketLink;
use super::{Incoming, NextError};
use crate::access::{Counts, Denial, Guard, Limited, Restrictions};
use crate::calls::{CallError, ControlEvents};
use crate::error::Error;
use crate::options::ConnectionConfig;
use crate::protocol::calls::Sent;
use crate::protocol::connection::backpressure::Pause;
use crate::protocol::connection::{Machine, Role, Rules};
use crate::protocol::queue::{QueueLimit, SendQueue};
use crate::runtime::clock;
use crate::runtime::gauge::Gauge;
use crate::{Allow, ClientEvent, CloseReport, Denied, MessageFormat};
pub(super) use turn::Outcome;

/// A side that drives its link: a client, which connects when it has to, or a server's connection.
pub(super) trait Drive<F: MessageFormat> {
    fn link(&mut self) -> &mut Link<F>;

    /// Waits until something happens, at most until `until`; then look at the events.
    fn step(&mut self, until: Option<Instant>) -> Result<(), NextError>;

    /// Waits until the queue has been written in part or whole, at most until `until`.
    fn make_room(&mut self, until: Option<Instant>) -> Result<(), NextError>;
}

/// What is sent and received on one side. A client's outlives its connections.
#[derive(Debug)]
pub(super) struct Link<F> {
    pub(super) format: Arc<F>,
    pub(super) config: ConnectionConfig,
    pub(super) queue: SendQueue,
    pub(super) encoder: FrameEncoder,
    socket: Option<SocketLink>,
    /// How much of its rate the peer has used, if it has one.
    gauge: Option<Box<Gauge>>,
    /// What the peer may do, if that is not everything.
    pub(super) guard: Option<Box<Guard>>,
    /// What its rate and its rules have kept back.
    counts: Arc<Counts>,
    /// What happened and was not taken yet.
    pub(super) events: VecDeque<Incoming>,
    /// How many bytes of messages are in `events`, and about as many of the others.
    held: usize,
    /// The error that was reported last.
    failure: Option<Arc<Error>>,
    /// From when on a message that is sent flushes what waits, with [`FlushPolicy::Within`](crate::FlushPolicy).
    flush_at: Option<Instant>,
    /// The end of the wait that has looked once more, after it was over.
    looked_at_the_end: Option<Instant>,
    overflow: Option<QueueLimit>,
    /// Whether the answers that wait keep the peer from being read from.
    pause: Pause,
    /// Whether the event taken last is a message: what is sent now answers it.
    pub(super) answering: bool,
    /// Which messages may be calls and answers.
    pub(super) control: ControlEvents,
    /// The calls of this side and of the peer, once there was one.
    pub(super) calls: Option<Box<Calls>>,
    /// What a client says first on each connection.
    pub(super) greet: Option<Box<Greet>>,
    /// Which of its server's peers the other side is.
    pub(super) entry: Option<Box<Entry>>,
    /// Whether the client ends with this connection.
    pub(super) ends: bool,
    /// Whether nothing can be sent any more.
    pub(super) closed: bool,
    /// Whether the peer ended its side after this one had.
    pub(super) peer_ended: bool,
}

impl<F: MessageFormat> Link<F> {
    pub(super) fn new(format: Arc<F>, config: ConnectionConfig) -> Self {
        let encoder = FrameEncoder::new(format.framing(), config.limits);
        let queue = SendQueue::new(encoder.clone(), config.queue_options());
        let pause = Pause::new(&config);
        let control = ControlEvents::of(&*format, &config);
        Self {
            format,
            config,
            queue,
            encoder,
            socket: None,
            gauge: None,
            guard: None,
            counts: Arc::default(),
            events: VecDeque::new(),
            held: 0,
            failure: None,
            flush_at: None,
            looked_at_the_end: None,
            overflow: None,
            pause,
            answering: false,
            control,
            calls: None,
            greet: None,
            entry: None,
            ends: false,
            closed: false,
            peer_ended: false,
        }
    }

    pub(super) fn attach(&mut self, stream: BlockingStream, role: Role) {
        let (rate, allow) = (self.config.rate, self.config.allow.clone());
        if let Some(rules) = Restrictions::new(rate, allow, self.config.on_denied) {
            self.counts = Arc::clone(&rules.counts);
            self.gauge = rate.map(|rate| Gauge::new(rate, false, Arc::clone(&rules.counts)));
            self.guard = Guard::of(&rules, false);
        }
        let rules = Rules::of(&self.config, role);
        let machine = Machine::new(self.format.framing(), self.config.limits, rules);
        self.socket = Some(SocketLink::new(stream, machine, self.config.spin));
        (self.failure, self.ends) = (None, false);
    }

    /// Sets what the peer may do from now on.
    pub(super) fn restrict(&mut self, allow: Allow) {
        let (rate, then) = (self.config.rate, self.config.on_denied);
        let counts = Arc::clone(&self.counts);
        self.guard = Guard::of(&Restrictions { rate, allow, then, counts }, false);
    }

    /// Returns how often what the peer sent was kept from the program.
    pub(super) fn limited(&self) -> Limited {
        self.counts.limited()
    }

    /// Counts what the peer may not do, and does what follows.
    #[cold]
    pub(super) fn deny(&mut self, what: Denied, name: &str) {
        match self.guard.as_mut().and_then(|guard| guard.deny(what, name, clock::now())) {
            None => {}
            Some(Denial::Close(input)) => self.handle(input),
            Some(Denial::Report(error)) => drop(self.report(error)),
        }
    }

    pub(super) fn socket(&self) -> Option<&SocketLink> {
        self.socket.as_ref()
    }

    pub(super) fn socket_mut(&mut self) -> Option<&mut SocketLink> {
        self.socket.as_mut()
    }

    /// Drops the connection; what waits is kept for the next one.
    pub(super) fn detach(&mut self) {
        self.socket = None;
        self.pause.clear();
        self.queue.on_connection_lost();
        if let Some(calls) = &mut self.calls {
            calls.connection_lost(&mut self.queue);
        }
        if let Some(greet) = &mut self.greet {
            greet.connection_lost();
        }
    }

    /// Refuses what is sent from now on: there is no next connection. A call that waited for one fails
    /// with `error`.
    pub(super) fn close(&mut self, error: fn(Sent) -> CallError) {
        self.closed = true;
        let untouched = self.queue.first_untouched();
        if let Some(frame) = self.calls.as_mut().and_then(|calls| calls.closed(untouched, error)) {
            self.queue.take_back(frame);
        }
    }

    pub(super) fn calls(&mut self) -> &mut Calls {
        self.calls.get_or_insert_with(|| Box::new(Calls::new(&self.config)))
    }

    pub(super) fn push_event(&mut self, event: ClientEvent) {
        self.held = self.held.saturating_add(lifecycle_bytes(&event));
        self.events.push_back(Incoming::Lifecycle(event));
    }

    pub(super) fn push_call_event(&mut self, call: IncomingCall) {
        self.held = self.held.saturating_add(call.args().held_bytes());
        self.events.push_back(Incoming::Call(call));
    }

    /// Returns an error if more events wait to be taken than may while a call waits for its answer.
    pub(super) fn check_events(&self) -> Result<(), CallError> {
        let (limit, actual) = (self.config.event_bytes, self.held);
        if actual > limit { Err(CallError::EventsFull { limit, actual }) } else { Ok(()) }
    }

    #[inline]
    pub(super) fn take_event(&mut self) -> Option<Incoming> {
        self.answering = false;
        // Looked at in place: an event is large, and a copy of it the most that this would cost.
        if let Incoming::Message(message) = self.events.front()? {
            self.held = self.held.saturating_sub(message.held_bytes());
            self.answering = true;
            return self.events.pop_front();
        }
        self.take_other()
    }

    /// Takes the next event, the first of which is no message, but for calls that are over.
    #[cold]
    fn take_other(&mut self) -> Option<Incoming> {
        loop {
            let event = self.events.pop_front()?;
            match &event {
                Incoming::Message(message) => {
                    self.held = self.held.saturating_sub(message.held_bytes());
                    self.answering = true;
                }
                Incoming::Lifecycle(event) => {
                    self.held = self.held.saturating_sub(lifecycle_bytes(event));
                }
                Incoming::Call(call) => {
                    self.held = self.held.saturating_sub(call.args().held_bytes());
                    // Its peer may have cancelled it since, or have gone.
                    if !self.calls.as_ref().is_some_and(|calls| calls.runs(call)) {
                        continue;
                    }
                    self.answering = true;
                }
            }
            return Some(event);
        }
    }

    /// Returns whether a client may connect again after this connection.
    pub(super) fn may_reconnect(&self) -> bool {
        !self.ends && self.socket.as_ref().is_none_or(|socket| socket.machine.may_reconnect())
    }

    /// Reports an error and returns it.
    pub(super) fn report(&mut self, error: Error) -> Arc<Error> {
        let error = Arc::new(error);
        self.push_event(ClientEvent::Error(Arc::clone(&error)));
        error
    }

    /// Takes what waits out of the queue, oldest first, and returns how closing ended.
    pub(super) fn close_report(&mut self) -> CloseReport {
        let frames = self.queue.take_undelivered();
        let undelivered = self.control.undelivered(&*self.format, frames);
        CloseReport { undelivered, peer_ended: self.peer_ended }
    }
}

/// Returns how many bytes a lifecycle event counts as: an error with its text has about as many as the
/// least, and a bye what its server has chosen.
fn lifecycle_bytes(event: &ClientEvent) -> usize {
    let more = match event {
        ClientEvent::Dismissed(bye) => bye.code.len() + bye.message.len(),
        _ => 0,
    };
    LIFECYCLE_BYTES + more
}

const LIFECYCLE_BYTES: usize = 256;
