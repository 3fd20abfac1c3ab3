//! `Outbox`: a connection's send queue with the socket's write half, shared by all who emit.

mod numbered;
mod pausing;
mod state;
pub(crate) mod turn;
mod wait;
pub(crate) mod writing;

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ipc_codec::{EncodeWith, FrameEncoder, Framing};

use self::state::OutboxState;
use self::writing::{Action, Due, Event, Writing};
use super::primitives::{self, AtomicU8, Mutex, MutexGuard, Notify};
use crate::FormatError;
use crate::error::EmitError;
use crate::options::{ConnectionConfig, FlushPolicy};
use crate::protocol::connection::backpressure::Pause;
use crate::protocol::queue::{OverflowPolicy, PushError, QueuedLen, SendQueue, Tally};
use crate::runtime::clock;

/// The sending side of one peer: it outlives the connections of a client that comes back.
///
/// An emit encodes straight into the queue under a short lock. Who writes is decided by
/// [`Writing`]: if the socket is idle the caller itself, so that no task is woken; while it is busy,
/// messages gather and the connection's task writes them together.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<OutboxState>,
    /// Notified when frames were written, the queue drained, or the outbox closed.
    changed: Notify,
    /// Notified when `want` changes, for a client's task that has no connection.
    pub(crate) control: Notify,
    /// What is seen without the lock. [`HUNG_UP`] and [`PAUSED`] are changed under it, [`BACKLOGGED`]
    /// under that of the lanes.
    signals: AtomicU8,
    encoder: FrameEncoder,
    flush: FlushPolicy,
    /// How long a broadcast waits for a peer that reads nothing.
    pub(crate) stall_timeout: Option<Duration>,
}

/// What the program wants of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) enum Want {
    /// It goes on.
    Open,
    /// It ends when everything is written.
    Close,
    /// It ends now.
    Disconnect,
}

impl Outbox {
    pub(crate) fn new(config: &ConnectionConfig, framing: &Framing) -> Self {
        let encoder = FrameEncoder::new(framing.clone(), config.limits);
        let queue = SendQueue::new(encoder.clone(), config.queue_options());
        Self {
            state: Mutex::new(OutboxState::new(queue, Pause::new(config))),
            changed: Notify::new(),
            control: Notify::new(),
            signals: AtomicU8::new(0),
            encoder,
            flush: config.flush_policy,
            stall_timeout: config.stall_timeout,
        }
    }

    /// Queues a message, and writes it if the socket is idle. Never waits.
    pub(crate) fn emit(
        &self,
        encode: impl FnOnce(&mut BytesMut) -> Result<(), FormatError>,
    ) -> Result<(), EmitError> {
        self.emit_with(|queue| queue.push(encode).map(drop))
    }

    /// Does what [`emit`](Self::emit) does, and calls `queued` in between.
    pub(crate) fn emit_then(
        &self,
        encode: impl FnOnce(&mut BytesMut) -> Result<(), FormatError>,
        queued: impl FnOnce(),
    ) -> Result<(), EmitError> {
        self.emit_with(|queue| queue.push(encode).map(|_| queued()))
    }

    /// Queues a frame that is encoded already, and writes it if the socket is idle.
    pub(crate) fn emit_encoded(&self, frame: &Bytes) -> Result<(), EmitError> {
        self.emit_with(|queue| queue.push_encoded(frame).map(drop))
    }

    fn emit_with(
        &self,
        push: impl FnOnce(&mut SendQueue) -> Result<(), PushError>,
    ) -> Result<(), EmitError> {
        self.emit_in(self.lock(), push)
    }

    #[inline]
    fn emit_in(
        &self,
        mut state: MutexGuard<'_, OutboxState>,
        push: impl FnOnce(&mut SendQueue) -> Result<(), PushError>,
    ) -> Result<(), EmitError> {
        if !state.is_open() {
            return Err(EmitError::Closed);
        }
        state.lend_buffer();
        let before = state.queue.bytes();
        match push(&mut state.queue) {
            Ok(()) => {
                let evicted = state.queue.has_evicted();
                self.after_push(state, before);
                if evicted {
                    // Some may be calls, which then fail.
                    self.wake_driver();
                }
                Ok(())
            }
            Err(error) => Err(self.refuse(state, error)),
        }
    }

    /// Returns why a message was not queued, and disconnects if the policy says so.
    #[cold]
    fn refuse(&self, mut state: MutexGuard<'_, OutboxState>, error: PushError) -> EmitError {
        let PushError::Full(limit) = error else { return error.into() };
        if state.queue.overflow() == OverflowPolicy::Disconnect {
            state.overflow = Some(limit);
            state.want = Want::Disconnect;
            self.signals.fetch_or(HUNG_UP, Ordering::Relaxed);
            wake(state);
            self.control.notify_one();
        }
        EmitError::Full(limit)
    }

