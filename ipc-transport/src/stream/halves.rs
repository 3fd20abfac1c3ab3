//! The two halves of a stream, each owned by the task that reads or writes.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[cfg(feature = "tls-base")]
use crate::kinds::tls::TlsIo;
#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
use crate::stream::quiet::Quiet;
use crate::stream::{AnyIo, each_kind};

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

enum Reading {
    #[cfg(all(unix, feature = "unix"))]
    Unix(tokio::net::unix::OwnedReadHalf),
    #[cfg(all(windows, feature = "pipe"))]
    Pipe(crate::kinds::pipe::PipeReader),
    #[cfg(feature = "tcp")]
    Tcp(tokio::net::tcp::OwnedReadHalf),
    #[cfg(feature = "udp")]
    Udp(crate::kinds::udp::UdpReader),
    #[cfg(feature = "tls-base")]
    Tls(tokio::io::ReadHalf<TlsIo>),
    #[cfg(feature = "memory")]
    Memory(crate::kinds::memory::Reader),
    Boxed(tokio::io::ReadHalf<Box<dyn AnyIo>>),
}

enum Writing {
    #[cfg(all(unix, feature = "unix"))]
    Unix(Quiet<tokio::net::unix::OwnedWriteHalf>),
    #[cfg(all(windows, feature = "pipe"))]
    Pipe(crate::kinds::pipe::PipeWriter),
    #[cfg(feature = "tcp")]
    Tcp(Quiet<tokio::net::tcp::OwnedWriteHalf>),
    #[cfg(feature = "udp")]
    Udp(crate::kinds::udp::UdpWriter),
    #[cfg(feature = "tls-base")]
    Tls(tokio::io::WriteHalf<TlsIo>),
    #[cfg(feature = "memory")]
    Memory(crate::kinds::memory::Writer),
    Boxed(tokio::io::WriteHalf<Box<dyn AnyIo>>),
}

impl ReadHalf {
    /// Returns how many bytes a datagram has at most, if this is half of a stream of datagrams: see
    /// [`Stream::max_datagram`](crate::Stream::max_datagram).
    #[must_use]
    pub const fn max_datagram(&self) -> Option<usize> {
        self.max_datagram
    }

    pub(crate) const fn with_max_datagram(mut self, max_datagram: Option<usize>) -> Self {
        self.max_datagram = max_datagram;
        self
    }

    const fn new(io: Reading) -> Self {
        Self { io, max_datagram: None }
    }

    #[cfg(all(unix, feature = "unix"))]
    pub(crate) const fn unix(io: tokio::net::unix::OwnedReadHalf) -> Self {
        Self::new(Reading::Unix(io))
    }

    #[cfg(all(windows, feature = "pipe"))]
    pub(crate) const fn pipe(io: crate::kinds::pipe::PipeReader) -> Self {
        Self::new(Reading::Pipe(io))
    }

    #[cfg(feature = "tcp")]
    pub(crate) const fn tcp(io: tokio::net::tcp::OwnedReadHalf) -> Self {
        Self::new(Reading::Tcp(io))
    }

    #[cfg(feature = "udp")]
    pub(crate) const fn udp(io: crate::kinds::udp::UdpReader) -> Self {
        Self::new(Reading::Udp(io))
    }

    #[cfg(feature = "tls-base")]
    pub(crate) const fn tls(io: tokio::io::ReadHalf<TlsIo>) -> Self {
        Self::new(Reading::Tls(io))
    }

    #[cfg(feature = "memory")]
    pub(crate) const fn memory(io: crate::kinds::memory::Reader) -> Self {
        Self::new(Reading::Memory(io))
    }

    pub(crate) const fn boxed(io: tokio::io::ReadHalf<Box<dyn AnyIo>>) -> Self {
        Self::new(Reading::Boxed(io))
    }
}

impl WriteHalf {
    /// Returns how many bytes a datagram has at most, if this is half of a stream of datagrams: see
    /// [`Stream::max_datagram`](crate::Stream::max_datagram).
    #[must_use]
    pub const fn max_datagram(&self) -> Option<usize> {
        self.max_datagram
    }

    pub(crate) const fn with_max_datagram(mut self, max_datagram: Option<usize>) -> Self {
        self.max_datagram = max_datagram;
        self
    }

    const fn new(io: Writing) -> Self {
        Self { io, max_datagram: None }
    }

    #[cfg(all(unix, feature = "unix"))]
    pub(crate) const fn unix(io: Quiet<tokio::net::unix::OwnedWriteHalf>) -> Self {
        Self::new(Writing::Unix(io))
    }

    #[cfg(all(windows, feature = "pipe"))]
    pub(crate) const fn pipe(io: crate::kinds::pipe::PipeWriter) -> Self {
        Self::new(Writing::Pipe(io))
    }

    #[cfg(feature = "tcp")]
    pub(crate) const fn tcp(io: Quiet<tokio::net::tcp::OwnedWriteHalf>) -> Self {
        Self::new(Writing::Tcp(io))
    }

    #[cfg(feature = "udp")]
    pub(crate) const fn udp(io: crate::kinds::udp::UdpWriter) -> Self {
        Self::new(Writing::Udp(io))
    }

    #[cfg(feature = "tls-base")]
    pub(crate) const fn tls(io: tokio::io::WriteHalf<TlsIo>) -> Self {
        Self::new(Writing::Tls(io))
    }

    #[cfg(feature = "memory")]
    pub(crate) const fn memory(io: crate::kinds::memory::Writer) -> Self {
        Self::new(Writing::Memory(io))
    }

    pub(crate) const fn boxed(io: tokio::io::WriteHalf<Box<dyn AnyIo>>) -> Self {
        Self::new(Writing::Boxed(io))
    }
}

impl AsyncRead for ReadHalf {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        each_kind!(Reading, &mut self.get_mut().io, io => Pin::new(io).poll_read(cx, buf))
    }
}

impl AsyncWrite for WriteHalf {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        each_kind!(Writing, &mut self.get_mut().io, io => Pin::new(io).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each_kind!(Writing, &mut self.get_mut().io, io => Pin::new(io).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        each_kind!(Writing, &self.io, io => io.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each_kind!(Writing, &mut self.get_mut().io, io => Pin::new(io).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each_kind!(Writing, &mut self.get_mut().io, io => Pin::new(io).poll_shutdown(cx))
    }
}

impl Drop for WriteHalf {
    fn drop(&mut self) {
        match &mut self.io {
            // Whether this completes at once is up to the boxed stream; a wrapped socket does.
            Writing::Boxed(io) => {
                let _ = Pin::new(io).poll_shutdown(&mut Context::from_waker(Waker::noop()));
            }
            // So that the other side can tell an end from a cut.
            #[cfg(feature = "tls-base")]
            Writing::Tls(io) => {
                let _ = Pin::new(io).poll_shutdown(&mut Context::from_waker(Waker::noop()));
            }
            // The other kinds do it by themselves.
            #[cfg(any(
                feature = "tcp",
                feature = "udp",
                feature = "memory",
                all(unix, feature = "unix"),
                all(windows, feature = "pipe")
            ))]
            _ => {}
        }
    }
}

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
