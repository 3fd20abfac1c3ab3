//! `Quiet`: a socket whose peer may hang up at any time, which is an error and never a signal.
//!
//! On Unix a write to a socket that the other side has closed raises SIGPIPE, which kills a program
//! that left it at its default: a C host, or anything that resets it. Rust's own `main` ignores it,
//! but a library cannot rely on that. `write` and `writev` have no flag against it
//! (std uses `write` for Unix sockets, tokio `writev` for several slices), so every write is
//! `send` or `sendmsg` with `MSG_NOSIGNAL`. Apple's systems have an option of the socket instead.

use std::io;
#[cfg(unix)]
use std::io::IoSlice;
#[cfg(unix)]
use std::pin::Pin;
#[cfg(unix)]
use std::task::{Context, Poll, ready};

#[cfg(unix)]
use socket2::SockRef;
use tokio::io::AsyncWrite;

use super::forward::forward_read;
#[cfg(not(unix))]
use super::forward::forward_write;

/// A connected socket, or the half of one that writes.
#[derive(Debug)]
pub(crate) struct Quiet<S>(S);

impl<S> Quiet<S> {
    /// Returns the socket itself.
    pub(crate) fn into_inner(self) -> S {
        self.0
    }

    /// Returns the socket, to read its settings.
    #[cfg(all(test, feature = "tcp"))]
    pub(crate) const fn get_ref(&self) -> &S {
        &self.0
    }
}

/// Implements reading, splitting and the socket calls for one kind of stream.
macro_rules! stream {
    ($name:ident: $stream:ty, $read:ty, $write:ty) => {
        impl Quiet<$stream> {
            /// Returns the socket as one that raises no signal.
            ///
            /// # Errors
            ///
            /// What the system says, on Apple's systems: the connection may be gone already.
            pub(crate) fn $name(io: $stream) -> io::Result<Self> {
                #[cfg(target_vendor = "apple")]
                SockRef::from(&io).set_nosigpipe(true)?;
                Ok(Self(io))
            }

            pub(crate) fn into_split(self) -> ($read, Quiet<$write>) {
                let (read, write) = self.0.into_split();
                (read, Quiet(write))
            }
        }

        forward_read!(Quiet<$stream>, this => this.0);

        #[cfg(unix)]
        impl Socket for $stream {
            fn poll_room(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.poll_write_ready(cx)
            }

            fn try_send(
                &self,
                send: impl FnOnce(&SockRef<'_>) -> io::Result<usize>,
            ) -> io::Result<usize> {
                self.try_io(tokio::io::Interest::WRITABLE, || send(&SockRef::from(self)))
            }
        }

        #[cfg(unix)]
        impl Socket for $write {
            fn poll_room(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.as_ref().poll_room(cx)
            }

            fn try_send(
                &self,
                send: impl FnOnce(&SockRef<'_>) -> io::Result<usize>,
            ) -> io::Result<usize> {
                self.as_ref().try_send(send)
            }
        }
    };
}

#[cfg(feature = "tcp")]
stream!(tcp: tokio::net::TcpStream, tokio::net::tcp::OwnedReadHalf, tokio::net::tcp::OwnedWriteHalf);
#[cfg(all(unix, feature = "unix"))]
stream!(unix: tokio::net::UnixStream, tokio::net::unix::OwnedReadHalf, tokio::net::unix::OwnedWriteHalf);

/// What sending takes of a socket that does not wait.
#[cfg(unix)]
pub(crate) trait Socket {
    /// Waits until there may be room to write.
    fn poll_room(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Calls `send` unless the socket is known to be full; its [`io::ErrorKind::WouldBlock`] makes
    /// it known.
    fn try_send(&self, send: impl FnOnce(&SockRef<'_>) -> io::Result<usize>) -> io::Result<usize>;
}

#[cfg(unix)]
fn poll_send(
    socket: &impl Socket,
    cx: &mut Context<'_>,
    wanted: usize,
    mut send: impl FnMut(&SockRef<'_>) -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(socket.poll_room(cx))?;
        // Part of it fills the socket, which is known then without a call that fails.
        let mut part = None;
        let sent = socket.try_send(|socket| match send(socket) {
            Ok(sent) if sent < wanted => {
                part = Some(sent);
                Err(io::ErrorKind::WouldBlock.into())
            }
            other => other,
        });
        return match (part, sent) {
            (Some(part), _) => Poll::Ready(Ok(part)),
            (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => continue,
            (None, sent) => Poll::Ready(sent),
        };
    }
}

#[cfg(unix)]
impl<S: Socket + AsyncWrite + Unpin> AsyncWrite for Quiet<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        poll_send(&self.0, cx, buf.len(), |socket| socket.send_with_flags(buf, NO_SIGNAL))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_send(&self.0, cx, 0, |socket| send_vectored(socket, bufs, NO_SIGNAL))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

// There are no signals to raise.
#[cfg(not(unix))]
forward_write!(Quiet<S> where [S: AsyncWrite + Unpin], this => this.0);

/// Sends slices with one call, as many as it takes.
#[cfg(unix)]
pub(crate) fn send_vectored(
    socket: &SockRef<'_>,
    bufs: &[IoSlice<'_>],
    flags: libc::c_int,
) -> io::Result<usize> {
    socket.send_vectored_with_flags(bufs.get(..MAX_SLICES).unwrap_or(bufs), flags)
}

/// The flag of a send that raises no signal; where there is none, the socket has an option, or a
/// write raises none.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "openbsd",
    target_os = "netbsd",
    target_os = "solaris",
    target_os = "illumos",
    target_os = "haiku",
))]
pub(crate) const NO_SIGNAL: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(all(
    unix,
    not(any(
        target_os = "linux",
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "openbsd",
        target_os = "netbsd",
        target_os = "solaris",
        target_os = "illumos",
        target_os = "haiku",
    ))
))]
pub(crate) const NO_SIGNAL: libc::c_int = 0;

/// How many slices one call takes on every system we know (`IOV_MAX`); with more it fails.
#[cfg(unix)]
const MAX_SLICES: usize = 1024;
