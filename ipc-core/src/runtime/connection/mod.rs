//! `Connection`: the future that drives one connection, from its first byte to its end.

mod calls_and_limits;
mod looks;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use ipc_transport::ReadHalf;

use self::looks::Looks;
use crate::access::Guard;
use crate::calls::ControlEvents;
use crate::error::{DisconnectReason, Error};
use crate::handlers::registry::Snapshot;
use crate::observe::trace::Traced;
use crate::options::ConnectionConfig;
use crate::protocol::connection::budget::Charge;
use crate::protocol::connection::{Action, Ending, Fault, Input, Machine, Role, Rules};
use crate::runtime::calls::builtin::Pings;
use crate::runtime::clock;
use crate::runtime::dispatcher::{Backlog, Dispatcher};
use crate::runtime::gauge::Gauge;
use crate::runtime::outbox::Want;
use crate::runtime::outbox::turn::Flushed;
use crate::runtime::timer::Timer;
use crate::runtime::{read, silence, spares};
use crate::{MessageFormat, Peer};

/// One connection. Ready with the reason once it has ended; then [`finish`](Self::finish) it.
///
/// Each turn reads as much as there is, decodes and handles every whole frame of it, and then
/// writes what the handlers sent, in one go. A turn has a budget, so that a peer that floods
/// leaves the others their share. What ends the connection, and when, its [`Machine`] decides.
pub(crate) struct Connection<F: MessageFormat, L> {
    peer: Peer<F>,
    dispatcher: Arc<Dispatcher<F, L>>,
    config: Arc<ConnectionConfig>,
    machine: Machine,
    /// What of the server's budget for unfinished frames is this connection's.
    charge: Charge,
    /// Whether what is received and sent are datagrams.
    datagrams: bool,
    /// How much of its rate the peer has used, if it has one.
    gauge: Option<Box<Gauge>>,
    /// What the peer may do, if that is not everything: as it was when the connection was made.
    guard: Option<Box<Guard>>,
    /// Which messages may be calls and answers; every one of a peer that has a guard.
    control: ControlEvents,
    snapshot: Snapshot<Peer<F>, L>,
    backlog: Backlog<F, L>,
    reader: ReadHalf,
    /// When what was read last was there, about, once that is asked: of the first of its calls.
    read_at: Option<Instant>,
    /// The error that was reported last.
    failure: Option<Arc<Error>>,
    timer: Timer,
    /// Whether the server has sent this client away for good.
    dismissed: bool,
    /// What a silent peer was asked.
    pings: Pings<F>,
    /// Whether it looks once more before it sleeps.
    looks: Looks,
}

/// What a connection leaves behind.
pub(crate) struct Ended<F, L> {
    pub(crate) reason: DisconnectReason,
    /// What the streams have not taken yet.
    pub(crate) backlog: Backlog<F, L>,
    /// Whether a client may connect again.
    pub(crate) may_reconnect: bool,
}

/// Nothing in it is pinned in place: the timer has a box of its own.
impl<F: MessageFormat, L> Unpin for Connection<F, L> {}

/// How handling frames stopped.
enum Flow {
    /// More bytes are needed.
    More,
    /// A stream or a lane is full, the turn's budget is spent, or the outbox has a signal.
    Stop,
    /// Nothing more is received.
    End,
}

impl<F: MessageFormat, L: Clone + Traced> Connection<F, L> {
    pub(crate) fn new(
        peer: Peer<F>,
        dispatcher: Arc<Dispatcher<F, L>>,
        config: Arc<ConnectionConfig>,
        reader: ReadHalf,
        role: Role,
    ) -> Self {
        let framing = peer.format().framing();
        let datagrams = reader.max_datagram().is_some();
        let guard = peer.restrictions().and_then(|rules| Guard::of(rules, datagrams));
        Self {
            gauge: Gauge::of(&peer, datagrams),
            control: match &guard {
                Some(_) => ControlEvents::Any,
                None => ControlEvents::of(peer.format(), &config),
            },
            guard,
            machine: Machine::new(framing, config.limits, Rules::of(&config, role)),
            charge: Charge::new(config.budget.clone()),
            datagrams,
            peer,
            dispatcher,
            config,
            snapshot: Snapshot::empty(),
            backlog: Backlog::new(),
            reader,
            read_at: None,
            failure: None,
            timer: Timer::default(),
            dismissed: false,
            pings: Pings::new(),
            looks: Looks::default(),
        }
    }

    /// Reports an event through this connection's backlog, so that it keeps its place.
    pub(crate) fn lifecycle(&mut self, event: L) {
        self.dispatcher.lifecycle(event, &mut self.backlog);
    }

