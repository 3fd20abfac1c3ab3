//! `Outbox`: a connection's send queue with the socket's write half, shared by all who emit.

mod pausing;
mod state;
mod wait;

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use ipc_codec::{EncodeWith, FrameEncoder, Framing};
use ipc_transport::WriteHalf;
use tokio::io::AsyncWrite;
use tokio::sync::Notify;

use self::state::State;
use crate::FormatError;
use crate::error::{EmitError, Error};
use crate::options::{ConnectionConfig, FlushPolicy};
use crate::protocol::connection::backpressure::Pause;
use crate::protocol::queue::{OverflowPolicy, PushError, QueueLimit, SendQueue, Tally};
use crate::runtime::clock;

/// The sending side of one peer: it outlives the connections of a client that comes back.
///
/// An emit encodes straight into the queue under a short lock. If the socket is idle the caller
/// itself writes: no task is woken. While it is busy, messages gather and the connection's task
/// writes them together.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Told when room appears, the queue drains, or the outbox closes.
    changed: Notify,
    /// Told when `want` changes, for a client's task that has no connection.
    pub(crate) control: Notify,
    /// What is to be seen without the lock: [`HUNG_UP`] and [`PAUSED`]. Changed under it.
    signals: AtomicU8,
    encoder: FrameEncoder,
    flush: FlushPolicy,
    /// How long a broadcast that waits does so for a peer that takes nothing.
    stall_timeout: Option<Duration>,
}

/// What is to become of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) enum Want {
    /// It goes on.
    Open,
    /// It ends when everything is written.
    Close,
    /// It ends now.
    Disconnect,
}

/// What a flush left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flushed {
    /// Whether nothing waits any more.
    pub(crate) empty: bool,
    /// Whether others emitted since: the task should look again before it sleeps.
    pub(crate) look_again: bool,
    /// When what waits is to be written at the latest.
    pub(crate) flush_at: Option<Instant>,
    /// When reading goes on although the peer has read nothing.
    pub(crate) patient_until: Option<Instant>,
}

impl Flushed {
    /// Nothing is written any more.
    pub(crate) const NOTHING: Self =
        Self { empty: false, look_again: false, flush_at: None, patient_until: None };
}

