//! The first bytes of a connection, kept for a caller that recognises what they are if they are not
//! TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::stream::forward::forward_write;

/// A stream that remembers the first bytes that were read from it.
#[derive(Debug)]
pub(super) struct First<IO> {
    io: IO,
    bytes: [u8; KEPT],
    len: usize,
}

impl<IO> First<IO> {
    pub(super) const fn of(io: IO) -> Self {
        Self { io, bytes: [0; KEPT], len: 0 }
    }

    /// Returns the first bytes that came, at most 32.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn keep(&mut self, read: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.len..) {
            let len = room.len().min(read.len());
            if let (Some(room), Some(read)) = (room.get_mut(..len), read.get(..len)) {
                room.copy_from_slice(read);
                self.len += len;
            }
        }
    }
}

/// Returns whether a peer that begins so may speak TLS: its records begin with changes of the
/// cipher, alerts, handshakes and data.
pub(super) fn may_be_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [] | [0x14..=0x17, ..])
}

impl<IO: AsyncRead + Unpin> AsyncRead for First<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(cx, buf);
        if self.len < KEPT {
            self.keep(buf.filled().get(before..).unwrap_or_default());
        }
        polled
    }
}

forward_write!(First<IO> where [IO: AsyncWrite + Unpin], this => this.io);

/// Enough to recognise a protocol by.
const KEPT: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_tls_is_known_by_its_first_byte() {
        for (bytes, expected) in [
            (&b""[..], true),
            (b"\x16\x03\x01\x02", true),
            (b"\x15\x03\x03\x00", true),
            (b"GET / HTTP/1.1\r\n", false),
            (b"{\"type\":\"a\"}\x0c", false),
            (b"\0\0\0\x10{\"t\"", false),
            (b"\x80\x2e\x01\x00\x02", false),
            (b"\xff\x00", false),
        ] {
            assert_eq!(may_be_tls(bytes), expected, "{bytes:?}");
        }
    }

    #[tokio::test]
    async fn the_first_bytes_are_kept_however_they_come() {
        use tokio::io::AsyncReadExt;
        let mut first = First::of(&b"GET /a/long/long/long/long/way HTTP/1.1"[..]);
        assert_eq!(first.bytes(), b"");
        for _ in 0..39 {
            first.read_u8().await.ok();
        }
        assert_eq!(first.bytes(), b"GET /a/long/long/long/long/way H");
    }
}
