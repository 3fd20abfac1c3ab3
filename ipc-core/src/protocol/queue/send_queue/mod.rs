//! `SendQueue`: the frames of one connection that wait to be written. No socket, no clock.

mod buffer;
mod counts;
mod numbers;
mod room;

use std::collections::VecDeque;
use std::io::IoSlice;
use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};
use ipc_codec::{EncodeWith, FrameEncoder};

use super::{PushError, Pushed, QueueOptions, Release, Tally};
use crate::FormatError;

/// The frames of one connection that wait to be written, in order.
///
/// Small frames lie one after the other in one buffer, so that many leave in one write; shared
/// ones (a large broadcast) are kept as they are and written beside it. A frame leaves the queue
/// only when its last byte is written: after a lost connection the unfinished one is sent again
/// from its start.
#[derive(Debug)]
pub struct SendQueue {
    encoder: FrameEncoder,
    options: QueueOptions,
    /// Whether each frame is written alone: as a datagram, or with one in flight.
    alone: bool,
    /// The length of every waiting frame, or `SHARED` for the next one of `shared`.
    lengths: VecDeque<u32>,
    /// The small frames. Invariant: the sum of the lengths other than `SHARED` is `flat_len`.
    flat: BytesMut,
    /// How many bytes the frame has that was encoded last: the next one is often as long.
    last: usize,
    /// How large `flat` was when it was released last, in bytes.
    released: usize,
    /// How many bytes `flat` held at most since it was lent.
    most: usize,
    /// How many bytes of `flat` belong to queued frames; more is the rest of a failed encoding.
    flat_len: usize,
    shared: VecDeque<Bytes>,
    /// How many bytes of the first frame are written. `0 <= written < length of the first`.
    written: usize,
    /// How many bytes wait, those of the first frame that are written not counted.
    bytes: usize,
    /// Whether a message is out and its answer is not in (only with [`Release::OneInFlight`]).
    awaiting_answer: bool,
    /// Whether nothing may leave yet.
    on_hold: bool,
    /// The numbers of the frames that were dropped for newer ones and not yet reported, if any.
    evicted: Option<Range<u64>>,
    /// How many accepted messages were dropped at once: they never were frames of the queue, and have
    /// no number.
    unnumbered: u64,
    tally: Tally,
}

impl SendQueue {
    /// Returns an empty queue.
    #[must_use]
    pub fn new(encoder: FrameEncoder, options: QueueOptions) -> Self {
        Self {
            encoder,
            options,
            alone: options.max_datagram.is_some() || options.release == Release::OneInFlight,
            lengths: VecDeque::new(),
            flat: BytesMut::new(),
            last: 0,
            released: 0,
            most: 0,
            flat_len: 0,
            shared: VecDeque::new(),
            written: 0,
            bytes: 0,
            awaiting_answer: false,
            on_hold: false,
            evicted: None,
            unnumbered: 0,
            tally: Tally::default(),
        }
    }

    /// Encodes a message straight into the queue.
    ///
    /// # Errors
    ///
    /// [`PushError`]; the queue is then as it was before.
    pub fn push(
        &mut self,
        encode: impl FnOnce(&mut BytesMut) -> Result<(), FormatError>,
    ) -> Result<Pushed, PushError> {
        // An encoding that panicked may have left bytes.
        self.flat.truncate(self.flat_len);
        if self.last >= LARGE {
            self.room_for_another();
        }
        self.encoder.encode_with(&mut self.flat, encode).map_err(|error| match error {
            EncodeWith::Write(error) => PushError::Format(error),
            EncodeWith::Encode(error) => PushError::Encode(error),
        })?;
        let length = self.flat.len() - self.flat_len;
        self.last = length;
        match self.make_room(length) {
            Ok(Pushed::Queued) => {}
            other => {
                self.flat.truncate(self.flat_len);
                return other;
            }
        }
        if length == 0 {
            self.tally.written += 1;
            return Ok(Pushed::Queued);
        }
        // A frame too long for the list of lengths is kept as a shared one.
        match u32::try_from(length) {
            Ok(short) if short != SHARED => {
                self.flat_len += length;
                self.lengths.push_back(short);
            }
            _ => {
                let frame = self.flat.split_off(self.flat_len).freeze();
                self.shared.push_back(frame);
                self.lengths.push_back(SHARED);
            }
        }
        self.bytes += length;
        Ok(Pushed::Queued)
    }

