//! `Splitter`: the state machine that finds the next frame in a buffer it does not own.

use bytes::{Bytes, BytesMut};

use crate::allocation::Allocation;
use crate::rule::{PREFIX, Rule};
use crate::{DecodeError, Framing, Limits, Oversize};

/// Takes frames off the front of a buffer that its caller fills.
///
/// The same buffer has to be given each time, and only the splitter may remove bytes from it.
#[derive(Debug, Clone)]
pub(crate) struct Splitter {
    rule: Rule,
    limits: Limits,
    state: State,
    allocation: Allocation,
    /// The total number of bytes given to a delimiter search. Tests prove with it that the work is
    /// linear.
    #[cfg(any(test, fuzzing))]
    pub(crate) searched: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At a frame's start or within it. Invariant: no delimiter begins before `scanned`, and
    /// `scanned <= buffer.len()`. Zero unless delimited.
    Reading { scanned: usize },
    /// Within a delimited frame that is dropped.
    SkippingToDelimiter,
    /// Within a length-prefixed frame that is dropped, `left > 0` bytes of it to come.
    SkippingBytes { left: usize },
    /// Failed for good.
    Dead,
}

impl Splitter {
    pub(crate) fn new(framing: &Framing, limits: Limits) -> Self {
        Self {
            rule: Rule::new(framing),
            limits,
            state: State::START,
            allocation: Allocation::default(),
            #[cfg(any(test, fuzzing))]
            searched: 0,
        }
    }

    /// Removes the next whole frame from `buffer` and returns it.
    #[inline]
    pub(crate) fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, DecodeError> {
        let scanned = if let State::Reading { scanned } = self.state {
            scanned
        } else if self.has_skipped(buffer)? {
            0
        } else {
            return Ok(None);
        };
        if buffer.is_empty() {
            return Ok(None);
        }
        // The common case first, and the rest out of line.
        match self.rule {
            Rule::Delimited(_) => self.next_delimited(buffer, scanned),
            _ => self.next_undelimited(buffer),
        }
    }

