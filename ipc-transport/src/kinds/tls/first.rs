//! The first bytes of a connection, kept to say what it was if it is not TLS.

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

    /// Returns what the other side speaks, if it is not TLS.
    pub(super) fn foreign(&self) -> Option<&'static str> {
        foreign(self.bytes.get(..self.len).unwrap_or_default())
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

fn foreign(bytes: &[u8]) -> Option<&'static str> {
    let begins = |words: &[&str]| words.iter().any(|word| bytes.starts_with(word.as_bytes()));
    match bytes {
        // What TLS begins its records with: changes of the cipher, alerts, handshakes, data.
        [] | [0x14..=0x17, ..] => None,
        _ if begins(&REQUESTS) => Some("an HTTP request without TLS"),
        _ if begins(&["HTTP/"]) => Some("an HTTP response without TLS"),
        _ if begins(&["{", "[{", "\u{feff}{"]) => Some("messages in JSON without TLS"),
        _ if begins(&["SSH-"]) => Some("SSH"),
        _ if begins(&["220 ", "220-"]) => Some("the greeting of a mail or FTP server"),
        [0x80..=0xff, _, 1, ..] => Some("the hello of SSL 2, which is not spoken"),
        // A big-endian length of less than 16 MiB, and JSON.
        [0, _, _, _, b'{', ..] => Some("a length and JSON, without TLS"),
        _ if bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) => {
            Some("plain text without TLS")
        }
        _ => Some("something that does not begin as TLS does"),
    }
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

/// Enough to tell one protocol from another.
const KEPT: usize = 16;

const REQUESTS: [&str; 9] =
    ["GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ", "PRI * HTTP"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_tls_is_named() {
        for (bytes, expected) in [
            (&b""[..], None),
            (b"\x16\x03\x01\x02", None),
            (b"\x15\x03\x03\x00", None),
            (b"GET / HTTP/1.1\r\n", Some("HTTP request")),
            (b"HTTP/1.1 400", Some("HTTP response")),
            (b"{\"type\":\"a\"}\x0c", Some("messages in JSON")),
            (b"\xef\xbb\xbf{\"type\"", Some("messages in JSON")),
            (b"SSH-2.0-x", Some("SSH")),
            (b"\0\0\0\x10{\"t\"", Some("a length")),
            (b"\x80\x2e\x01\x00\x02", Some("SSL 2")),
            (b"hello\n", Some("plain text")),
            (b"\xff\x00", Some("does not begin as TLS")),
        ] {
            let found = foreign(bytes);
            assert_eq!(found.is_some(), expected.is_some(), "{bytes:?}: {found:?}");
            assert!(found.unwrap_or("").contains(expected.unwrap_or("")), "{bytes:?}: {found:?}");
        }
    }

    #[tokio::test]
    async fn the_first_bytes_are_kept_however_they_come() {
        use tokio::io::AsyncReadExt;
        let mut first = First::of(&b"GET /a/long/way HTTP/1.1"[..]);
        for _ in 0..24 {
            first.read_u8().await.ok();
        }
        assert_eq!(&first.bytes, b"GET /a/long/way ");
        assert_eq!(first.foreign(), Some("an HTTP request without TLS"));
    }
}
