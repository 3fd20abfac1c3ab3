//! The two halves of a stream, each owned by the task that reads or writes.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::stream::{AnyIo, each_kind};

/// The half of a [`Stream`](crate::Stream) that reads.
pub struct ReadHalf(Reading);

/// The half of a [`Stream`](crate::Stream) that writes.
///
/// Shutting it down ends our direction, and so does dropping it; the other side reads the end
/// of the stream and can still answer.
pub struct WriteHalf(Writing);

enum Reading {
    #[cfg(all(unix, feature = "unix"))]
    Unix(tokio::net::unix::OwnedReadHalf),
    #[cfg(feature = "tcp")]
    Tcp(tokio::net::tcp::OwnedReadHalf),
    #[cfg(feature = "memory")]
    Memory(crate::memory::Reader),
    Boxed(tokio::io::ReadHalf<Box<dyn AnyIo>>),
}

enum Writing {
    #[cfg(all(unix, feature = "unix"))]
    Unix(tokio::net::unix::OwnedWriteHalf),
    #[cfg(feature = "tcp")]
    Tcp(tokio::net::tcp::OwnedWriteHalf),
    #[cfg(feature = "memory")]
    Memory(crate::memory::Writer),
    Boxed(tokio::io::WriteHalf<Box<dyn AnyIo>>),
}

impl ReadHalf {
    #[cfg(all(unix, feature = "unix"))]
    pub(crate) const fn unix(io: tokio::net::unix::OwnedReadHalf) -> Self {
        Self(Reading::Unix(io))
    }

    #[cfg(feature = "tcp")]
    pub(crate) const fn tcp(io: tokio::net::tcp::OwnedReadHalf) -> Self {
        Self(Reading::Tcp(io))
    }

    #[cfg(feature = "memory")]
    pub(crate) const fn memory(io: crate::memory::Reader) -> Self {
        Self(Reading::Memory(io))
    }

    pub(crate) const fn boxed(io: tokio::io::ReadHalf<Box<dyn AnyIo>>) -> Self {
        Self(Reading::Boxed(io))
    }
}

impl WriteHalf {
    #[cfg(all(unix, feature = "unix"))]
    pub(crate) const fn unix(io: tokio::net::unix::OwnedWriteHalf) -> Self {
        Self(Writing::Unix(io))
    }

    #[cfg(feature = "tcp")]
    pub(crate) const fn tcp(io: tokio::net::tcp::OwnedWriteHalf) -> Self {
        Self(Writing::Tcp(io))
    }

    #[cfg(feature = "memory")]
    pub(crate) const fn memory(io: crate::memory::Writer) -> Self {
        Self(Writing::Memory(io))
    }

    pub(crate) const fn boxed(io: tokio::io::WriteHalf<Box<dyn AnyIo>>) -> Self {
        Self(Writing::Boxed(io))
    }
}

impl AsyncRead for ReadHalf {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        each_kind!(Reading, &mut self.get_mut().0, io => Pin::new(io).poll_read(cx, buf))
    }
}

impl AsyncWrite for WriteHalf {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        each_kind!(Writing, &mut self.get_mut().0, io => Pin::new(io).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each_kind!(Writing, &mut self.get_mut().0, io => Pin::new(io).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        each_kind!(Writing, &self.0, io => io.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each_kind!(Writing, &mut self.get_mut().0, io => Pin::new(io).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each_kind!(Writing, &mut self.get_mut().0, io => Pin::new(io).poll_shutdown(cx))
    }
}

impl Drop for WriteHalf {
    fn drop(&mut self) {
        match &mut self.0 {
            // Whether this completes at once is up to the boxed stream; a wrapped socket does.
            Writing::Boxed(io) => {
                let _ = Pin::new(io).poll_shutdown(&mut Context::from_waker(Waker::noop()));
            }
            // The other kinds do it by themselves.
            #[cfg(any(feature = "tcp", feature = "memory", all(unix, feature = "unix")))]
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
