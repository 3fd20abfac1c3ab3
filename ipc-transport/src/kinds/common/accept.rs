//! Accepting when file descriptors run out: neither a spinning nor a stuck accept loop.

use std::future::poll_fn;
use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::task::{Context, Poll};

pub(crate) use crate::error::descriptors::is_too_many_files;
use crate::{Endpoint, TransportError};

/// A listening socket that a forked child does not take away from its parent.
///
/// The child shares the parent's epoll instance. If it dropped its copy of the socket in the usual
/// way, it would take the socket out of there, and the parent would get no client any more. So
/// the child leaves its copy open until it ends.
#[derive(Debug)]
pub(crate) struct UnlessForked<T> {
    io: Arc<T>,
    maker: u32,
}

impl<T> UnlessForked<T> {
    pub(crate) fn new(io: T) -> Self {
        Self { io: Arc::new(io), maker: std::process::id() }
    }

    /// Returns the socket, or an error in a forked child.
    #[cfg(unix)]
    pub(crate) fn into_inner(self) -> io::Result<T> {
        let io = Arc::clone(&self.io);
        drop(self);
        Arc::into_inner(io)
            .ok_or_else(|| io::Error::other("this process is a fork of the one that listens"))
    }
}

impl<T> Deref for UnlessForked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.io
    }
}

impl<T> Drop for UnlessForked<T> {
    fn drop(&mut self) {
        if self.maker != std::process::id() {
            std::mem::forget(Arc::clone(&self.io));
        }
    }
}

/// A file descriptor in reserve, for when the others are used up.
///
/// Without it a full process could not even accept a connection in order to close it: the
/// connection would stay in the backlog, the socket stay readable, and the loop spin.
#[derive(Debug)]
pub(crate) struct Reserve {
    #[cfg(unix)]
    spare: Option<std::fs::File>,
}

impl Reserve {
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(unix)]
            spare: std::fs::File::open("/dev/null").ok(),
        }
    }

    /// Returns the next connection of `poll_accept`, as [`Listener::accept`] documents.
    ///
    /// Cancel safe if `poll_accept` keeps nothing between polls.
    ///
    /// [`Listener::accept`]: crate::Listener::accept
    pub(crate) async fn accept<S: Send>(
        &mut self,
        endpoint: &Endpoint,
        mut poll_accept: impl FnMut(&mut Context<'_>) -> Poll<io::Result<S>> + Send,
    ) -> Result<S, TransportError> {
        loop {
            let source = match poll_fn(&mut poll_accept).await {
                Ok(stream) => return Ok(stream),
                Err(error) => error,
            };
            if is_gone(&source) {
                continue;
            }
            if is_too_many_files(&source) {
                // Linux wants the descriptor before it looks whether a client waits at all.
                if self.shed(&mut poll_accept).await == Shed::Nobody {
                    continue;
                }
                return Err(TransportError::TooManyFiles { endpoint: endpoint.clone(), source });
            }
            return Err(TransportError::Io { endpoint: endpoint.clone(), op: "accept", source });
        }
    }

    /// Accepts one connection with the reserve and closes it, then takes the reserve back.
    async fn shed<S>(
        &mut self,
        mut poll_accept: impl FnMut(&mut Context<'_>) -> Poll<io::Result<S>>,
    ) -> Shed {
        // Without a reserve (another thread was quicker) the caller's pause is all there is.
        #[cfg(unix)]
        drop(self.spare.take());
        // One poll and never a wait: the client in the backlog may be gone by now.
        let polled = poll_fn(|cx| Poll::Ready(poll_accept(cx).is_ready())).await;
        *self = Self::new();
        if polled { Shed::One } else { Shed::Nobody }
    }
}

/// Whether there was a connection to shed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shed {
    One,
    Nobody,
}

/// Returns whether the error is about one connection that was gone before it was accepted.
fn is_gone(error: &io::Error) -> bool {
    // Linux reports errors already pending on the new socket through accept; see accept(2).
    #[cfg(unix)]
    let codes = [
        libc::EPROTO,
        libc::ENOPROTOOPT,
        libc::ENETDOWN,
        libc::ENETUNREACH,
        libc::EHOSTDOWN,
        libc::EHOSTUNREACH,
        libc::ETIMEDOUT,
    ];
    #[cfg(not(unix))]
    let codes: [i32; 0] = [];
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    ) || error.raw_os_error().is_some_and(|code| codes.contains(&code))
}
