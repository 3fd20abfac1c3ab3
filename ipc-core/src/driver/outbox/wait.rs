//! Waiting at an outbox: for room, for everything to be written, for its end.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::{Outbox, Want, encode_frame};
use crate::FormatError;
use crate::driver::error::EmitError;
use crate::queue::OverflowPolicy;

impl Outbox {
    /// Queues a message; waits for room if there is none and the policy is to wait.
    pub(in crate::driver) async fn send(
        &self,
        encode: impl Fn(&mut BytesMut) -> Result<(), FormatError>,
    ) -> Result<(), EmitError> {
        match self.emit(&encode) {
            Err(EmitError::Full(_)) if self.lock().queue.overflow() == OverflowPolicy::Block => {}
            other => return other,
        }
        // From here on the frame is encoded once, however often there is no room.
        let frame = encode_frame(&self.encoder, encode)?;
        let mut sent = Err(EmitError::Closed);
        self.until(|| {
            sent = self.emit_encoded(&frame);
            !matches!(sent, Err(EmitError::Full(_)))
        })
        .await;
        sent
    }

    /// Queues a frame; waits while the queue is full, as long as the peer reads at all.
    pub(in crate::driver) async fn send_patiently(&self, frame: &Bytes) -> Result<(), EmitError> {
        let mut written = match self.emit_unless_full(frame) {
            Ok(written) => written,
            Err(done) => return done,
        };
        loop {
            let mut sent = None;
            let progress = self.until(|| match self.emit_unless_full(frame) {
                Ok(now) => now != written,
                Err(done) => {
                    sent = Some(done);
                    true
                }
            });
            let stalled = tokio::time::timeout(PATIENCE, progress).await.is_err();
            if let Some(sent) = sent {
                return sent;
            }
            if stalled {
                self.lock().stalled = true;
                return self.emit_encoded(frame);
            }
            written = self.lock().written;
        }
    }

    /// Queues a frame, or returns how much was written so far if it is worth waiting for room.
    pub(in crate::driver) fn emit_unless_full(
        &self,
        frame: &Bytes,
    ) -> Result<u64, Result<(), EmitError>> {
        let state = self.lock();
        let worth = !state.stalled && !state.closed && state.want == Want::Open;
        if worth && state.queue.is_full_for(frame.len()) {
            return Ok(state.written);
        }
        drop(state);
        Err(self.emit_encoded(frame))
    }

    /// Waits until everything is written; `false` if the outbox closed before.
    pub(in crate::driver) async fn drained(&self) -> bool {
        let mut drained = false;
        self.until(|| {
            let state = self.lock();
            let written = state.queue.is_empty() && !state.blocked;
            drained = written && !state.closed;
            written || state.closed
        })
        .await;
        drained
    }

    /// Waits until the outbox is closed.
    pub(in crate::driver) async fn closed(&self) {
        self.until(|| self.lock().closed).await;
    }

    async fn until(&self, mut done: impl FnMut() -> bool) {
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

/// How long a broadcast waits for a peer that reads nothing at all.
const PATIENCE: Duration = Duration::from_secs(1);
