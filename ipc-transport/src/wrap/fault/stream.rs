//! One misbehaving connection.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Dice, Faults};
use crate::Stream;

#[derive(Debug)]
pub(super) struct FaultStream {
    /// `None` once cut.
    inner: Option<Stream>,
    faults: Faults,
    reading: Dice,
    writing: Dice,
    /// Bytes that may still cross, in both directions together.
    left: u64,
    /// The wakers of tasks that wait for the inner stream, which a cut drops without waking them.
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl FaultStream {
    pub(super) fn new(inner: Stream, faults: Faults, reading: Dice, writing: Dice) -> Self {
        let left = faults.cut_after.unwrap_or(u64::MAX);
        let mut stream =
            Self { inner: Some(inner), faults, reading, writing, left, reader: None, writer: None };
        stream.count(0);
        stream
    }

    /// Takes bytes off what may still cross, and cuts the connection after the last.
    fn count(&mut self, bytes: usize) {
        if self.faults.cut_after.is_none() {
            return;
        }
        self.left = self.left.saturating_sub(bytes as u64);
        if self.left == 0 {
            self.inner = None;
            let waiting = [self.reader.take(), self.writer.take()];
            waiting.into_iter().flatten().for_each(Waker::wake);
        }
    }

    /// Returns how many of `len` bytes may cross in one go.
    fn allowed(&self, len: usize) -> usize {
        usize::try_from(self.left).map_or(len, |left| len.min(left))
    }

    /// Writes through `write`, which gets the inner stream and the most bytes it may take.
    fn poll_write_with(
        &mut self,
        cx: &mut Context<'_>,
        len: usize,
        write: impl FnOnce(Pin<&mut Stream>, &mut Context<'_>, usize) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let allowed = self.allowed(len);
        let Some(inner) = &mut self.inner else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        if self.writing.refuses(self.faults.refusals) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.writer = Some(cx.waker().clone());
        let is_datagram = inner.max_datagram().is_some();
        let one = self.writing.strikes(self.faults.one_byte_writes) && !is_datagram;
        if is_datagram && allowed < len {
            self.count(len);
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let most = if one { allowed.min(1) } else { allowed };
        let written = ready!(write(Pin::new(inner), cx, most))?;
        self.count(written);
        Poll::Ready(Ok(written))
    }
}

impl AsyncRead for FaultStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let allowed = this.allowed(buf.remaining());
        let Some(inner) = &mut this.inner else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        };
        if this.reading.refuses(this.faults.refusals) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        this.reader = Some(cx.waker().clone());
        let short = this.reading.strikes(this.faults.short_reads);
        let most = if short { this.reading.up_to(SHORT_READ) as usize } else { allowed };
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(most.min(allowed)));
        ready!(Pin::new(inner).poll_read(cx, &mut part))?;
        let count = part.filled().len();
        buf.advance(count);
        this.count(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for FaultStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_write_with(cx, buf.len(), |inner, cx, most| {
            inner.poll_write(cx, buf.get(..most).unwrap_or(buf))
        })
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = bufs.iter().map(|buf| buf.len()).sum();
        self.get_mut().poll_write_with(cx, len, |inner, cx, most| {
            if most == len {
                return inner.poll_write_vectored(cx, bufs);
            }
            let first = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| buf);
            inner.poll_write(cx, first.get(..most).unwrap_or(first))
        })
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.as_ref().is_some_and(Stream::is_write_vectored)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().inner {
            Some(inner) => Pin::new(inner).poll_flush(cx),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().inner {
            Some(inner) => Pin::new(inner).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

/// The most bytes a short read returns: less than the smallest frame header plus a word.
const SHORT_READ: u64 = 16;
