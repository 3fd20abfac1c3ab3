//! `Talk`: the queue and the connection of one side, which client and server connection share.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use ipc_codec::FrameEncoder;
use ipc_transport::BlockingStream;

use super::Event;
use super::line::{Line, Woken};
use crate::error::{DisconnectReason, EmitError, Error};
use crate::options::{ConnectionConfig, FlushPolicy};
use crate::protocol::connection::backpressure::Pause;
use crate::protocol::connection::{Action, Ending, Input, Machine, Role, Rules};
use crate::protocol::queue::{OverflowPolicy, PushError, QueueLimit, SendQueue};
use crate::runtime::clock;
use crate::runtime::outbox::{WRITE_EARLY, WRITE_FROM, encode_frame};
use crate::{ClientEvent, CloseReport, EncodePayload, Message, MessageFormat};

/// What is sent and received on one side. A client's outlives its connections.
#[derive(Debug)]
pub(super) struct Talk<F> {
    pub(super) format: Arc<F>,
    pub(super) config: ConnectionConfig,
    pub(super) queue: SendQueue,
    encoder: FrameEncoder,
    line: Option<Line>,
    /// What happened and was not taken yet.
    events: VecDeque<Event>,
    /// How many bytes of messages are in `events`.
    held: usize,
    /// The error that was reported last.
    failure: Option<Arc<Error>>,
    /// From when on a message that is sent takes with it what waits, with
    /// [`FlushPolicy::Within`].
    flush_at: Option<Instant>,
    overflow: Option<QueueLimit>,
    /// Whether the answers that wait keep the peer from being read from.
    pause: Pause,
    /// Whether the event taken last is a message: what is sent now answers it.
    answering: bool,
    /// Whether nothing can be sent any more.
    pub(super) closed: bool,
    /// Whether the peer ended its side after this one had.
    pub(super) peer_ended: bool,
}

/// How a turn ended.
#[derive(Debug)]
pub(super) enum Turn {
    /// Something happened, or may have: look at the events.
    Look,
    /// The time is over.
    TimedOut,
    /// The connection is gone.
    Lost(DisconnectReason),
}

impl<F: MessageFormat> Talk<F> {
    pub(super) fn new(format: Arc<F>, config: ConnectionConfig) -> Self {
        let framing = format.framing();
        let encoder = FrameEncoder::new(framing.clone(), config.limits);
        let queue =
            SendQueue::new(encoder.clone(), &framing, config.queue, config.overflow, config.sync);
        let pause = Pause::new(&config);
        Self {
            format,
            config,
            queue,
            encoder,
            line: None,
            events: VecDeque::new(),
            held: 0,
            failure: None,
            flush_at: None,
            overflow: None,
            pause,
            answering: false,
            closed: false,
            peer_ended: false,
        }
    }

    pub(super) fn attach(&mut self, stream: BlockingStream, role: Role) {
        let rules = Rules::of(&self.config, role);
        let machine = Machine::new(self.format.framing(), self.config.limits, rules);
        self.line = Some(Line::new(stream, machine));
    }

    pub(super) fn line(&self) -> Option<&Line> {
        self.line.as_ref()
    }

    /// Lets go of the connection; what waits, waits for the next one.
    pub(super) fn detach(&mut self) {
        self.line = None;
        self.pause.clear();
        self.queue.on_connection_lost();
    }

    pub(super) fn tell(&mut self, event: ClientEvent) {
        self.events.push_back(Event::Lifecycle(event));
    }

