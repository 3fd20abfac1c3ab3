//! A connected byte stream: an enum over the kinds, so a read or a write dispatches by a jump.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
mod blocking;
mod halves;
#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
pub(crate) mod quiet;

#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
pub use blocking::{BlockingStream, Interest, Ready};
pub use halves::{ReadHalf, WriteHalf};

use crate::PeerInfo;
#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
use quiet::Quiet;

/// Hands a call to whichever kind the stream or half is: a jump, no virtual call.
///
/// The enums of the stream and its halves name their kinds alike, and this is the one list of them
/// that reads and writes go through.
macro_rules! each_kind {
    ($enum:ident, $kind:expr, $io:ident => $call:expr) => {
        match $kind {
            #[cfg(all(unix, feature = "unix"))]
            $enum::Unix($io) => $call,
            #[cfg(all(windows, feature = "pipe"))]
            $enum::Pipe($io) => $call,
            #[cfg(feature = "tcp")]
            $enum::Tcp($io) => $call,
            #[cfg(feature = "udp")]
            $enum::Udp($io) => $call,
            #[cfg(feature = "tls-base")]
            $enum::Tls($io) => $call,
            #[cfg(feature = "memory")]
            $enum::Memory($io) => $call,
            $enum::Boxed($io) => $call,
        }
    };
}
pub(crate) use each_kind;

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

pub(crate) enum Kind {
    #[cfg(all(unix, feature = "unix"))]
    Unix(Quiet<tokio::net::UnixStream>),
    #[cfg(all(windows, feature = "pipe"))]
    Pipe(crate::kinds::pipe::PipeStream),
    #[cfg(feature = "tcp")]
    Tcp(Quiet<tokio::net::TcpStream>),
    #[cfg(feature = "udp")]
    Udp(crate::kinds::udp::UdpStream),
    #[cfg(feature = "tls-base")]
    Tls(crate::kinds::tls::TlsIo),
    #[cfg(feature = "memory")]
    Memory(crate::kinds::memory::Duplex),
    Boxed(Box<dyn AnyIo>),
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
        Self { kind: Kind::Boxed(Box::new(io)), peer }
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
    /// It follows from the endpoint of [`peer`](Self::peer), so a stream that wraps another keeps it.
    #[must_use]
    pub const fn max_datagram(&self) -> Option<usize> {
        self.peer.endpoint.max_datagram()
    }

    /// Splits the stream into halves that two tasks can own.
    ///
    /// Unix and TCP halves share no lock. Dropping the write half ends our direction, as
    /// shutting it down does; for a stream made by [`Stream::from_io`] that asks only once, and
    /// a stream that needs several polls to shut down is to be shut down first.
    #[must_use]
    pub fn into_split(self) -> (ReadHalf, WriteHalf) {
        let max_datagram = self.max_datagram();
        let (read, write) = match self.kind {
            #[cfg(all(unix, feature = "unix"))]
            Kind::Unix(io) => {
                let (read, write) = io.into_split();
                (ReadHalf::unix(read), WriteHalf::unix(write))
            }
            #[cfg(all(windows, feature = "pipe"))]
            Kind::Pipe(io) => {
                let (read, write) = io.into_split();
                (ReadHalf::pipe(read), WriteHalf::pipe(write))
            }
            #[cfg(feature = "tcp")]
            Kind::Tcp(io) => {
                let (read, write) = io.into_split();
                (ReadHalf::tcp(read), WriteHalf::tcp(write))
            }
            #[cfg(feature = "udp")]
            Kind::Udp(io) => {
                let (read, write) = io.into_split();
                (ReadHalf::udp(read), WriteHalf::udp(write))
            }
            #[cfg(feature = "tls-base")]
            Kind::Tls(io) => {
                let (read, write) = tokio::io::split(io);
                (ReadHalf::tls(read), WriteHalf::tls(write))
            }
            #[cfg(feature = "memory")]
            Kind::Memory(io) => {
                let (read, write) = io.into_split();
                (ReadHalf::memory(read), WriteHalf::memory(write))
            }
            Kind::Boxed(io) => {
                let (read, write) = tokio::io::split(io);
                (ReadHalf::boxed(read), WriteHalf::boxed(write))
            }
        };
        (read.with_max_datagram(max_datagram), write.with_max_datagram(max_datagram))
    }

    #[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
    pub(crate) fn into_parts(self) -> (Kind, PeerInfo) {
        (self.kind, self.peer)
    }

    #[cfg(all(unix, feature = "unix"))]
    pub(crate) const fn unix(io: Quiet<tokio::net::UnixStream>, peer: PeerInfo) -> Self {
        Self { kind: Kind::Unix(io), peer }
    }

    #[cfg(all(windows, feature = "pipe"))]
    pub(crate) const fn pipe(io: crate::kinds::pipe::PipeStream, peer: PeerInfo) -> Self {
        Self { kind: Kind::Pipe(io), peer }
    }

    #[cfg(feature = "tcp")]
    pub(crate) const fn tcp(io: Quiet<tokio::net::TcpStream>, peer: PeerInfo) -> Self {
        Self { kind: Kind::Tcp(io), peer }
    }

    #[cfg(feature = "udp")]
    pub(crate) const fn udp(io: crate::kinds::udp::UdpStream, peer: PeerInfo) -> Self {
        Self { kind: Kind::Udp(io), peer }
    }

    #[cfg(feature = "tls-base")]
    pub(crate) const fn tls(io: crate::kinds::tls::TlsIo, peer: PeerInfo) -> Self {
        Self { kind: Kind::Tls(io), peer }
    }

    #[cfg(feature = "memory")]
    pub(crate) const fn memory(io: crate::kinds::memory::Duplex, peer: PeerInfo) -> Self {
        Self { kind: Kind::Memory(io), peer }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        each_kind!(Kind, &mut self.get_mut().kind, io => Pin::new(io).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        each_kind!(Kind, &mut self.get_mut().kind, io => Pin::new(io).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each_kind!(Kind, &mut self.get_mut().kind, io => Pin::new(io).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        each_kind!(Kind, &self.kind, io => io.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each_kind!(Kind, &mut self.get_mut().kind, io => Pin::new(io).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each_kind!(Kind, &mut self.get_mut().kind, io => Pin::new(io).poll_shutdown(cx))
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// Whatever reads and writes, boxed: the stream of a transport from outside this crate.
pub(crate) trait AnyIo: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> AnyIo for T {}
