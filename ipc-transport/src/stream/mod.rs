//! A connected byte stream: an enum over the kinds, so a read or a write dispatches by a jump.

use std::fmt;

use tokio::io::{AsyncRead, AsyncWrite};

#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
mod blocking;
pub(crate) mod forward;
mod halves;
mod kinds;
#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
pub(crate) mod quiet;
pub(crate) mod shared;

#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
pub use blocking::{BlockingStream, Interest, Ready};
pub use halves::{ReadHalf, WriteHalf};

use self::forward::{forward_read, forward_write};
pub(crate) use self::kinds::Kind;
use self::shared::Boxed;
use crate::PeerInfo;

/// A connected, ordered, reliable stream of bytes with two independent directions.
///
/// Each direction remembers one waker, that of its latest poll: reading in one task and writing
/// in another is fine, reading in two is not. Shutting down closes our direction only, and the
/// other side's answer can still be read. Dropping closes both.
///
/// A Windows pipe has no half-close: shutting down closes both directions, once everything is
/// written.
///
/// TLS keeps a part of what is written until there is room for whole records: flush after the last
/// write. The other kinds keep nothing.
///
/// Writing to a peer that has hung up is an error and never raises a signal, whatever the program
/// has done about SIGPIPE. A stream made by [`Stream::from_io`] does what it is made of.
pub struct Stream {
    kind: Kind,
    peer: PeerInfo,
}

impl Stream {
    /// Returns a stream over anything that reads and writes.
    ///
    /// It costs a virtual call for each read and write, and its halves share a lock. This is
    /// how a [`Transport`](crate::Transport) outside this crate makes its streams.
    pub fn from_io<T>(io: T, peer: PeerInfo) -> Self
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        Self::new(Boxed::new(io), peer)
    }

    pub(crate) fn new(io: impl Into<Kind>, peer: PeerInfo) -> Self {
        Self { kind: io.into(), peer }
    }

    /// Returns what is known about the other end.
    #[must_use]
    pub const fn peer(&self) -> &PeerInfo {
        &self.peer
    }

    /// Returns how many bytes a datagram of this stream has at most, or `None` if it is a stream of
    /// bytes. On a stream of datagrams a write is one datagram, all or nothing; a read with room
    /// for 65,536 bytes is one whole datagram, and with less room the rest comes with the next.
    ///
    /// It follows from the endpoint of [`peer`](Self::peer), so a stream that wraps another keeps
    /// it.
    #[must_use]
    pub const fn max_datagram(&self) -> Option<usize> {
        self.peer.endpoint.max_datagram()
    }

    /// Splits the stream into halves that two tasks can own.
    ///
    /// Unix and TCP halves share no lock. Dropping the write half ends our direction, as
    /// shutting it down does; for a stream made by [`Stream::from_io`] that asks only once, and
    /// a stream that needs several polls to shut down has to be shut down first.
    #[must_use]
    pub fn into_split(self) -> (ReadHalf, WriteHalf) {
        let max_datagram = self.max_datagram();
        let (read, write) = self.kind.into_split();
        (ReadHalf::new(read, max_datagram), WriteHalf::new(write, max_datagram))
    }

    #[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
    pub(crate) fn into_parts(self) -> (Kind, PeerInfo) {
        (self.kind, self.peer)
    }
}

forward_read!(Stream, this => this.kind);
forward_write!(Stream, this => this.kind);

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("peer", &self.peer).finish_non_exhaustive()
    }
}
