//! The kinds of connected stream: one line each, from which the enums of the stream and its halves
//! are made.
//!
//! A further kind of socket takes its folder in `kinds/`, its line in `kinds/mod.rs` and `lib.rs`,
//! a variant of [`Endpoint`](crate::Endpoint) if it has addresses of its own, and one line at the
//! end of this file. Its stream has to have `into_split`, which returns the two halves.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
use super::quiet::Quiet;
use super::shared::{Boxed, SharedWriter};
#[cfg(feature = "memory")]
use crate::kinds::memory;
#[cfg(all(windows, feature = "pipe"))]
use crate::kinds::pipe;
#[cfg(feature = "tls-base")]
use crate::kinds::tls::TlsIo;
#[cfg(feature = "udp")]
use crate::kinds::udp;

/// Makes `Kind`, `Reading` and `Writing`, enums over the kinds: a read or write is a jump, no
/// virtual call.
macro_rules! kinds {
    ($($(#[$when:meta])* $kind:ident: $stream:ty => $read:ty, $write:ty;)*) => {
        /// A connected stream of one kind.
        pub(crate) enum Kind {
            $($(#[$when])* $kind($stream),)*
        }

        /// The half of a stream of one kind that reads.
        pub(super) enum Reading {
            $($(#[$when])* $kind($read),)*
        }

        /// The half of a stream of one kind that writes.
        pub(super) enum Writing {
            $($(#[$when])* $kind($write),)*
        }

        impl Kind {
            pub(super) fn into_split(self) -> (Reading, Writing) {
                match self {
                    $($(#[$when])* Self::$kind(io) => {
                        let (read, write) = io.into_split();
                        (Reading::$kind(read), Writing::$kind(write))
                    })*
                }
            }
        }

        $($(#[$when])* impl From<$stream> for Kind {
            fn from(io: $stream) -> Self {
                Self::$kind(io)
            }
        })*

        each_reads!(Kind: $($(#[$when])* $kind)*);
        each_writes!(Kind: $($(#[$when])* $kind)*);
        each_reads!(Reading: $($(#[$when])* $kind)*);
        each_writes!(Writing: $($(#[$when])* $kind)*);
    };
}

macro_rules! each_reads {
    ($enum:ident: $($(#[$when:meta])* $kind:ident)*) => {
        impl AsyncRead for $enum {
            #[inline]
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                match self.get_mut() {
                    $($(#[$when])* Self::$kind(io) => Pin::new(io).poll_read(cx, buf),)*
                }
            }
        }
    };
}

macro_rules! each_writes {
    ($enum:ident: $($(#[$when:meta])* $kind:ident)*) => {
        impl AsyncWrite for $enum {
            #[inline]
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                match self.get_mut() {
                    $($(#[$when])* Self::$kind(io) => Pin::new(io).poll_write(cx, buf),)*
                }
            }

            #[inline]
            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                match self.get_mut() {
                    $($(#[$when])* Self::$kind(io) => Pin::new(io).poll_write_vectored(cx, bufs),)*
                }
            }

            #[inline]
            fn is_write_vectored(&self) -> bool {
                match self {
                    $($(#[$when])* Self::$kind(io) => io.is_write_vectored(),)*
                }
            }

            #[inline]
            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                match self.get_mut() {
                    $($(#[$when])* Self::$kind(io) => Pin::new(io).poll_flush(cx),)*
                }
            }

            #[inline]
            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                match self.get_mut() {
                    $($(#[$when])* Self::$kind(io) => Pin::new(io).poll_shutdown(cx),)*
                }
            }
        }
    };
}

kinds! {
    #[cfg(all(unix, feature = "unix"))]
    Unix: Quiet<tokio::net::UnixStream>
        => tokio::net::unix::OwnedReadHalf, Quiet<tokio::net::unix::OwnedWriteHalf>;
    #[cfg(all(windows, feature = "pipe"))]
    Pipe: pipe::PipeStream => pipe::PipeReader, pipe::PipeWriter;
    #[cfg(feature = "tcp")]
    Tcp: Quiet<tokio::net::TcpStream>
        => tokio::net::tcp::OwnedReadHalf, Quiet<tokio::net::tcp::OwnedWriteHalf>;
    #[cfg(feature = "udp")]
    Udp: udp::UdpStream => udp::UdpReader, udp::UdpWriter;
    #[cfg(feature = "tls-base")]
    Tls: TlsIo => tokio::io::ReadHalf<TlsIo>, SharedWriter<TlsIo>;
    #[cfg(feature = "memory")]
    Memory: memory::Duplex => memory::Reader, memory::Writer;
    Boxed: Boxed => tokio::io::ReadHalf<Boxed>, SharedWriter<Boxed>;
}
