//! How a thread sends: what it queues, when it writes that itself, and when it waits.

use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::{Link, Outcome, SocketLink};
use crate::error::EmitError;
use crate::options::FlushPolicy;
use crate::protocol::queue::{OverflowPolicy, PushError, SendQueue, crowd};
use crate::runtime::clock;
use crate::runtime::outbox::{WRITE_EARLY, WRITE_FROM, encode_frame};
use crate::{EncodePayload, MessageFormat};

impl<F: MessageFormat> Link<F> {
    /// Queues a message, and writes it unless the program is in the middle of a burst.
    pub(in crate::blocking) fn emit<T: ?Sized>(
        &mut self,
        event: &str,
        payload: &T,
    ) -> Result<(), EmitError>
    where
        F: EncodePayload<T>,
    {
        self.config.sent.notify(&*self.format, event, payload);
        let format = Arc::clone(&self.format);
        self.push(|queue| queue.push(|out| format.encode(event, payload, out)).map(drop))
    }

    /// Queues a message; waits while the queue is full, if its policy is to wait.
    pub(in crate::blocking) fn send<T: ?Sized>(
        &mut self,
        event: &str,
        payload: &T,
    ) -> Result<(), EmitError>
    where
        F: EncodePayload<T>,
    {
        self.ease();
        match self.emit(event, payload) {
            Err(EmitError::Full(_)) if self.queue.overflow() == OverflowPolicy::Block => {}
            other => return other,
        }
        let encode = |out: &mut BytesMut| self.format.encode(event, payload, out);
        let frame = encode_frame(&self.encoder, encode)?;
        self.push_patiently(&frame)
    }

    /// Waits while so much waits for a full socket that the queue is better left alone, if its policy is to wait.
    #[inline]
    fn ease(&mut self) {
        while let Some(until) = self.is_crowded_until() {
            if !matches!(self.drain(Some(until)), Outcome::Progress) {
                return;
            }
        }
    }

    /// Returns until when that is so at the most: then the peer has read nothing for long.
    #[inline]
    fn is_crowded_until(&self) -> Option<Instant> {
        let crowded = crowd::is_crowd(self.queue.bytes())
            && self.queue.overflow() == OverflowPolicy::Block
            && !self.closed;
        let socket = self.socket.as_ref().filter(|socket| crowded && socket.is_blocked())?;
        let until = crowd::eases_at(socket.full_since()?, None)?;
        (clock::now() < until).then_some(until)
    }

    /// Queues an encoded message; waits while the queue is full.
    pub(in crate::blocking) fn push_patiently(&mut self, frame: &Bytes) -> Result<(), EmitError> {
        loop {
            match self.push(|queue| queue.push_encoded(frame).map(drop)) {
                // Without a connection nothing empties the queue: that is for `next`, which dials.
                Err(EmitError::Full(limit)) => {
                    if !matches!(self.drain(None), Outcome::Progress) {
                        return Err(EmitError::Full(limit));
                    }
                }
                other => return other,
            }
        }
    }

    pub(in crate::blocking) fn push(
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
                    self.write();
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

    /// Counts the message that was queued last, after `before` bytes, if it is an answer that waits for
    /// the peer to read.
    fn count_answer(&mut self, before: usize) {
        let Some(socket) = self.socket.as_ref().filter(|socket| socket.is_blocked()) else {
            return;
        };
        if self.answering {
            let bytes = self.queue.bytes();
            let end = socket.written().wrapping_add(bytes as u64);
            // A part of it may be written already.
            self.pause.answered(bytes.saturating_sub(before), end);
        }
    }

    /// Returns whether the queue is not flushed yet, now that a message was queued: the `first` one or
    /// another one.
    fn gathers(&mut self, first: bool) -> bool {
        let bytes = self.queue.bytes();
        match self.config.flush_policy {
            FlushPolicy::Immediate => false,
            FlushPolicy::WhenIdle => {
                bytes < WRITE_EARLY && self.socket.as_ref().is_some_and(SocketLink::is_busy)
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

    /// Writes what waits, as far as the socket takes it.
    pub(in crate::blocking) fn write(&mut self) {
        if let Some(socket) = &mut self.socket {
            socket.write(&mut self.queue);
        }
    }
}
