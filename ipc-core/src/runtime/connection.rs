//! `Connection`: one connection at work, from its first byte to its end, as a future.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use ipc_codec::DecodeError;
use ipc_transport::ReadHalf;

use crate::error::{DisconnectReason, Error};
use crate::handlers::registry::Snapshot;
use crate::observe::trace::Traced;
use crate::options::{ConnectionConfig, OnMalformed};
use crate::protocol::connection::budget::Charge;
use crate::protocol::connection::inbound::Inbound;
use crate::runtime::clock;
use crate::runtime::dispatcher::{Backlog, Dispatcher};
use crate::runtime::outbox::{Flushed, Want};
use crate::runtime::read;
use crate::runtime::read::{hung_up, is_hangup};
use crate::runtime::timer::Timer;
use crate::{MessageFormat, Peer};

/// One connection at work. Ready with the reason when it has ended.
///
/// Each turn reads as much as there is, decodes and handles every whole frame of it, and then
/// writes what the handlers sent, in one go. A turn has a budget, so that a peer that floods
/// leaves the others their share.
pub(crate) struct Connection<F: MessageFormat, L> {
    peer: Peer<F>,
    hub: Arc<Dispatcher<F, L>>,
    config: Arc<ConnectionConfig>,
    inbound: Inbound,
    /// What of the server's budget for unfinished frames is this connection's.
    charge: Charge,
    /// Whether what comes and goes are datagrams.
    datagrams: bool,
    snapshot: Snapshot<Peer<F>, L>,
    backlog: Backlog<F, L>,
    /// `None` when the peer has ended its side, or reading failed.
    reader: Option<ReadHalf>,
    /// Whether what waits is still written after the peer has ended its side. A server answers
    /// like this; a client keeps what waits for the next connection.
    answer_after_end: bool,
    /// Why the receiving side ended, once it has.
    ended: Option<DisconnectReason>,
    write_error: Option<io::Error>,
    /// When the peer has to have sent something, with an idle timeout.
    idle_at: Option<Instant>,
    /// When this side stops waiting for what is left to be written and for the peer's end.
    close_at: Option<Instant>,
    shut_down: bool,
    timer: Timer,
}

/// Nothing in it is pinned where it lies: the timer has a box of its own.
impl<F: MessageFormat, L> Unpin for Connection<F, L> {}

/// How handling frames stopped.
enum Flow {
    /// More bytes are needed.
    More,
    /// A stream is full, or the turn's budget is spent.
    Stop,
    /// The connection has to end.
    End(DisconnectReason),
}

impl<F: MessageFormat, L: Clone + Traced> Connection<F, L> {
    pub(crate) fn new(
        peer: Peer<F>,
        hub: Arc<Dispatcher<F, L>>,
        config: Arc<ConnectionConfig>,
        reader: ReadHalf,
        answer_after_end: bool,
    ) -> Self {
        let framing = peer.format().framing();
        Self {
            inbound: Inbound::new(framing, config.limits, config.frame_timeout),
            charge: Charge::new(config.budget.clone()),
            datagrams: reader.max_datagram().is_some(),
            peer,
            hub,
            config,
            snapshot: Snapshot::empty(),
            backlog: Backlog::new(),
            reader: Some(reader),
            answer_after_end,
            ended: None,
            write_error: None,
            idle_at: None,
            close_at: None,
            shut_down: false,
            timer: Timer::default(),
        }
    }

    /// Tells of an event through this connection's backlog, so that it keeps its place.
    pub(crate) fn lifecycle(&mut self, event: L) {
        self.hub.lifecycle(event, &mut self.backlog);
    }

    /// Returns what the streams have not taken yet, when the connection has ended.
    pub(crate) fn into_backlog(self) -> Backlog<F, L> {
        self.backlog
    }

    fn error(&mut self, error: Error) -> DisconnectReason {
        let error = self.hub.error(Some(&self.peer), error, &mut self.backlog);
        DisconnectReason::Error(error)
    }

