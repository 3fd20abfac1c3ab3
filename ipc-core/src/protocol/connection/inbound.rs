//! `Inbound`: turns received bytes into frames, with a deadline for an unfinished one.

use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use ipc_codec::{DecodeError, FrameDecoder, Framing, Limits};

use crate::LooksLike;

/// The receiving side of one connection: the decoder and the deadline of an unfinished frame.
#[derive(Debug)]
pub struct Inbound {
    decoder: FrameDecoder,
    /// What an unfinished frame of this framing may look like.
    ordinary: Option<LooksLike>,
    frame_timeout: Option<Duration>,
    unfinished: Option<Unfinished>,
    /// How many bytes were ever received; only differences count, so it may wrap.
    received: usize,
    read_size: usize,
    /// Whether the last read filled its buffer.
    filled: bool,
}

/// The frame that has begun and not ended.
#[derive(Debug, Clone, Copy)]
struct Unfinished {
    deadline: Instant,
    /// How many bytes were ever received when the deadline was set. Not what is buffered: of a
    /// long frame that is skipped nothing is.
    received: usize,
}

impl Inbound {
    /// Returns the receiving side of a new connection. An unfinished frame may take
    /// `frame_timeout` to grow by 1 KiB or to end; `None` lets it take for ever.
    #[must_use]
    pub fn new(framing: Framing, limits: Limits, frame_timeout: Option<Duration>) -> Self {
        let ordinary = match framing {
            // The beginning of a frame that may well go on.
            Framing::Delimited(_) => Some(LooksLike::Json),
            Framing::LengthPrefixed => Some(LooksLike::LengthBigEndian),
            _ => None,
        };
        let decoder = FrameDecoder::new(framing, limits);
        Self {
            decoder,
            ordinary,
            frame_timeout,
            unfinished: None,
            received: 0,
            read_size: MIN_READ,
            filled: false,
        }
    }

    /// Returns the buffer to read into; what is written there counts as received.
    pub fn spare(&mut self) -> impl BufMut + '_ {
        self.decoder.spare(self.read_size)
    }

    /// Appends received bytes, by copy.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.decoder.extend(bytes);
        self.received = self.received.wrapping_add(bytes.len());
    }

    /// Returns how many bytes are buffered: once every whole frame is taken out, those of the
    /// unfinished one.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.decoder.buffered()
    }

    /// Counts the `n` bytes that a read brought, and fits the size of the next read to them.
    pub fn on_read(&mut self, n: usize) {
        self.received = self.received.wrapping_add(n);
        // A read that fills its buffer has probably left more to read: reading more at a time
        // saves system calls. Small reads go back to a small buffer, so that a quiet connection is
        // cheap.
        if n >= self.read_size {
            self.read_size = (self.read_size * 2).min(MAX_READ);
            self.filled = true;
        } else {
            // What a full read has left says nothing about the next message.
            if n < self.read_size / 4 && !self.filled {
                self.read_size = (self.read_size / 2).max(MIN_READ);
            }
            self.filled = false;
        }
    }

    /// Returns the next whole frame, or `None` if more bytes are needed.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]; whether the stream goes on is what the error's `ends_stream` says.
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, DecodeError> {
        let frame = self.decoder.next_frame();
        if matches!(frame, Ok(Some(_))) {
            self.unfinished = None;
        }
        frame
    }

    /// Sets or clears the deadline, now that every whole frame is taken out, and returns it.
    ///
    /// A frame has to grow by 1 KiB within the time or to end: a peer that drips single bytes
    /// makes no progress worth the name. The time is asked for only if there is an unfinished frame.
    pub fn deadline(&mut self, now: impl FnOnce() -> Instant) -> Option<Instant> {
        let timeout = self.frame_timeout?;
        if !self.decoder.is_mid_frame() {
            self.unfinished = None;
            return None;
        }
        let received = self.received;
        match self.unfinished {
            Some(unfinished) if received.wrapping_sub(unfinished.received) < PROGRESS => {}
            _ => {
                self.unfinished =
                    now().checked_add(timeout).map(|deadline| Unfinished { deadline, received });
            }
        }
        self.unfinished.map(|unfinished| unfinished.deadline)
    }

    /// Stops the time of an unfinished frame while nothing is read: it starts anew with the next
    /// [`deadline`](Self::deadline), since it is not the peer that keeps the frame waiting.
    pub fn pause(&mut self) {
        self.unfinished = None;
    }

    /// Returns whether the deadline of an unfinished frame has passed.
    #[must_use]
    pub fn is_overdue(&self, now: Instant) -> bool {
        self.unfinished.is_some_and(|unfinished| unfinished.deadline <= now)
    }

    /// Returns whether an unfinished frame has a deadline.
    #[inline]
    #[must_use]
    pub fn is_timed(&self) -> bool {
        self.unfinished.is_some()
    }

    /// Returns how many bytes were ever received. Only differences count, so it may wrap.
    #[inline]
    pub(super) fn received(&self) -> usize {
        self.received
    }

    /// Returns how long an unfinished frame may take.
    #[must_use]
    pub fn frame_timeout(&self) -> Option<Duration> {
        self.frame_timeout
    }

    /// Returns what the unfinished frame, or the one that was refused just now, looks like if that
    /// is not this framing: for an error that says why.
    #[must_use]
    pub fn looks_like(&self) -> Option<LooksLike> {
        let looks_like = LooksLike::of(self.decoder.unfinished());
        looks_like.filter(|_| looks_like != self.ordinary)
    }

    /// Ends the stream.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] if it ended within a frame.
    pub fn finish(&mut self) -> Result<(), DecodeError> {
        self.decoder.finish()
    }

    /// Returns how large a buffer for the next read is, if there is none now: one may be
    /// [lent](Self::lend).
    #[inline]
    #[must_use]
    pub fn wants_buffer(&self) -> Option<usize> {
        if self.decoder.holds_buffer() { None } else { Some(self.read_size) }
    }

    /// Takes a buffer to read into, if there is none.
    pub fn lend(&mut self, buffer: BytesMut) {
        self.decoder.lend_buffer(buffer);
    }

    /// Returns the buffer, for another connection, if nothing is buffered: an idle connection holds none.
    /// It has no memory if a frame still shares that.
    pub fn release(&mut self) -> BytesMut {
        let buffer = self.decoder.take_buffer();
        if self.decoder.holds_buffer() {
            self.decoder.release();
        }
        buffer
    }
}

/// The size of the first read: a page, enough for most messages.
const MIN_READ: usize = 4 * 1024;

/// The largest size of one read. Beyond it a read costs more in cache misses than it saves in
/// system calls; it is also the budget of one turn.
const MAX_READ: usize = 64 * 1024;

/// What an unfinished frame must grow by to get more time.
const PROGRESS: usize = 1024;