    /// Writes or wakes, now that a message was queued after `before` bytes.
    #[inline]
    fn after_push(&self, mut state: MutexGuard<'_, OutboxState>, before: usize) {
        if state.queue.is_held() && state.writing != Writing::Blocked {
            return;
        }
        let due = self.due(&state);
        match state.on(Event::Queued(due)) {
            Action::Nothing | Action::LookAgain => {
                if state.writing == Writing::Blocked {
                    self.count_answer(&mut state, before);
                }
            }
            Action::Write => self.write_queued(state, before),
            Action::Wake => wake(state),
            Action::Schedule => self.schedule(state),
        }
    }

    /// Returns when what waits has to be written.
    #[inline]
    fn due(&self, state: &OutboxState) -> Due {
        let bytes = state.queue.bytes();
        match self.flush {
            FlushPolicy::WhenIdle => {
                let early = matches!(state.writing, Writing::Corked { .. });
                let full = bytes >= if early { WRITE_EARLY } else { WRITE_FROM };
                if full { Due::Now } else { Due::WhenIdle }
            }
            FlushPolicy::Immediate => Due::Now,
            FlushPolicy::Within(_) => {
                if bytes >= WRITE_FROM {
                    Due::Now
                } else {
                    Due::Later
                }
            }
        }
    }

    /// Writes what waits, from the caller that queued the last of it after `before` bytes.
    #[inline(never)]
    fn write_queued(&self, mut state: MutexGuard<'_, OutboxState>, before: usize) {
        let done = state.write_now();
        let waits = state.waiting > 0;
        if !done {
            let action = state.on(Event::CallerBlocked);
            self.count_answer(&mut state, before);
            if action == Action::Wake {
                wake(state);
            }
        } else if !state.refused.is_empty() {
            wake(state);
        }
        if waits {
            self.changed.notify_waiters();
        }
    }

    /// Has the connection's task write what waits after the delay of the policy.
    #[cold]
    fn schedule(&self, mut state: MutexGuard<'_, OutboxState>) {
        if let (FlushPolicy::Within(delay), None) = (self.flush, state.flush_at) {
            state.flush_at = clock::now().checked_add(delay);
            wake(state);
        }
    }

    /// Closes the outbox permanently: what waits becomes undelivered.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.on(Event::Closed);
        let undelivered = state.queue.take_undelivered();
        state.undelivered.extend(undelivered);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Takes the frames that were not written, oldest first. Each is returned once.
    pub(crate) fn take_undelivered(&self) -> Vec<Bytes> {
        std::mem::take(&mut self.lock().undelivered)
    }

    /// Returns whether messages are still accepted.
    pub(crate) fn is_open(&self) -> bool {
        self.lock().is_open()
    }

    /// Asks for the connection's end; a stronger wish stays.
    pub(crate) fn want(&self, want: Want) {
        let mut state = self.lock();
        if state.want < want {
            state.want = want;
            // From here on nothing is accepted, so no answer has to be waited for.
            self.go_on(&mut state);
            if want == Want::Disconnect {
                self.signals.fetch_or(HUNG_UP, Ordering::Relaxed);
            }
            wake(state);
            self.control.notify_one();
        }
    }

    /// Returns whether the connection has to end now.
    pub(crate) fn is_hung_up(&self) -> bool {
        self.signals() & HUNG_UP != 0
    }

    /// Returns the signals that a connection checks after each message: 0 is none.
    #[inline]
    pub(crate) fn signals(&self) -> u8 {
        self.signals.load(Ordering::Relaxed)
    }

    pub(crate) fn wanted(&self) -> Want {
        self.lock().want
    }

    pub(crate) fn tally(&self) -> Tally {
        self.lock().queue.tally()
    }

    pub(crate) fn queued(&self) -> QueuedLen {
        self.lock().queue.queued()
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, OutboxState> {
        // The queue repairs itself after a payload whose encoding panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the connection's task, once for a burst.
fn wake(mut state: MutexGuard<'_, OutboxState>) {
    let driver = state.driver.take();
    drop(state);
    if let Some(driver) = driver {
        driver.wake();
    }
}

/// Returns the whole frame of a message, to be queued many times.
pub(crate) fn encode_frame(
    encoder: &FrameEncoder,
    encode: impl FnOnce(&mut BytesMut) -> Result<(), FormatError>,
) -> Result<Bytes, EmitError> {
    let mut frame = BytesMut::new();
    encoder.encode_with(&mut frame, encode).map_err(|error| match error {
        EncodeWith::Write(error) => EmitError::Format(error),
        EncodeWith::Encode(error) => EmitError::Encode(error),
    })?;
    Ok(frame.freeze())
}

/// A signal: the connection has to end now.
const HUNG_UP: u8 = 1;

/// A signal: so many answers wait that nothing more is read.
const PAUSED: u8 = 2;

/// A signal: so much waits for async handlers that nothing more is read.
const BACKLOGGED: u8 = 4;

/// Flushes early, while messages are handled, once this many bytes of replies are queued: the peer
/// starts on them meanwhile, which nearly doubles the throughput of an echo. Less costs more in
/// system calls than it gains.
pub(crate) const WRITE_EARLY: usize = 2 * 1024;

/// Whoever queues this many bytes writes them, busy or not: a bigger batch saves nothing more, and
/// the queue does not fill while the connection's task waits to run.
pub(crate) const WRITE_FROM: usize = 64 * 1024;