    /// Reads and handles until there is nothing more, the budget is spent or a stream is full.
    /// Returns whether there may be more: if not, the socket wakes this task when there is.
    fn receive(&mut self, cx: &mut Context<'_>) -> bool {
        let mut budget = BUDGET;
        while self.reader.is_some() {
            match self.handle_frames(cx, &mut budget) {
                Flow::More => {}
                Flow::Stop => return true,
                Flow::End(reason) => {
                    self.end_receiving(reason);
                    return false;
                }
            }
            let Some(reader) = &mut self.reader else { break };
            match read::poll_read(reader, &mut self.inbound, cx) {
                Poll::Pending => return false,
                Poll::Ready(Ok(0)) => {
                    // Wire rule W18
                    let reason = self.finish(DisconnectReason::PeerClosed);
                    self.end_receiving(reason);
                    return false;
                }
                Poll::Ready(Ok(_)) => {
                    self.idle_at = None;
                    if self.datagrams {
                        self.peer.mark_known();
                    }
                }
                Poll::Ready(Err(error)) if self.shut_down || is_hangup(&error) => {
                    let reason = self.finish(hung_up(&error));
                    self.end_receiving(reason);
                    return false;
                }
                Poll::Ready(Err(error)) => {
                    let reason = self.error(Error::Read(error));
                    self.end_receiving(reason);
                    return false;
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
            if self.peer.outbox().signals() != 0 {
                return self.signalled();
            }
            let frame = match self.inbound.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => {
                    return match self.charge.set(self.inbound.buffered()) {
                        Ok(()) => Flow::More,
                        Err(error) => Flow::End(self.error(error)),
                    };
                }
                Err(error) => {
                    let ends_stream = error.ends_stream();
                    let reason = self.error(Error::of_frame(error, self.inbound.looks_like()));
                    if ends_stream {
                        return Flow::End(reason);
                    }
                    *budget = budget.saturating_sub(FRAME_COST);
                    continue;
                }
            };
            // What the handlers send leaves together, after the last frame.
            handling.get_or_insert_with(|| self.peer.outbox().handle());
            *budget = budget.saturating_sub(frame.len() + FRAME_COST);
            match self.peer.format().decode(frame) {
                Ok(message) => {
                    self.hub.message(&mut self.snapshot, message, &self.peer, &mut self.backlog);
                }
                Err(error) => {
                    let reason = self.error(error.into());
                    if self.config.on_malformed == OnMalformed::Close {
                        return Flow::End(reason);
                    }
                }
            }
            if self.config.sync {
                self.peer.outbox().on_received();
            }
        }
    }

    /// Tells of the frame that the peer's end cut off, if it did, and returns how the peer ended.
    fn finish(&mut self, reason: DisconnectReason) -> DisconnectReason {
        let looks_like = self.inbound.looks_like();
        let Err(DecodeError::Truncated { buffered, .. }) = self.inbound.finish() else {
            return reason;
        };
        // Once this side has ended its own, nobody waits for more.
        if !self.shut_down {
            self.error(Error::Truncated { buffered, looks_like });
        }
        reason.within_a_frame(buffered)
    }

    #[cold]
    fn signalled(&self) -> Flow {
        // A handler may have had enough of this peer: it hears nothing more of it.
        if self.peer.outbox().is_hung_up() {
            return Flow::End(DisconnectReason::Local);
        }
        Flow::Stop
    }

    fn end_receiving(&mut self, reason: DisconnectReason) {
        self.reader = None;
        self.ended.get_or_insert(reason);
    }

    /// Writes what waits.
    fn send(&mut self, cx: &mut Context<'_>, closing: bool) -> Flushed {
        if self.write_error.is_some() {
            return Flushed::NOTHING;
        }
        let flushed = self.peer.outbox().poll_flush(cx, closing);
        if self.datagrams {
            for error in self.peer.outbox().take_refused() {
                self.error(error);
            }
        }
        flushed.unwrap_or_else(|error| {
            self.write_error = Some(error);
            Flushed::NOTHING
        })
    }

    /// Returns the reason if the connection is at its end. `written`: nothing waits to be
    /// written; `unread`: the peer may have sent more before it went.
    fn poll_end(
        &mut self,
        cx: &mut Context<'_>,
        want: Want,
        written: bool,
        unread: bool,
    ) -> Poll<DisconnectReason> {
        // What the peer sent before it hung up is handled first.
        if let Some(error) = self.write_error.take_if(|_| !unread) {
            let reason = self.ended.take();
            return Poll::Ready(reason.unwrap_or_else(|| {
                if is_hangup(&error) {
                    self.finish(hung_up(&error))
                } else {
                    self.error(Error::Write(error))
                }
            }));
        }
        let by_error = matches!(self.ended, Some(DisconnectReason::Error(_)));
        // Wire rule W19
        if by_error || (self.ended.is_some() && !self.answer_after_end && !self.shut_down) {
            return self.ended.take().map_or(Poll::Pending, Poll::Ready);
        }
        if self.ended.is_none() && want == Want::Open {
            return Poll::Pending;
        }
        if self.close_at.is_none() && !self.shut_down {
            self.close_at = clock::now().checked_add(self.config.close_timeout);
        }
        if !written {
            return Poll::Pending;
        }
        if !self.shut_down {
            // An error here shows as the end of the stream, which is what is wanted.
            if self.peer.outbox().poll_shutdown(cx).is_pending() {
                return Poll::Pending;
            }
            self.shut_down = true;
            // The peer's own end proves that it has read everything. It gets a moment for it.
            self.close_at = clock::now().checked_add(self.config.linger);
        }
        match self.ended.take() {
            Some(DisconnectReason::Reset) => Poll::Ready(DisconnectReason::Reset),
            Some(_) if want == Want::Close => {
                self.peer.answer_end();
                Poll::Ready(DisconnectReason::Local)
            }
            Some(reason) => Poll::Ready(reason),
            None => Poll::Pending,
        }
    }

    /// Returns when the peer has to have sent something, if it has to at all.
    fn idle_at(&mut self) -> Option<Instant> {
        let timeout = self.config.idle_timeout?;
        if self.idle_at.is_none() {
            self.idle_at = clock::now().checked_add(timeout);
        }
        self.idle_at
    }

    /// Acts on a deadline that has passed.
    fn on_timer(
        &mut self,
        frame_at: Option<Instant>,
        idle_at: Option<Instant>,
    ) -> Option<DisconnectReason> {
        let now = clock::now();
        if self.close_at.is_some_and(|at| at <= now) {
            if self.shut_down {
                // Everything is written, and the peer has had its moment.
                return Some(self.ended.take().unwrap_or(DisconnectReason::Local));
            }
            let limit = self.config.close_timeout;
            return Some(self.error(Error::CloseTimeout { limit }));
        }
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if let (Some(limit), true) = (self.config.frame_timeout, passed(frame_at)) {
            let looks_like = self.inbound.looks_like();
            return Some(self.error(Error::FrameTimeout { limit, looks_like }));
        }
        if let (Some(limit), true) = (self.config.idle_timeout, passed(idle_at)) {
            return Some(self.error(Error::IdleTimeout { limit }));
        }
        None
    }
}

impl<F: MessageFormat, L: Clone + Traced> Future for Connection<F, L> {
    type Output = DisconnectReason;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<DisconnectReason> {
        let this = &mut *self;
        loop {
            let want = this.peer.outbox().register(cx);
            if want == Want::Disconnect {
                return Poll::Ready(DisconnectReason::Local);
            }
            // A peer that does not read the answers is not read from. It may have sent more.
            let more = this.peer.outbox().is_paused() || this.receive(cx);
            if this.peer.outbox().is_hung_up() {
                return Poll::Ready(DisconnectReason::Local);
            }
            let sent = this.send(cx, want == Want::Close || this.ended.is_some());
            // Behind the errors of datagrams that were not sent.
            let stalled = this.backlog.poll_flush(cx).is_pending();
            // A stream that nobody reads does not keep a connection open that is to be closed.
            let unread = more && (want == Want::Open || !stalled);
            if let Poll::Ready(reason) = this.poll_end(cx, want, sent.empty, unread) {
                return Poll::Ready(reason);
            }
            let waits = stalled || this.peer.outbox().is_paused();
            if (more && !waits) || sent.look_again {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            // While this side does not read, the peer is not billed for it.
            if waits {
                this.inbound.pause();
                this.idle_at = None;
            }
            let reads = !waits && this.reader.is_some();
            let frame_at = if reads { this.inbound.deadline(clock::now) } else { None };
            if frame_at.is_none() && !waits {
                this.inbound.release();
                this.snapshot.release();
            }
            let idle_at = if reads { this.idle_at() } else { None };
            let at = [frame_at, idle_at, sent.flush_at, sent.patient_until, this.close_at];
            if this.timer.poll(cx, at.into_iter().flatten().min()).is_pending() {
                return Poll::Pending;
            }
            if let Some(reason) = this.on_timer(frame_at, idle_at) {
                return Poll::Ready(reason);
            }
        }
    }
}

/// What one turn may handle, in bytes of frames, before the others have theirs: some hundred
/// microseconds of work.
const BUDGET: usize = 64 * 1024;

/// What a frame costs of the budget beside its bytes: very small ones are not free.
const FRAME_COST: usize = 64;