    /// Appends a frame that is encoded already, delimiter or length included. A large one is not
    /// copied.
    ///
    /// # Errors
    ///
    /// [`PushError::Full`] or [`PushError::TooLarge`]; the queue is then as it was before.
    pub fn push_encoded(&mut self, frame: &Bytes) -> Result<Pushed, PushError> {
        self.flat.truncate(self.flat_len);
        let pushed = self.make_room(frame.len())?;
        if pushed == Pushed::Dropped {
            return Ok(pushed);
        }
        if frame.is_empty() {
            self.tally.written += 1;
            return Ok(pushed);
        }
        match u32::try_from(frame.len()) {
            Ok(short) if frame.len() < SHARE_FROM => {
                self.flat.extend_from_slice(frame);
                self.flat_len += frame.len();
                self.lengths.push_back(short);
            }
            _ => {
                self.shared.push_back(frame.clone());
                self.lengths.push_back(SHARED);
            }
        }
        self.bytes += frame.len();
        Ok(Pushed::Queued)
    }

    /// Returns everything that waits, if it can be written now and is one run of bytes: the
    /// ordinary case.
    #[inline]
    pub(crate) fn one_run(&self) -> Option<&[u8]> {
        if self.alone || self.on_hold || !self.shared.is_empty() {
            return None;
        }
        Some(self.flat.get(self.written..self.flat_len).unwrap_or_default())
    }

