//! Waiting at an outbox: for space, for everything to be written, for its end.

use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::primitives::timeout_at;
use super::state::OutboxState;
use super::writing::Writing;
use super::{Outbox, Want, encode_frame};
use crate::FormatError;
use crate::error::EmitError;
use crate::protocol::queue::OverflowPolicy;
use crate::runtime::clock;

impl Outbox {
    /// Writes what the socket takes at once, for a task that is cancelled; what it does not take is
    /// not waited for. Writes nothing if the connection was disconnected.
    pub(crate) fn write_last(&self) {
        let mut state = self.lock();
        let ended = state.writing == Writing::Closed || state.want == Want::Disconnect;
        if !ended && !state.queue.is_held() {
            // Whatever comes of it, the connection ends now.
            state.write_now();
        }
    }

    /// Queues a message; waits while the queue is full, if its policy is to wait.
    pub(crate) async fn send(
        &self,
        encode: impl Fn(&mut BytesMut) -> Result<(), FormatError>,
    ) -> Result<(), EmitError> {
        let sent = loop {
            match self.send_unless_crowded(&encode) {
                Some(sent) => break sent,
                None => self.until(|| !self.lock().is_crowded()).await,
            }
        };
        match sent? {
            None => Ok(()),
            Some(frame) => self.send_encoded(&frame).await,
        }
    }

    /// Does what [`try_send`](Self::try_send) does; `None` if the queue is better left alone for a while.
    #[inline]
    fn send_unless_crowded(
        &self,
        encode: &impl Fn(&mut BytesMut) -> Result<(), FormatError>,
    ) -> Option<Result<Option<Bytes>, EmitError>> {
        let state = self.lock();
        if state.is_crowded() && state.queue.overflow() == OverflowPolicy::Block {
            return None;
        }
        let sent = self.emit_in(state, |queue| queue.push(encode).map(drop));
        Some(self.or_frame(sent, encode))
    }

    /// Queues a message, or returns its frame if the queue is full and its policy is to wait: encoded
    /// once, however long that takes.
    pub(crate) fn try_send(
        &self,
        encode: impl Fn(&mut BytesMut) -> Result<(), FormatError>,
    ) -> Result<Option<Bytes>, EmitError> {
        self.try_send_then(encode, || {})
    }

    /// Does the same, and calls `queued` once it is in the queue, before anything of it is written.
    pub(crate) fn try_send_then(
        &self,
        encode: impl Fn(&mut BytesMut) -> Result<(), FormatError>,
        queued: impl FnOnce(),
    ) -> Result<Option<Bytes>, EmitError> {
        self.or_frame(self.emit_then(&encode, queued), &encode)
    }

    fn or_frame(
        &self,
        sent: Result<(), EmitError>,
        encode: &impl Fn(&mut BytesMut) -> Result<(), FormatError>,
    ) -> Result<Option<Bytes>, EmitError> {
        match sent {
            Err(EmitError::Full(_)) if self.lock().queue.overflow() == OverflowPolicy::Block => {
                encode_frame(&self.encoder, encode).map(Some)
            }
            other => other.map(|()| None),
        }
    }

    /// Queues a frame; waits while the queue is full.
    pub(crate) async fn send_encoded(&self, frame: &Bytes) -> Result<(), EmitError> {
        let mut sent = Err(EmitError::Closed);
        self.until(|| {
            sent = self.emit_encoded(frame);
            !matches!(sent, Err(EmitError::Full(_)))
        })
        .await;
        sent
    }

    /// Queues a message as [`send_patiently`](Self::send_patiently) does.
    pub(crate) async fn send_within(
        &self,
        patience: Option<Duration>,
        encode: impl Fn(&mut BytesMut) -> Result<(), FormatError>,
    ) -> Result<(), EmitError> {
        self.send_patiently(&encode_frame(&self.encoder, encode)?, patience).await
    }