impl Outbox {
    pub(crate) fn new(config: &ConnectionConfig, framing: &Framing) -> Self {
        let encoder = FrameEncoder::new(framing.clone(), config.limits);
        let queue =
            SendQueue::new(encoder.clone(), framing, config.queue, config.overflow, config.sync)
                .with_datagrams(config.max_datagram);
        Self {
            state: Mutex::new(State::new(queue, Pause::new(config))),
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

    /// Queues a frame that is encoded already, and writes it if the socket is idle.
    pub(crate) fn emit_encoded(&self, frame: &Bytes) -> Result<(), EmitError> {
        self.emit_with(|queue| queue.push_encoded(frame).map(drop))
    }

    fn emit_with(
        &self,
        push: impl FnOnce(&mut SendQueue) -> Result<(), PushError>,
    ) -> Result<(), EmitError> {
        let mut state = self.lock();
        if state.closed || state.want != Want::Open {
            return Err(EmitError::Closed);
        }
        let before = state.queue.bytes();
        match push(&mut state.queue) {
            Ok(()) => {
                self.after_push(state, before);
                Ok(())
            }
            Err(PushError::Full(limit)) => {
                if state.queue.overflow() == OverflowPolicy::Disconnect {
                    state.overflow = Some(limit);
                    state.want = Want::Disconnect;
                    self.signals.fetch_or(HUNG_UP, Ordering::Relaxed);
                    self.wake(state);
                    self.control.notify_one();
                }
                Err(EmitError::Full(limit))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes or wakes, now that a message was queued behind `before` bytes.
    fn after_push(&self, mut state: MutexGuard<'_, State>, before: usize) {
        if state.writer.is_none() || state.blocked || state.queue.is_held() {
            if state.blocked {
                self.count_answer(&mut state, before);
            }
            return;
        }
        let from = match self.flush {
            FlushPolicy::Within(_) => WRITE_FROM,
            _ if state.corked => WRITE_EARLY,
            _ => WRITE_FROM,
        };
        let full = state.queue.bytes() >= from;
        let write = match self.flush {
            FlushPolicy::Immediate => true,
            _ if full => true,
            FlushPolicy::WhenIdle => !state.corked && !state.busy,
            FlushPolicy::Within(delay) => {
                if state.flush_at.is_none() && !state.corked {
                    state.flush_at = clock::now().checked_add(delay);
                    self.wake(state);
                }
                return;
            }
        };
        if write {
            state.busy = true;
            // An error shows again when the connection's task writes or reads, which reports it.
            let waker = Waker::noop();
            let written = tokio::task::coop::unconstrained(std::future::poll_fn(|_| {
                state.write(&mut Context::from_waker(waker))
            }));
            let written = pin!(written).poll(&mut Context::from_waker(waker));
            let freed = state.waiting > 0;
            if !matches!(written, Poll::Ready(Ok(()))) {
                state.blocked = true;
                self.count_answer(&mut state, before);
                self.wake(state);
            } else if !state.refused.is_empty() {
                self.wake(state);
            }
            if freed {
                self.changed.notify_waiters();
            }
        } else if !state.corked {
            state.gathered = true;
            self.wake(state);
        }
    }

    /// Writes what waits, from the connection's task, which is woken when the socket has room.
    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>, now: bool) -> io::Result<Flushed> {
        let mut state = self.lock();
        state.corked = false;
        // What the socket had no room for goes on as soon as it has: a frame may be half written.
        let due = now
            || state.blocked
            || !matches!(self.flush, FlushPolicy::Within(_))
            || state.queue.bytes() >= WRITE_FROM
            || state.flush_at.is_some_and(|at| at <= clock::now());
        if !due {
            if let (FlushPolicy::Within(delay), None) = (self.flush, state.flush_at) {
                if !state.queue.is_held() {
                    state.flush_at = clock::now().checked_add(delay);
                }
            }
        } else if state.writer.is_some() && (!state.queue.is_held() || state.blocked) {
            state.flush_at = None;
            let result =
                if state.queue.is_held() { state.flush_writer(cx) } else { state.write(cx) };
            state.blocked = result.is_pending();
            if let Poll::Ready(Err(error)) = result {
                state.writer = None;
                self.go_on(&mut state);
                return Err(error);
            }
        } else {
            state.flush_at = None;
        }
        // While a burst lasts, it gathers: on one thread, looking again lets the burst go on.
        let look_again = state.gathered && !state.blocked;
        (state.busy, state.gathered) = (look_again, false);
        let empty = state.queue.is_empty() && !state.blocked;
        let patient_until = self.look_at_pause(&mut state);
        let flushed = Flushed { empty, look_again, flush_at: state.flush_at, patient_until };
        if flushed.empty && !look_again {
            state.queue.release();
        }
        if state.waiting > 0 {
            drop(state);
            self.changed.notify_waiters();
        }
        Ok(flushed)
    }

    /// Ends the writing side: the peer sees the end of the stream.
    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.lock().writer {
            Some(writer) => Pin::new(writer).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Registers the connection's task and returns what is to become of the connection.
    pub(crate) fn register(&self, cx: &Context<'_>) -> Want {
        let mut state = self.lock();
        match &state.driver {
            Some(waker) if waker.will_wake(cx.waker()) => {}
            _ => state.driver = Some(cx.waker().clone()),
        }
        state.want
    }

    /// Takes note that a message was received: with one in flight, the next may go.
    pub(crate) fn on_received(&self) {
        self.lock().queue.on_received();
    }

    /// Takes the write half of a new connection.
    pub(crate) fn attach(&self, writer: WriteHalf) {
        let mut state = self.lock();
        state.writer = Some(writer);
        (state.blocked, state.busy, state.gathered, state.flush_at) = (false, false, false, None);
        (state.full_since, state.stalled) = (None, false);
        self.go_on(&mut state);
    }

    /// Lets go of the write half of a lost connection; what waits, waits for the next one.
    /// Returns why the queue's policy ended the connection, if it did.
    pub(crate) fn detach(&self) -> Option<QueueLimit> {
        let mut state = self.lock();
        let writer = state.writer.take();
        state.queue.on_connection_lost();
        (state.corked, state.blocked, state.driver) = (false, false, None);
        self.go_on(&mut state);
        let overflow = state.overflow.take();
        drop(state);
        drop(writer);
        overflow
    }

    /// Closes the outbox for good: what waits becomes undelivered.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let undelivered = state.queue.take_undelivered();
        state.undelivered.extend(undelivered);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Takes the frames that were not written, oldest first. Each is returned once.
    pub(crate) fn take_undelivered(&self) -> Vec<Bytes> {
        std::mem::take(&mut self.lock().undelivered)
    }

    /// Takes the errors of datagrams that could not be sent.
    pub(crate) fn take_refused(&self) -> Vec<Error> {
        std::mem::take(&mut self.lock().refused)
    }

    /// Returns whether messages are still taken.
    pub(crate) fn is_open(&self) -> bool {
        let state = self.lock();
        !state.closed && state.want == Want::Open
    }

    /// Asks for the connection's end. A stronger wish stays.
    pub(crate) fn want(&self, want: Want) {
        let mut state = self.lock();
        if state.want < want {
            state.want = want;
            // From here on nothing is taken to be sent, so no answer has to be waited for.
            self.go_on(&mut state);
            if want == Want::Disconnect {
                self.signals.fetch_or(HUNG_UP, Ordering::Relaxed);
            }
            self.wake(state);
            self.control.notify_one();
        }
    }

    /// Returns whether the connection has to end now.
    pub(crate) fn is_hung_up(&self) -> bool {
        self.signals() & HUNG_UP != 0
    }

    /// Returns what a connection that handles messages has to know after each: 0 is nothing.
    pub(crate) fn signals(&self) -> u8 {
        self.signals.load(Ordering::Relaxed)
    }

    pub(crate) fn wanted(&self) -> Want {
        self.lock().want
    }

    pub(crate) fn tally(&self) -> Tally {
        self.lock().queue.tally()
    }

    pub(crate) fn queued(&self) -> (usize, usize) {
        let state = self.lock();
        (state.queue.len(), state.queue.bytes())
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        // Taken, so that a burst wakes the task once.
        let driver = state.driver.take();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The queue repairs itself after a payload whose encoding panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

/// A signal: so many answers wait that nothing more is to be read.
const PAUSED: u8 = 2;

/// While messages are handled, so many bytes of answers are written before the last one is
/// handled: the peer starts on them meanwhile, which nearly doubles what goes back and forth.
/// Less costs more in system calls than it gains.
pub(crate) const WRITE_EARLY: usize = 2 * 1024;

/// So many bytes are written by whoever queues them, busy or not: a bigger batch saves nothing
/// more, and the queue does not fill while the connection's task waits for its turn.
pub(crate) const WRITE_FROM: usize = 64 * 1024;