    /// Fills `slices` with what can be written now and returns how many are in use.
    pub fn gather<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        if let Some(run) = self.one_run() {
            return usize::from(put(slices, 0, run));
        }
        if self.is_awaiting() {
            return 0;
        }
        let mut used = 0;
        let mut flat = self.flat.get(..self.flat_len).unwrap_or_default();
        let mut skip = self.written;
        let mut shared = self.shared.iter();
        // Wire rule W47
        let ready = if self.alone { 1 } else { self.lengths.len() };
        let mut run = 0;
        for &length in self.lengths.iter().take(ready) {
            if length != SHARED {
                run += length as usize;
                continue;
            }
            let (before, rest) = flat.split_at_checked(run).unwrap_or_default();
            flat = rest;
            for part in [before, shared.next().map_or(&[][..], |frame| frame)] {
                let part = part.get(skip..).unwrap_or_default();
                // Only the first frame can be half written, and it is in the first part that
                // is not empty.
                if !part.is_empty() {
                    skip = 0;
                }
                if !part.is_empty() && !put(slices, used, part) {
                    return used;
                }
                used += usize::from(!part.is_empty());
            }
            run = 0;
        }
        let last = flat.get(..run).and_then(|run| run.get(skip..)).unwrap_or_default();
        used + usize::from(put(slices, used, last))
    }

    /// Removes the first `n` bytes of what [`gather`](Self::gather) returned: they are written.
    pub fn advance(&mut self, n: usize) {
        self.most = self.most.max(self.flat_len);
        if n == self.bytes && self.shared.is_empty() && !self.alone {
            self.advance_over_all();
        } else {
            self.advance_in_part(n);
        }
    }

    fn advance_over_all(&mut self) {
        self.tally.written += self.lengths.len() as u64;
        self.lengths.clear();
        // An encoding that panicked may have left bytes after those of the queue.
        self.flat.clear();
        (self.flat_len, self.written, self.bytes) = (0, 0, 0);
    }

    fn advance_in_part(&mut self, mut n: usize) {
        self.bytes = self.bytes.saturating_sub(n);
        let mut consumed = 0;
        while let Some(length) = self.first_length() {
            let left = length - self.written;
            if n < left {
                self.written += n;
                break;
            }
            n -= left;
            self.written = 0;
            if self.lengths.pop_front() == Some(SHARED) {
                self.shared.pop_front();
            } else {
                consumed += length;
            }
            self.tally.written += 1;
            self.awaiting_answer = self.options.release == Release::OneInFlight;
        }
        self.drop_flat_front(consumed);
    }

    /// Drops the first frame, which cannot be sent, and returns its length in bytes.
    pub fn drop_first(&mut self) -> usize {
        let Some(length) = self.first_length() else { return 0 };
        self.advance(length - self.written);
        self.awaiting_answer = false;
        self.tally.written -= 1;
        self.tally.dropped += 1;
        length
    }

    /// Releases the next message, with one in flight: something was received.
    pub fn on_received(&mut self) {
        self.awaiting_answer = false;
    }

    /// Rewinds to the start of a frame that was written in part: the connection is lost, and the
    /// next one gets it whole.
    pub fn on_connection_lost(&mut self) {
        self.bytes += self.written;
        self.written = 0;
        (self.awaiting_answer, self.on_hold) = (false, false);
    }

    /// Keeps everything from being written until this is called with `false`, or the connection is
    /// lost: the peer has not said yet what it is. To be called before a part of a frame is written.
    pub fn hold(&mut self, on: bool) {
        self.on_hold = on;
    }

    /// Removes every waiting frame and hands them back, oldest first, without delimiter or length.
    pub fn take_undelivered(&mut self) -> Vec<Bytes> {
        let mut flat = std::mem::take(&mut self.flat).freeze();
        let mut frames = Vec::with_capacity(self.lengths.len());
        for length in std::mem::take(&mut self.lengths) {
            let frame = if length == SHARED {
                self.shared.pop_front().unwrap_or_default()
            } else {
                flat.split_to((length as usize).min(flat.len()))
            };
            frames.push(self.encoder.strip(frame));
        }
        self.tally.handed_back += frames.len() as u64;
        (self.flat_len, self.written, self.bytes) = (0, 0, 0);
        self.awaiting_answer = false;
        frames
    }

    /// Makes room for a frame like the last one, if that takes no more memory than there is and no more than that frame:
    /// a buffer that grows while a long frame is encoded doubles, beside what is written already.
    #[cold]
    fn room_for_another(&mut self) {
        if !self.flat.try_reclaim(self.last) && self.flat.is_empty() {
            self.flat.reserve(self.last);
        }
    }

    fn first_length(&self) -> Option<usize> {
        let length = *self.lengths.front()?;
        if length == SHARED { self.shared.front().map(Bytes::len) } else { Some(length as usize) }
    }

    fn drop_flat_front(&mut self, n: usize) {
        let n = n.min(self.flat_len);
        self.flat_len -= n;
        if self.flat_len == 0 && self.flat.len() == n {
            self.flat.clear();
        } else {
            self.flat.advance(n);
        }
    }
}

/// Puts `part` into the slice at `index`; `false` if it is empty or there is no such slice.
fn put<'a>(slices: &mut [IoSlice<'a>], index: usize, part: &'a [u8]) -> bool {
    match slices.get_mut(index) {
        Some(slice) if !part.is_empty() => {
            *slice = IoSlice::new(part);
            true
        }
        _ => false,
    }
}

/// Marks an entry of the list of lengths whose frame is in the list of shared ones.
const SHARED: u32 = u32::MAX;

/// From this many bytes on a broadcast frame is shared rather than copied: below, the copy costs
/// less than one more slice in the write.
const SHARE_FROM: usize = 4 * 1024;

/// From this many bytes on a frame is large: room for the next one is made at once.
const LARGE: usize = 32 * 1024;