    pub(super) fn take_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        self.answering = false;
        if let Some(Event::Message(message)) = &event {
            self.held = self.held.saturating_sub(message.held_bytes());
            self.answering = true;
        }
        event
    }

    /// Returns whether a client may connect again after this connection.
    pub(super) fn may_reconnect(&self) -> bool {
        self.line.as_ref().is_none_or(|line| line.machine.may_reconnect())
    }

    /// Starts closing: what waits is written, and reading goes on whatever waits.
    pub(super) fn start_closing(&mut self) {
        self.answering = false;
        self.pause.clear();
        self.handle(Input::Close { now: clock::now() });
    }

    /// Waits until closing has ended, and returns how.
    pub(super) fn wait_closed(&mut self) -> DisconnectReason {
        loop {
            match self.drain(None) {
                Turn::Look => {}
                Turn::Lost(reason) => return reason,
                // An answer is awaited, and nothing can be read for want of space: no time helps.
                Turn::TimedOut => {
                    match self.line.as_mut().and_then(|l| l.machine.deadline(clock::now)) {
                        Some(now) => self.handle(Input::Tick { now }),
                        None => self.handle(Input::Disconnect),
                    }
                }
            }
        }
    }

    /// Queues a message, and writes it unless the program is in the middle of a burst.
    pub(super) fn emit<T: ?Sized>(&mut self, event: &str, payload: &T) -> Result<(), EmitError>
    where
        F: EncodePayload<T>,
    {
        self.config.sent.tell(&*self.format, event, payload);
        let format = Arc::clone(&self.format);
        self.push(|queue| queue.push(|out| format.encode(event, payload, out)).map(drop))
    }

    /// Queues a message; waits for room if there is none and the policy is to wait.
    pub(super) fn send<T: ?Sized>(&mut self, event: &str, payload: &T) -> Result<(), EmitError>
    where
        F: EncodePayload<T>,
    {
        match self.emit(event, payload) {
            Err(EmitError::Full(_)) if self.queue.overflow() == OverflowPolicy::Block => {}
            other => return other,
        }
        let encode = |out: &mut BytesMut| self.format.encode(event, payload, out);
        let frame = encode_frame(&self.encoder, encode)?;
        loop {
            match self.push(|queue| queue.push_encoded(&frame).map(drop)) {
                // Without a connection nothing makes room: that is for `recv`, which dials.
                Err(EmitError::Full(limit)) => {
                    if !matches!(self.drain(None), Turn::Look) {
                        return Err(EmitError::Full(limit));
                    }
                }
                other => return other,
            }
        }
    }

    fn push(
        &mut self,
        push: impl FnOnce(&mut SendQueue) -> Result<(), PushError>,
    ) -> Result<(), EmitError> {
        if self.closed || self.overflow.is_some() {
            return Err(EmitError::Closed);
        }
        let before = self.queue.bytes();
        match push(&mut self.queue) {
            Ok(()) => {
                if !self.gathers(before == 0) {
                    if let Some(line) = &mut self.line {
                        line.write(&mut self.queue);
                    }
                }
                self.count_answer(before);
                Ok(())
            }
            Err(PushError::Full(limit)) => {
                if self.queue.overflow() == OverflowPolicy::Disconnect {
                    self.overflow = Some(limit);
                }
                Err(EmitError::Full(limit))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Counts the message that was queued last, behind `before` bytes, if it is an answer that waits
    /// for the peer to read.
    fn count_answer(&mut self, before: usize) {
        let Some(line) = self.line.as_ref().filter(|line| line.is_blocked()) else { return };
        if self.answering {
            let bytes = self.queue.bytes();
            let end = line.written().wrapping_add(bytes as u64);
            // A part of it may be written already.
            self.pause.answered(bytes.saturating_sub(before), end);
        }
    }

    /// Writes, and reads nothing, while too many answers wait.
    fn wait_to_write(&mut self, until: Option<Instant>) -> Turn {
        self.handle(Input::Suspend);
        let Some(line) = &mut self.line else { return Turn::Lost(DisconnectReason::Local) };
        let patient_until = self.pause.yields_at(line.full_since());
        let machine_at = line.machine.deadline(clock::now);
        let deadline = [until, patient_until, machine_at].into_iter().flatten().min();
        if let Err(error) = line.wait_to_write(&mut self.queue, deadline) {
            self.handle(Input::ReadFailed { error, now: clock::now() });
            return self.look();
        }
        let now = clock::now();
        if line.is_blocked() && !self.queue.is_held() {
            self.pause.written(line.written());
            self.pause.look_at_the_time(line.full_since(), now);
        } else {
            // Nothing waits for the peer to read any more, or it has gone.
            self.pause.clear();
        }
        if until.is_some_and(|at| at <= now) { Turn::TimedOut } else { Turn::Look }
    }

    /// Returns whether what waits may wait for more, now that a message was queued: the `first` one
    /// or another one.
    fn gathers(&mut self, first: bool) -> bool {
        let bytes = self.queue.bytes();
        match self.config.flush {
            FlushPolicy::Immediate => false,
            FlushPolicy::WhenIdle => {
                bytes < WRITE_EARLY && self.line.as_ref().is_some_and(Line::is_busy)
            }
            FlushPolicy::Within(delay) => {
                let now = clock::now();
                if first {
                    self.flush_at = now.checked_add(delay);
                    return bytes < WRITE_FROM;
                }
                bytes < WRITE_FROM && self.flush_at.is_none_or(|at| at > now)
            }
        }
    }

    /// Takes the next frame, or waits for one until `until`. Writes what waits meanwhile.
    pub(super) fn turn(&mut self, until: Option<Instant>) -> Turn {
        if let Some(limit) = self.overflow.take() {
            self.handle(Input::Overflow(limit));
        }
        if let Some(reason) = self.act() {
            return Turn::Lost(reason);
        }
        let Some(line) = &mut self.line else { return Turn::Lost(DisconnectReason::Local) };
        if self.pause.is_paused() && line.machine.is_receiving() {
            return self.wait_to_write(until);
        }
        if line.machine.is_suspended() {
            line.machine.handle(Input::Resume);
        }
        if line.machine.is_receiving() {
            match line.next_frame() {
                Ok(Some(frame)) => return self.take(frame),
                Ok(None) => {}
                Err(error) => {
                    self.handle(Input::Undecodable(error));
                    return self.look();
                }
            }
        }
        let deadline = [until, line.machine.deadline(clock::now)].into_iter().flatten().min();
        let woken = if line.machine.is_receiving() {
            line.wait(&mut self.queue, deadline)
        } else {
            line.wait_to_write(&mut self.queue, deadline)
        };
        self.after(woken, until)
    }

    /// Writes, waiting for the socket to take it at most until `until`. What is received meanwhile is
    /// kept, so that two sides that only send do not wait for each other for ever; up to a limit,
    /// where waiting makes sense only if there is something to write.
    ///
    /// With nothing to write it waits as [`turn`](Self::turn) does.
    pub(super) fn drain(&mut self, until: Option<Instant>) -> Turn {
        if let (Some(line), false) = (&mut self.line, self.queue.is_empty()) {
            line.write(&mut self.queue);
            if self.queue.is_empty() {
                return Turn::Look;
            }
        }
        if self.held < self.config.event_bytes {
            return self.turn(until);
        }
        if let Some(reason) = self.act() {
            return Turn::Lost(reason);
        }
        if self.queue.is_held() {
            return Turn::TimedOut;
        }
        self.handle(Input::Suspend);
        let Some(line) = &mut self.line else { return Turn::Lost(DisconnectReason::Local) };
        let deadline = [until, line.machine.deadline(clock::now)].into_iter().flatten().min();
        let woken = line.wait_to_write(&mut self.queue, deadline);
        self.after(woken, until)
    }

    /// Feeds the machine with what waiting brought.
    fn after(&mut self, woken: io::Result<Woken>, until: Option<Instant>) -> Turn {
        let now = clock::now();
        match woken {
            Ok(Woken::Progress) => return Turn::Look,
            Ok(Woken::Ended) => self.handle(Input::PeerEnded { now }),
            Ok(Woken::Broken) => self.handle(Input::NothingToRead),
            Ok(Woken::TimedOut) => self.handle(Input::Tick { now }),
            Err(error) if self.line.as_ref().is_some_and(|line| line.machine.is_receiving()) => {
                self.handle(Input::ReadFailed { error, now });
            }
            Err(error) => self.handle(Input::WriteFailed(error)),
        }
        match self.look() {
            Turn::Look if until.is_some_and(|at| at <= now) => Turn::TimedOut,
            turn => turn,
        }
    }

    fn take(&mut self, frame: Bytes) -> Turn {
        if self.config.sync {
            self.queue.on_received();
        }
        match self.format.decode(frame) {
            Ok(message) => {
                self.held = self.held.saturating_add(message.held_bytes());
                self.events.push_back(Event::Message(message));
                Turn::Look
            }
            Err(error) => {
                self.handle(Input::Malformed(error));
                self.look()
            }
        }
    }

    /// Feeds the machine and reports the fault, if that is what came of it.
    fn handle(&mut self, input: Input) {
        let fault = self.line.as_mut().and_then(|line| line.machine.handle(input));
        if let Some(fault) = fault {
            self.failure = Some(self.report(fault.into()));
        }
    }

    fn look(&mut self) -> Turn {
        self.act().map_or(Turn::Look, Turn::Lost)
    }

    /// Does what the machine says, and returns the reason if the connection has ended.
    fn act(&mut self) -> Option<DisconnectReason> {
        let line = self.line.as_mut()?;
        if line.machine.is_open() {
            return None;
        }
        if self.queue.is_empty() {
            line.machine.handle(Input::Written);
        }
        loop {
            match line.machine.action()? {
                Action::Shutdown => line.shut_down(),
                Action::End(ending) => {
                    self.peer_ended = ending == Ending::Local { answered: true };
                    return Some(DisconnectReason::of(ending, self.failure.take()));
                }
            }
        }
    }

    /// Reports an error and returns it.
    pub(super) fn report(&mut self, error: Error) -> Arc<Error> {
        let error = Arc::new(error);
        self.tell(ClientEvent::Error(Arc::clone(&error)));
        error
    }

    /// Takes what waits out of the queue, oldest first, and tells how closing ended.
    pub(super) fn close_report(&mut self) -> CloseReport {
        let frames = self.queue.take_undelivered();
        let undelivered =
            frames.into_iter().map(|frame| Message::of_frame(&*self.format, frame)).collect();
        CloseReport { undelivered, peer_ended: self.peer_ended }
    }
}
