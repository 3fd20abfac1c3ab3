//! `TlsIo`: an established session with its socket, which sends close_notify when it ends.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

use super::first::First;
use crate::stream::quiet::Quiet;
use crate::stream::shared::{SharedWriter, split};

/// A session with its socket. Dropping it sends close_notify, if
/// the socket has room for that.
pub(crate) struct TlsIo(Box<TlsStream<First<Quiet<TcpStream>>>>);

impl TlsIo {
    pub(super) fn new(stream: impl Into<TlsStream<First<Quiet<TcpStream>>>>) -> Self {
        // Boxed: a session is large, and the other kinds of stream are not to carry it around.
        Self(Box::new(stream.into()))
    }

    pub(crate) fn into_split(self) -> (ReadHalf<Self>, SharedWriter<Self>) {
        split(self)
    }
}

impl AsyncRead for TlsIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(cx, buf).map_err(said_plainly)
    }
}

impl AsyncWrite for TlsIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let buf = buf.get(..RECORD).unwrap_or(buf);
        Pin::new(&mut *self.0).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // What would be written of empty ones alone is nothing, which is an error to callers.
        let empty = bufs.iter().take_while(|buf| buf.is_empty()).count();
        let bufs = bufs.get(empty..).unwrap_or_default();
        let mut room = RECORD;
        let fits = |buf: &&IoSlice<'_>| match room.checked_sub(buf.len()) {
            Some(left) => {
                room = left;
                true
            }
            None => false,
        };
        let fitting = bufs.iter().take_while(fits).count();
        match (bufs.get(..fitting), bufs.first()) {
            (Some([]) | None, Some(first)) => self.poll_write(cx, first),
            (fitting, _) => {
                Pin::new(&mut *self.0).poll_write_vectored(cx, fitting.unwrap_or_default())
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(cx)
    }
}

impl Drop for TlsIo {
    fn drop(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        let _ = Pin::new(&mut *self.0).poll_shutdown(&mut cx);
    }
}

/// Returns the error of a connection cut without close_notify, in words for users of the library.
pub(super) fn said_plainly(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof if error.get_ref().is_some() => {
            io::Error::new(io::ErrorKind::UnexpectedEof, NO_FAREWELL)
        }
        _ => error,
    }
}

const NO_FAREWELL: &str = "the peer closed the connection without TLS close_notify, so that the end \
                           of what it sent may be missing";

/// The most that one write takes, in bytes: what one record of TLS holds.
///
/// With more, a write could fail after some of its records have reached the other side, and its
/// caller would take all of it for unsent. A record arrives whole or not at all.
const RECORD: usize = 16_384;
