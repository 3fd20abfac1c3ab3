//! Frames whose fate is followed: those of calls.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::state::OutboxState;
use super::{MutexGuard, Outbox, encode_frame, wake};
use crate::FormatError;
use crate::error::EmitError;
use crate::protocol::queue::{OverflowPolicy, PushError, Pushed, QueueLimit, SendQueue};

impl Outbox {
    /// Queues a message as `emit` does, and gives the number of its frame to `note` before anything of
    /// it is written. A frame that the policy would drop at once is an error.
    pub(crate) fn emit_numbered(
        &self,
        encode: impl FnOnce(&mut BytesMut) -> Result<(), FormatError>,
        note: impl FnOnce(u64),
    ) -> Result<(), EmitError> {
        self.emit_numbered_in(self.lock(), |queue| queue.push(encode), note)
    }

    /// Queues a frame that is encoded already, otherwise as [`emit_numbered`](Self::emit_numbered).
    pub(crate) fn emit_encoded_numbered(
        &self,
        frame: &Bytes,
        note: impl FnOnce(u64),
    ) -> Result<(), EmitError> {
        self.emit_numbered_in(self.lock(), |queue| queue.push_encoded(frame), note)
    }

    /// Queues a message as [`emit_numbered`](Self::emit_numbered) does if there is a connection. `None`
    /// if there is none.
    pub(crate) fn emit_numbered_if_connected(
        &self,
        encode: impl FnOnce(&mut BytesMut) -> Result<(), FormatError>,
        note: impl FnOnce(u64),
    ) -> Option<Result<(), EmitError>> {
        let state = self.lock();
        if state.is_detached() {
            return None;
        }
        Some(self.emit_numbered_in(state, |queue| queue.push(encode), note))
    }

    fn emit_numbered_in(
        &self,
        mut state: MutexGuard<'_, OutboxState>,
        push: impl FnOnce(&mut SendQueue) -> Result<Pushed, PushError>,
        note: impl FnOnce(u64),
    ) -> Result<(), EmitError> {
        if !state.is_open() {
            return Err(EmitError::Closed);
        }
        state.lend_buffer();
        let before = state.queue.bytes();
        match push(&mut state.queue) {
            Ok(Pushed::Dropped) => {
                let limit = state.queue.limits().max_bytes();
                Err(EmitError::Full(QueueLimit::Bytes { limit, actual: limit.max(before) }))
            }
            Ok(_) => {
                note(state.queue.newest());
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

    /// Returns the whole frame of a message, delimiter or length included.
    pub(crate) fn frame(
        &self,
        encode: impl FnOnce(&mut BytesMut) -> Result<(), FormatError>,
    ) -> Result<Bytes, EmitError> {
        encode_frame(&self.encoder, encode)
    }

    /// Returns how many bytes a message has as a frame, delimiter or length included.
    pub(crate) fn frame_len(
        &self,
        encode: impl FnOnce(&mut BytesMut) -> Result<(), FormatError>,
    ) -> Result<usize, EmitError> {
        Ok(self.frame(encode)?.len())
    }

    /// Waits until a frame of `length` bytes finds room, or none is accepted any more; if `connected`,
    /// no longer than there is a connection. Returns `false` at once if the policy is not to wait.
    pub(crate) async fn room(&self, length: usize, connected: bool) -> bool {
        if self.lock().queue.overflow() != OverflowPolicy::Block {
            return false;
        }
        self.until(|| {
            let state = self.lock();
            let lost = connected && state.is_detached();
            lost || !state.is_open() || !state.queue.is_full_for(length)
        })
        .await;
        true
    }

    /// Returns whether there is no connection, and may be one later.
    pub(crate) fn is_detached(&self) -> bool {
        self.lock().is_detached()
    }

    /// Returns the number of the first frame that is not written whole.
    pub(crate) fn first_unsent(&self) -> u64 {
        self.lock().queue.first_unsent()
    }

    /// Returns the number of the first frame of which no byte is written.
    pub(crate) fn first_untouched(&self) -> u64 {
        self.lock().queue.first_untouched()
    }

    /// Takes back the frame with this number, if it is the last one and not written in part.
    pub(crate) fn take_back(&self, frame: u64) -> bool {
        let mut state = self.lock();
        let taken = state.queue.take_back(frame);
        let waits = state.waiting > 0;
        drop(state);
        if taken && waits {
            self.changed.notify_waiters();
        }
        taken
    }

    /// Takes these frames out of the queue, wherever they are, and returns those that it had.
    pub(crate) fn take_out(&self, frames: &[u64]) -> Vec<u64> {
        let mut state = self.lock();
        let taken_out = state.queue.take_out(frames);
        let waits = state.waiting > 0;
        drop(state);
        if waits {
            self.changed.notify_waiters();
        }
        taken_out
    }

    /// Returns whether frames were dropped for newer ones.
    pub(crate) fn has_evicted(&self) -> bool {
        self.lock().queue.has_evicted()
    }

    /// Takes the numbers of the frames that were dropped for newer ones.
    pub(crate) fn take_evicted(&self) -> Option<Range<u64>> {
        self.lock().queue.take_evicted()
    }

    /// Wakes whoever drives the connection, or the client without one.
    pub(crate) fn wake_driver(&self) {
        wake(self.lock());
        self.control.notify_one();
    }
}
