//! `FrameDecoder`: bytes in, in any chunks; whole frames out.

use bytes::buf::Limit;
use bytes::{BufMut, Bytes, BytesMut};

use crate::splitter::Splitter;
use crate::{DecodeError, Framing, Limits, capacity};

/// A decoder of one byte stream into frames.
///
/// **Give it bytes with [`extend`](Self::extend) or [`spare`](Self::spare), then call
/// [`next_frame`](Self::next_frame) until it returns `Ok(None)`; then give it more.** How the stream
/// is split into chunks never changes the frames.
///
/// It buffers at most one frame of the greatest length allowed, its delimiter or length prefix, and
/// the chunk that was given last. The memory for it is at most twice that.
///
/// # Examples
///
/// ```
/// use ipc_codec::{Delimiter, FrameDecoder, Framing, Limits};
///
/// let mut decoder = FrameDecoder::new(Framing::Delimited(Delimiter::LINE_FEED), Limits::default());
/// decoder.extend(b"one\ntw");
/// assert_eq!(decoder.next_frame()?.as_deref(), Some(&b"one"[..]));
/// assert_eq!(decoder.next_frame()?, None);
///
/// decoder.extend(b"o\n");
/// assert_eq!(decoder.next_frame()?.as_deref(), Some(&b"two"[..]));
/// decoder.finish()?;
/// # Ok::<(), ipc_codec::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct FrameDecoder {
    splitter: Splitter,
    buffer: BytesMut,
}

impl FrameDecoder {
    /// Returns a decoder at the start of a stream. It holds no buffer yet.
    pub fn new(framing: Framing, limits: Limits) -> Self {
        Self { splitter: Splitter::new(&framing, limits), buffer: BytesMut::new() }
    }

    /// Appends received bytes, by copy. A decoder that failed ignores them.
    pub fn extend(&mut self, chunk: &[u8]) {
        if self.splitter.is_dead() {
            self.buffer = BytesMut::new();
            return;
        }
        let allocated = self.splitter.allocated(&self.buffer);
        capacity::reserve(&mut self.buffer, allocated, chunk.len(), chunk.len());
        capacity::append(&mut self.buffer, chunk);
    }

