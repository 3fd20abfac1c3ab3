//! The two halves of a stream, each owned by the task that reads or writes.

use std::fmt;

use super::forward::{forward_read, forward_write};
use super::kinds::{Reading, Writing};

/// The half of a [`Stream`](crate::Stream) that reads.
pub struct ReadHalf {
    io: Reading,
    max_datagram: Option<usize>,
}

/// The half of a [`Stream`](crate::Stream) that writes.
///
/// Shutting it down ends our direction, and so does dropping it; the other side reads the end
/// of the stream and can still answer. A Windows pipe closes in both directions then.
pub struct WriteHalf {
    io: Writing,
    max_datagram: Option<usize>,
}

impl ReadHalf {
    pub(super) const fn new(io: Reading, max_datagram: Option<usize>) -> Self {
        Self { io, max_datagram }
    }

    /// Returns how many bytes a datagram has at most, if this is half of a stream of datagrams: see
    /// [`Stream::max_datagram`](crate::Stream::max_datagram).
    #[must_use]
    pub const fn max_datagram(&self) -> Option<usize> {
        self.max_datagram
    }
}

impl WriteHalf {
    pub(super) const fn new(io: Writing, max_datagram: Option<usize>) -> Self {
        Self { io, max_datagram }
    }

    /// Returns how many bytes a datagram has at most, if this is half of a stream of datagrams: see
    /// [`Stream::max_datagram`](crate::Stream::max_datagram).
    #[must_use]
    pub const fn max_datagram(&self) -> Option<usize> {
        self.max_datagram
    }
}

forward_read!(ReadHalf, this => this.io);
forward_write!(WriteHalf, this => this.io);

impl fmt::Debug for ReadHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").finish_non_exhaustive()
    }
}

impl fmt::Debug for WriteHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}
