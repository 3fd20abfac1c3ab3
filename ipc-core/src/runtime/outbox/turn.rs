//! What the connection's task does at an outbox, from the start of its turn to its end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::AsyncWrite;

use super::primitives::WriteHalf;
use super::state::OutboxState;
use super::writing::{Action, Event, Writing};
use super::{Outbox, WRITE_FROM, Want};
use crate::error::Error;
use crate::options::FlushPolicy;
use crate::protocol::connection::Unsent;
use crate::protocol::queue::QueueLimit;
use crate::runtime::clock;

/// What a flush left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flushed {
    /// Whether everything is written.
    pub(crate) empty: bool,
    /// Whether a burst lasts: the task runs again before it sleeps.
    pub(crate) look_again: bool,
    /// When what waits is written at the latest.
    pub(crate) flush_at: Option<Instant>,
    /// When reading goes on, or senders do, although the peer has read nothing.
    pub(crate) patient_until: Option<Instant>,
}

impl Flushed {
    /// What is left when nothing is written any more.
    pub(crate) const NOTHING: Self =
        Self { empty: false, look_again: false, flush_at: None, patient_until: None };
}

impl Outbox {
    /// Begins a turn of the connection's task: registers it, and has what is queued gather until
    /// [`poll_flush`](Self::poll_flush). Returns what the program wants of the connection.
    pub(crate) fn register(&self, cx: &Context<'_>) -> Want {
        let mut state = self.lock();
        match &state.driver {
            Some(waker) if waker.will_wake(cx.waker()) => {}
            _ => state.driver = Some(cx.waker().clone()),
        }
        state.on(Event::TurnBegan);
        state.want
    }

    /// Ends a turn: writes what waits, if it is due or `now`. The task is woken when a full socket
    /// takes more. If it `stays` awake and runs again at once, what is queued until then gathers.
    pub(crate) fn poll_flush(
        &self,
        cx: &mut Context<'_>,
        now: bool,
        stays: bool,
    ) -> io::Result<Flushed> {
        let mut state = self.lock();
        let mut blocked = false;
        if now || self.is_due(&state) {
            state.flush_at = None;
            if state.writer.is_some() {
                match state.write_due(cx) {
                    Poll::Ready(Ok(())) if state.writing == Writing::Blocked => state.failed = None,
                    Poll::Ready(Ok(())) => {}
                    Poll::Pending => blocked = true,
                    Poll::Ready(Err(error)) => {
                        state.writer = None;
                        state.on(Event::Detached);
                        self.go_on(&mut state);
                        return Err(state.failed.take().unwrap_or(error));
                    }
                }
            }
        } else if let (FlushPolicy::Within(delay), None) = (self.flush, state.flush_at) {
            if !state.queue.is_held() {
                state.flush_at = clock::now().checked_add(delay);
            }
        }
        let action = match blocked {
            true => state.on(Event::TaskBlocked),
            false if stays && state.writing != Writing::Blocked => Action::Nothing,
            false => state.on(Event::TurnEnded),
        };
        let (empty, look_again) = (state.is_drained(), action == Action::LookAgain);
        let patient_until = self.look_at_pause(&mut state);
        let eases_until = if blocked { look_at_progress(&mut state) } else { None };
        let patient_until = patient_until.into_iter().chain(eases_until).min();
        let flushed = Flushed { empty, look_again, flush_at: state.flush_at, patient_until };
        // A sender that waits goes on at once.
        if empty && !look_again && !stays && state.waiting == 0 {
            state.release_buffer();
        }
        if state.waiting > 0 {
            drop(state);
            self.changed.notify_waiters();
        }
        Ok(flushed)
    }

    /// Returns whether what waits is written in this turn.
    #[inline]
    fn is_due(&self, state: &OutboxState) -> bool {
        // What the socket did not take goes on as soon as it does: a frame may be half written.
        !matches!(self.flush, FlushPolicy::Within(_))
            || state.writing == Writing::Blocked
            || state.queue.bytes() >= WRITE_FROM
            || state.flush_at.is_some_and(|at| at <= clock::now())
    }

    /// Returns what waits to be written, for a peer that is silent.
    pub(crate) fn unsent(&self) -> Unsent {
        let state = self.lock();
        if state.writing == Writing::Blocked {
            Unsent::Full(state.progress.written)
        } else if state.queue.is_awaiting() {
            Unsent::Held
        } else {
            Unsent::Nothing
        }
    }

    /// Takes the error of a caller's write that the connection's task has not met itself.
    pub(crate) fn take_failed(&self) -> Option<io::Error> {
        self.lock().failed.take()
    }

    /// Ends the writing side: the peer sees the end of the stream.
    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.lock().writer {
            Some(writer) => Pin::new(writer).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Releases the next message, with one in flight: a message was received.
    pub(crate) fn on_received(&self) {
        self.lock().queue.on_received();
    }

    /// Keeps what is queued from being written, or has it written in the next turn of the connection's
    /// task.
    pub(crate) fn hold(&self, on: bool) {
        self.lock().queue.hold(on);
    }

    /// Handles that a connection is made, of which the program is told before its socket is attached: it
    /// may count on it.
    pub(crate) fn expect_attach(&self) {
        self.lock().is_coming = true;
    }

    /// Takes the write half of a new connection.
    pub(crate) fn attach(&self, writer: WriteHalf) {
        let mut state = self.lock();
        state.writer = Some(writer);
        (state.is_coming, state.failed) = (false, None);
        state.on(Event::Attached);
        state.flush_at = None;
        state.progress.restart();
        self.go_on(&mut state);
    }

    /// Drops the write half of a lost connection; what waits, waits for the next one. Returns the
    /// limit whose overflow ended the connection, if one did.
    pub(crate) fn detach(&self) -> Option<QueueLimit> {
        let mut state = self.lock();
        let writer = state.writer.take();
        state.is_coming = false;
        state.queue.on_connection_lost();
        state.on(Event::Detached);
        state.driver = None;
        self.go_on(&mut state);
        let overflow = state.overflow.take();
        let waits = state.waiting > 0;
        drop(state);
        drop(writer);
        if waits {
            // A call may not wait for the next connection.
            self.changed.notify_waiters();
        }
        overflow
    }

    /// Takes the errors of datagrams that could not be sent.
    pub(crate) fn take_refused(&self) -> Vec<Error> {
        std::mem::take(&mut self.lock().refused)
    }
}

/// Has senders fill the queue if the peer has read nothing for long. Returns when they do at the latest.
fn look_at_progress(state: &mut OutboxState) -> Option<Instant> {
    let until = state.progress.eases_until()?;
    if clock::now() < until {
        return Some(until);
    }
    state.progress.idle = true;
    None
}