    /// Returns spare capacity to read into without a copy: at least one byte, at most `max` and
    /// 1 MiB. What is written there counts as received.
    ///
    /// Fill it at most once, then call [`next_frame`](Self::next_frame). To hold no memory while
    /// waiting, wait until the stream is readable, then call this.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Read;
    ///
    /// use bytes::BufMut;
    /// use ipc_codec::{Delimiter, FrameDecoder, Framing, Limits};
    ///
    /// let mut socket = &b"hello\n"[..];
    /// let mut decoder = FrameDecoder::new(Framing::Delimited(Delimiter::LINE_FEED), Limits::default());
    /// std::io::copy(&mut socket, &mut decoder.spare(64 * 1024).writer())?;
    /// assert_eq!(decoder.next_frame()?.as_deref(), Some(&b"hello"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spare(&mut self, max: usize) -> Limit<&mut BytesMut> {
        if self.splitter.is_dead() {
            self.buffer = BytesMut::new();
        }
        let wanted = max.clamp(1, MAX_SPARE);
        // Half of what was asked for is enough: a shorter read is better than a bigger buffer.
        let least = wanted.div_ceil(2);
        let allocated = self.splitter.allocated(&self.buffer);
        capacity::reserve(&mut self.buffer, allocated, wanted, least);
        let room = self.buffer.capacity().saturating_sub(self.buffer.len());
        (&mut self.buffer).limit(room.min(wanted))
    }

    /// Returns the next whole frame, without its delimiter or length prefix.
    ///
    /// - `Ok(None)`: give it more bytes first.
    /// - `Ok(Some(frame))`: call again, there may be another.
    /// - `Err(error)`: if [`error.ends_stream()`](DecodeError::ends_stream), this stream yields no further
    ///   frame. Otherwise exactly one frame is missing here; call again for the next one.
    ///
    /// A frame is a copy of its own, or shares the decoder's buffer if it is a large part of it: a
    /// frame that is kept keeps at most about four times its length in memory. With
    /// [`Framing::Raw`], all buffered bytes are one chunk.
    ///
    /// # Errors
    ///
    /// - [`DecodeError::FrameTooLarge`]: a frame is longer than allowed. The frames before it have
    ///   been returned. It is detected before such a frame is buffered.
    /// - [`DecodeError::Dead`]: after a fatal error, each time.
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, DecodeError> {
        self.splitter.next(&mut self.buffer)
    }

    /// Ends the stream. Call it after the peer has closed it and [`next_frame`](Self::next_frame)
    /// has returned `Ok(None)`.
    ///
    /// Afterwards the decoder is at the start of a new stream, unless it was dead.
    ///
    /// # Errors
    ///
    /// - [`DecodeError::Truncated`]: the stream ended within a frame, which is dropped.
    /// - [`DecodeError::Dead`]: the decoder has failed before.
    pub fn finish(&mut self) -> Result<(), DecodeError> {
        self.splitter.finish(&mut self.buffer)
    }

    /// Returns how many bytes are buffered.
    pub fn buffered(&self) -> usize {
        if self.splitter.is_dead() { 0 } else { self.buffer.len() }
    }

    /// Returns the bytes of the unfinished frame, its length prefix included: for an error that
    /// says what they look like. After [`DecodeError::FrameTooLarge`] that ended the stream, the
    /// first 1,024 bytes of the frame that was refused, until more is received.
    ///
    /// Meant for when [`next_frame`](Self::next_frame) has returned no frame: before that, whole
    /// frames may be among them.
    pub fn unfinished(&self) -> &[u8] {
        &self.buffer
    }

    /// Returns whether the stream is within a frame, so that ending it now would truncate the frame.
    ///
    /// Also true while a frame that is too long is being skipped. Meant for when
    /// [`next_frame`](Self::next_frame) has returned `Ok(None)`: before that, whole frames that
    /// are still buffered count as unfinished. A raw stream is never within a frame.
    pub fn is_mid_frame(&self) -> bool {
        self.splitter.is_mid_frame(&self.buffer)
    }

    /// Returns whether a fatal error has ended this stream.
    pub fn is_dead(&self) -> bool {
        self.splitter.is_dead()
    }

    /// Discards everything received, and a failure too: the next byte begins a new stream.
    pub fn reset(&mut self) {
        self.buffer.clear();
        self.splitter.reset();
    }

    /// Frees memory that is not needed while the connection is idle. A decoder between two frames
    /// then holds no buffer.
    ///
    /// Cheap, but the next chunk allocates again; call it when a connection becomes idle.
    pub fn release(&mut self) {
        let allocated = self.splitter.allocated(&self.buffer);
        capacity::release(&mut self.buffer, allocated);
    }

    /// Returns whether the decoder holds memory for what is received.
    pub fn holds_buffer(&self) -> bool {
        self.buffer.capacity() > 0
    }

    /// Takes the buffer out of a decoder that is between two frames, emptied, for another decoder to read
    /// into ([`lend_buffer`](Self::lend_buffer)): an idle decoder then holds none, and nothing is freed.
    ///
    /// Empty and without memory if bytes are buffered, or if a frame that was returned shares the memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_codec::{Delimiter, FrameDecoder, Framing, Limits};
    ///
    /// let framing = Framing::Delimited(Delimiter::FORM_FEED);
    /// let mut one = FrameDecoder::new(framing.clone(), Limits::default());
    /// one.extend(b"frame\x0C");
    /// assert!(one.next_frame()?.is_some());
    /// let mut other = FrameDecoder::new(framing, Limits::default());
    /// other.lend_buffer(one.take_buffer());
    /// assert!(other.holds_buffer() && !one.holds_buffer());
    /// # Ok::<(), ipc_codec::DecodeError>(())
    /// ```
    pub fn take_buffer(&mut self) -> BytesMut {
        if !self.buffer.is_empty() {
            return BytesMut::new();
        }
        let allocated = self.splitter.allocated(&self.buffer);
        let mut buffer = core::mem::take(&mut self.buffer);
        // What is known of the allocation ends with it.
        self.splitter.allocated(&self.buffer);
        if buffer.try_reclaim(allocated) { buffer } else { BytesMut::new() }
    }

    /// Gives a decoder that holds no buffer one to receive into; what is in it is discarded. A decoder that
    /// holds one keeps its own.
    pub fn lend_buffer(&mut self, mut buffer: BytesMut) {
        if !self.holds_buffer() {
            buffer.clear();
            self.buffer = buffer;
        }
    }

    /// Returns the total number of bytes given to a delimiter search.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn searched(&self) -> u64 {
        self.splitter.searched
    }
}

/// The most spare capacity returned at once: 1 MiB, so that a careless `usize::MAX` allocates no more.
const MAX_SPARE: usize = 1024 * 1024;