    #[inline(never)]
    fn next_undelimited(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, DecodeError> {
        match self.rule {
            Rule::LengthPrefixed => self.next_length_prefixed(buffer),
            Rule::Raw if !buffer.is_empty() => {
                Ok(Some(self.allocation.take(buffer, buffer.len(), 0)))
            }
            Rule::Delimited(_) | Rule::Raw => Ok(None),
        }
    }

    /// Continues to drop a frame, and returns whether the next frame starts here.
    #[inline(never)]
    fn has_skipped(&mut self, buffer: &mut BytesMut) -> Result<bool, DecodeError> {
        match self.state {
            State::Reading { .. } => Ok(true),
            State::SkippingToDelimiter => Ok(self.skip_to_delimiter(buffer)),
            State::SkippingBytes { left } => {
                let now = left.min(buffer.len());
                self.allocation.skip(buffer, now);
                let left = left.saturating_sub(now);
                self.state = if left == 0 { State::START } else { State::SkippingBytes { left } };
                Ok(left == 0)
            }
            State::Dead => {
                *buffer = BytesMut::new();
                Err(DecodeError::Dead)
            }
        }
    }

    /// Ends the stream: what is left in `buffer` is dropped, and the next byte begins a new stream
    /// unless this one has failed.
    pub(crate) fn finish(&mut self, buffer: &mut BytesMut) -> Result<(), DecodeError> {
        let result = match self.state {
            State::Dead => return Err(DecodeError::Dead),
            _ if self.is_mid_frame(buffer) => {
                Err(DecodeError::Truncated { buffered: buffer.len() })
            }
            _ => Ok(()),
        };
        *buffer = BytesMut::new();
        self.reset();
        result
    }

    /// Discards the state of the stream. The caller clears the buffer.
    pub(crate) fn reset(&mut self) {
        self.state = State::START;
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.state == State::Dead
    }

    pub(crate) fn is_mid_frame(&self, buffer: &BytesMut) -> bool {
        match self.state {
            State::Reading { .. } => !matches!(self.rule, Rule::Raw) && !buffer.is_empty(),
            State::SkippingToDelimiter | State::SkippingBytes { .. } => true,
            State::Dead => false,
        }
    }

    /// Returns the size of the allocation of `buffer`, in bytes.
    pub(crate) fn allocated(&mut self, buffer: &BytesMut) -> usize {
        self.allocation.size(buffer)
    }

    #[inline]
    fn next_delimited(
        &mut self,
        buffer: &mut BytesMut,
        scanned: usize,
    ) -> Result<Option<Bytes>, DecodeError> {
        let Rule::Delimited(search) = &self.rule else { return Ok(None) };
        let limit = self.limits.max_frame();
        let delimiter = search.needle().len();
        // The delimiter of the longest frame allowed ends here. Bytes beyond it are not searched, so
        // that the chunks of the stream make no difference.
        let end = limit.saturating_add(delimiter);
        let window = buffer.get(scanned..end.min(buffer.len())).unwrap_or_default();
        let found = search.find(window);
        #[cfg(any(test, fuzzing))]
        {
            let looked_at = found.map_or(window.len(), |at| at.saturating_add(delimiter));
            self.searched = self.searched.saturating_add(looked_at as u64);
        }
        if let Some(found) = found {
            let frame = self.allocation.take(buffer, scanned.saturating_add(found), delimiter);
            self.state = State::START;
            return Ok(Some(frame));
        }
        // The buffer may end with the first bytes of a delimiter.
        let overlap = delimiter.saturating_sub(1);
        if buffer.len() < end {
            self.state = State::Reading { scanned: buffer.len().saturating_sub(overlap) };
            return Ok(None);
        }
        let too_long = end.saturating_sub(overlap);
        Err(self.refuse(buffer, too_long, State::SkippingToDelimiter, too_long))
    }

    fn next_length_prefixed(
        &mut self,
        buffer: &mut BytesMut,
    ) -> Result<Option<Bytes>, DecodeError> {
        let Some(prefix) = buffer.first_chunk::<PREFIX>() else { return Ok(None) };
        // Where usize has 16 bits, the greatest one is over any limit and never buffered.
        let len = usize::try_from(u32::from_be_bytes(*prefix)).unwrap_or(usize::MAX);
        if len > self.limits.max_frame() {
            return Err(self.refuse(buffer, len, State::SkippingBytes { left: len }, PREFIX));
        }
        if buffer.len() < PREFIX.saturating_add(len) {
            return Ok(None);
        }
        self.allocation.skip(buffer, PREFIX);
        Ok(Some(self.allocation.take(buffer, len, 0)))
    }

    /// Drops everything up to and including the next delimiter. Returns whether there was one.
    fn skip_to_delimiter(&mut self, buffer: &mut BytesMut) -> bool {
        let Rule::Delimited(search) = &self.rule else { return false };
        let delimiter = search.needle().len();
        let found = search.find(buffer);
        #[cfg(any(test, fuzzing))]
        {
            let looked_at = found.map_or(buffer.len(), |at| at.saturating_add(delimiter));
            self.searched = self.searched.saturating_add(looked_at as u64);
        }
        let drop = match found {
            Some(at) => at.saturating_add(delimiter),
            None => buffer.len().saturating_sub(delimiter.saturating_sub(1)),
        };
        self.allocation.skip(buffer, drop);
        if found.is_some() {
            self.state = State::START;
        }
        found.is_some()
    }

    /// Handles a frame that is too long: fails for good, or drops `skip` bytes now and the
    /// rest in the state `then`.
    #[cold]
    fn refuse(
        &mut self,
        buffer: &mut BytesMut,
        seen: usize,
        then: State,
        skip: usize,
    ) -> DecodeError {
        let policy = self.limits.oversize();
        match policy {
            Oversize::Fail => {
                // Its first bytes may say why.
                *buffer = BytesMut::from(buffer.get(..HEAD).unwrap_or(buffer));
                self.state = State::Dead;
            }
            Oversize::Skip => {
                self.allocation.skip(buffer, skip);
                self.state = then;
            }
        }
        DecodeError::FrameTooLarge { limit: self.limits.max_frame(), seen, policy }
    }
}

impl State {
    const START: Self = Self::Reading { scanned: 0 };
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "tests count")]
mod tests;

/// The number of bytes kept of a refused frame, for an error that says what they look like.
const HEAD: usize = 1024;