    /// Queues a frame; waits while the queue is full, as long as the peer takes something within
    /// `patience` (`None`: however long that takes).
    ///
    /// The time runs from when the socket was last found full, whoever waited since: a peer that
    /// spent its time while the queue filled gets no more.
    pub(crate) async fn send_patiently(
        &self,
        frame: &Bytes,
        patience: Option<Duration>,
    ) -> Result<(), EmitError> {
        let mut since = clock::now();
        loop {
            let written = match self.emit_unless_full(frame) {
                Ok(written) => written,
                Err(done) => return done,
            };
            since = self.lock().progress.full_since.unwrap_or(since);
            let progress = self.until(|| {
                let state = self.lock();
                let ended = !state.is_open();
                ended || state.progress.written != written || !state.queue.is_full_for(frame.len())
            });
            let Some(limit) = patience else {
                progress.await;
                continue;
            };
            let left = limit.saturating_sub(clock::now().saturating_duration_since(since));
            if tokio::time::timeout(left, progress).await.is_ok() {
                since = clock::now();
                continue;
            }
            // If it was this program that was suspended, its timers and sockets are due together:
            // the connection's task runs first.
            tokio::task::yield_now().await;
            let mut state = self.lock();
            if state.progress.written == written {
                state.progress.stalled = true;
            } else {
                since = clock::now();
            }
        }
    }

    /// Queues a frame, or returns how much was written so far if it is worth waiting for space.
    fn emit_unless_full(&self, frame: &Bytes) -> Result<u64, Result<(), EmitError>> {
        let state = self.lock();
        if state.is_worth_waiting_for(frame) {
            return Ok(state.progress.written);
        }
        Err(self.emit_in(state, |queue| queue.push_encoded(frame).map(drop)))
    }

    /// Queues a frame of a broadcast; `None` if it is worth waiting for space, or while the queue is
    /// [better left alone](Self::eased).
    pub(crate) fn emit_with_ease(&self, frame: &Bytes) -> Option<Result<(), EmitError>> {
        let state = self.lock();
        if state.is_worth_waiting_for(frame) || self.eases_until(&state).is_some() {
            return None;
        }
        Some(self.emit_in(state, |queue| queue.push_encoded(frame).map(drop)))
    }

    /// Waits while the queue is better left to a socket that is full: what is written long after it was
    /// queued has left the processor's cache, and costs memory. Not for a peer that has read nothing for
    /// long, or for the stall timeout, if that is less.
    pub(crate) async fn eased(&self) {
        loop {
            let Some(until) = self.eases_until(&self.lock()) else { return };
            let eased = self.until(|| !self.lock().is_crowded());
            // The peer may have read meanwhile, and has its time again.
            let _ = timeout_at(until.into(), eased).await;
        }
    }

    fn eases_until(&self, state: &OutboxState) -> Option<Instant> {
        if !state.is_crowded() {
            return None;
        }
        let until = state.progress.eases_within(self.stall_timeout)?;
        (clock::now() < until).then_some(until)
    }

    /// Waits until everything is written; `false` if the outbox closed before.
    pub(crate) async fn drained(&self) -> bool {
        let mut drained = false;
        self.until(|| {
            let state = self.lock();
            let closed = state.writing == Writing::Closed;
            drained = state.is_drained() && !closed;
            drained || closed
        })
        .await;
        drained
    }

    /// Waits until the outbox is closed.
    pub(crate) async fn closed(&self) {
        self.until(|| self.lock().writing == Writing::Closed).await;
    }

    pub(super) async fn until(&self, mut done: impl FnMut() -> bool) {
        let _waiting = Waiting::new(self);
        loop {
            // Registered before the check, so that no change falls between the two.
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if done() {
                return;
            }
            changed.await;
        }
    }
}

/// Counts a caller that waits for a change, while it does.
struct Waiting<'a>(&'a Outbox);

impl<'a> Waiting<'a> {
    fn new(outbox: &'a Outbox) -> Self {
        outbox.lock().waiting += 1;
        Self(outbox)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}