    /// Takes what was read of the peer before the connection began.
    pub(crate) fn take_first(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.machine.inbound().extend(bytes);
        }
    }

    /// Drops the socket of a connection that ended for `reason`, and reports if a full queue was why.
    pub(crate) fn finish(mut self, mut reason: DisconnectReason) -> Ended<F, L> {
        if let Some(limit) = self.peer.detach() {
            self.handle(Input::Overflow(limit));
            reason = DisconnectReason::of(Ending::Failed, self.failure.take());
        }
        let may_reconnect = self.machine.may_reconnect() && !self.dismissed;
        Ended { reason, backlog: self.backlog, may_reconnect }
    }

    /// Feeds the machine, and reports the fault that it returns.
    fn handle(&mut self, input: Input) {
        if let Some(fault) = self.machine.handle(input) {
            self.fail(fault);
        }
    }

    fn fail(&mut self, fault: Fault) {
        let error = self.dispatcher.error(Some(&self.peer), fault.into(), &mut self.backlog);
        self.failure = Some(error);
    }

    /// Reads and handles until there is nothing more, the budget is spent or a stream is full.
    /// Returns whether there may be more: if not, the socket wakes this task when there is.
    fn receive(&mut self, cx: &mut Context<'_>) -> bool {
        let mut budget = BUDGET;
        while self.machine.is_receiving() {
            match self.handle_frames(cx, &mut budget) {
                Flow::More => {}
                Flow::Stop => return true,
                Flow::End => return false,
            }
            match read::poll_read(&mut self.reader, self.machine.inbound(), cx) {
                Poll::Pending => return false,
                Poll::Ready(Ok(0)) => {
                    if let Some(error) = self.peer.outbox().take_failed() {
                        self.handle(Input::WriteFailed(error));
                    }
                    self.handle(Input::PeerEnded { now: clock::now() });
                }
                Poll::Ready(Ok(_)) => {
                    self.read_at = None;
                    self.looks.found();
                    if self.datagrams {
                        self.peer.mark_known();
                    }
                }
                Poll::Ready(Err(error)) => {
                    self.handle(Input::ReadFailed { error, now: clock::now() });
                }
            }
        }
        false
    }

    // Wire rule W15
    fn handle_frames(&mut self, cx: &Context<'_>, budget: &mut usize) -> Flow {
        let mut handling = None;
        loop {
            if *budget == 0 || self.backlog.poll_flush(cx).is_pending() {
                return Flow::Stop;
            }
            // A handler may have disconnected this peer: nothing more of it is handled.
            if self.peer.outbox().signals() != 0 {
                return Flow::Stop;
            }
            let mut frame = match self.machine.inbound().next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => {
                    return match self.charge.set(self.machine.inbound().buffered()) {
                        Ok(()) => Flow::More,
                        Err(over) => self.flow_after(over),
                    };
                }
                Err(error) => {
                    if let Flow::End = self.flow_after(Input::Undecodable(error)) {
                        return Flow::End;
                    }
                    *budget = budget.saturating_sub(FRAME_COST);
                    continue;
                }
            };
            // What the handlers send leaves together, after the last frame.
            handling.get_or_insert_with(|| self.peer.outbox().handle());
            let length = frame.len();
            *budget = budget.saturating_sub(length + FRAME_COST);
            if self.gauge.is_some() && !self.passes(length, budget) {
                continue;
            }
            let flow = if self.control.begins(self.peer.format(), &frame) {
                self.handle_call_frame(frame)
            } else if self.snapshot.presumes() && self.handle_presumed(&mut frame) {
                Flow::More
            } else {
                match self.peer.format().decode(frame) {
                    Ok(message) if self.control.may_be(&message) => {
                        self.handle_control(message, length)
                    }
                    Ok(message) => {
                        self.dispatch(message);
                        Flow::More
                    }
                    Err(error) => self.flow_after(Input::Malformed(error)),
                }
            };
            if let Flow::End = flow {
                return Flow::End;
            }
            if self.config.sync {
                self.release_next();
            }
        }
    }

    #[cold]
    fn flow_after(&mut self, input: Input) -> Flow {
        self.handle(input);
        self.flow()
    }

    /// Returns whether more is received.
    fn flow(&self) -> Flow {
        if self.machine.is_receiving() { Flow::More } else { Flow::End }
    }

    /// Writes what waits. `looks`: this task runs again before it sleeps.
    fn send(&mut self, cx: &mut Context<'_>, looks: bool) -> Flushed {
        if !self.machine.is_writable() {
            return Flushed::NOTHING;
        }
        let flushed = self.peer.outbox().poll_flush(cx, !self.machine.is_open(), looks);
        if self.datagrams {
            for error in self.peer.outbox().take_refused() {
                self.dispatcher.error(Some(&self.peer), error, &mut self.backlog);
            }
        }
        flushed.unwrap_or_else(|error| {
            self.handle(Input::WriteFailed(error));
            Flushed::NOTHING
        })
    }

    /// Does what the machine says. Ready with the reason if the connection has ended.
    fn act(&mut self, cx: &mut Context<'_>) -> Poll<DisconnectReason> {
        loop {
            match self.machine.action() {
                None => return Poll::Pending,
                Some(Action::Shutdown) => {
                    // An error here shows as the end of the stream, which is what is wanted.
                    if self.peer.outbox().poll_shutdown(cx).is_pending() {
                        return Poll::Pending;
                    }
                    self.handle(Input::ShutDown { now: clock::now() });
                }
                Some(Action::End(ending)) => {
                    if ending == (Ending::Local { answered: true }) {
                        self.peer.answer_end();
                    }
                    return Poll::Ready(DisconnectReason::of(ending, self.failure.take()));
                }
            }
        }
    }

    #[cold]
    fn disconnect(&mut self, cx: &mut Context<'_>) -> Poll<DisconnectReason> {
        self.handle(Input::Disconnect);
        self.act(cx)
    }
}

