//! `Connected`: a socket that knows one address only, as a client has it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

use super::datagram::{RECEIVE, is_refusal};

/// A socket connected to one address: the system drops what comes from others.
pub(super) struct Connected {
    socket: UdpSocket,
    ended: AtomicBool,
    reader: Mutex<Option<Waker>>,
}

impl Connected {
    pub(super) fn new(socket: UdpSocket) -> Self {
        Self { socket, ended: AtomicBool::new(false), reader: Mutex::default() }
    }

    pub(super) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// Ends reading.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Receives a datagram that is not empty into `buf`, which has room for any. Nothing filled is
    /// the end.
    pub(super) fn poll_receive(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Before the look at the end, so that none falls between the two.
        *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        let before = buf.filled().len();
        while !self.ended.load(Ordering::SeqCst) {
            match ready!(self.socket.poll_recv(cx, buf)) {
                Ok(()) => {}
                // A server that is not up yet may be up later.
                Err(error) if is_refusal(&error) => continue,
                Err(error) => return Poll::Ready(Err(error)),
            }
            let length = buf.filled().len() - before;
            if length >= RECEIVE {
                // Longer than any can be: it was cut off.
                buf.set_filled(before);
            } else if length > 0 {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}