impl<F: MessageFormat, L: Clone + Traced> Future for Connection<F, L> {
    type Output = DisconnectReason;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<DisconnectReason> {
        let this = &mut *self;
        loop {
            let want = this.peer.outbox().register(cx);
            match want {
                Want::Open => {}
                Want::Close => this.handle(Input::Close { now: clock::now() }),
                Want::Disconnect => return this.disconnect(cx),
            }
            // A peer that does not read its answers is not read from. It may have sent more.
            let more = this.peer.outbox().is_paused()
                || (this.gauge.is_some() && this.throttled_until().is_some())
                || this.receive(cx);
            if this.peer.outbox().is_hung_up() {
                return this.disconnect(cx);
            }
            let owes_cancels = this.peer.open_calls().is_some() && this.peer.turn_calls();
            let looks = !more && this.machine.is_open() && this.looks.again();
            let sent = this.send(cx, looks);
            let throttled_until = if this.gauge.is_some() { this.throttled_until() } else { None };
            // After the errors of datagrams that were not sent.
            let stalled = this.backlog.poll_flush(cx).is_pending()
                || this.peer.outbox().is_backlogged()
                || throttled_until.is_some();
            if !this.machine.is_open() {
                // A stream that is not read does not keep a connection open that is closing.
                if !more || (want != Want::Open && stalled) {
                    this.handle(Input::NothingToRead);
                }
                if sent.empty {
                    this.handle(Input::Written);
                }
                if let Poll::Ready(reason) = this.act(cx) {
                    return Poll::Ready(reason);
                }
            }
            let waits = stalled || this.peer.outbox().is_paused();
            if (more && !waits) || sent.look_again || (owes_cancels && sent.empty) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if looks {
                // Unlike `wake_by_ref` this has the runtime ask the sockets before this task runs again.
                let _ = pin!(tokio::task::yield_now()).poll(cx);
                return Poll::Pending;
            }
            if waits != this.machine.is_suspended() {
                this.handle(if waits { Input::Suspend } else { Input::Resume });
            }
            let at = this.machine.deadline(clock::now);
            if !waits && !this.machine.inbound().is_timed() {
                spares::give(this.machine.inbound().release());
                this.snapshot.release();
            }
            let at = [at, sent.flush_at, sent.patient_until];
            let mut at = at.into_iter().flatten().min();
            if let Some(until) = throttled_until {
                at = Some(at.map_or(until, |at| at.min(until)));
            }
            if this.timer.poll(cx, at).is_pending() {
                return Poll::Pending;
            }
            let now = clock::now();
            this.handle(Input::Tick { now });
            let fault = silence::look_after(&mut this.machine, &this.peer, &mut this.pings, now);
            if let Some(fault) = fault {
                this.fail(fault);
            }
            if let Some(Action::End(_)) = this.machine.action() {
                return this.act(cx);
            }
        }
    }
}

/// What one turn may handle, in bytes of frames, before the other connections get theirs: some
/// hundred microseconds of work.
const BUDGET: usize = 64 * 1024;

/// What a frame costs of the budget besides its bytes: very small ones are not free.
const FRAME_COST: usize = 64;
