//! What the outbox and the calls share between threads, as loom has it; and a socket that a model
//! controls.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

pub(super) use super::notify::Notify;
pub(super) use super::time::{Sleep, now, sleep_until, spawn, timeout_at};
pub(super) use loom::sync::atomic::{AtomicU8, AtomicUsize};
pub(super) use loom::sync::{Mutex, MutexGuard};
use tokio::io::AsyncWrite;

/// The write half of a socket whose other end is a [`Wire`].
#[derive(Debug)]
pub(super) struct WriteHalf(pub(super) Arc<Wire>);

/// What a socket took, and how much more it takes.
#[derive(Debug)]
pub(super) struct Wire {
    state: Mutex<WireState>,
}

#[derive(Debug)]
struct WireState {
    bytes: Vec<u8>,
    /// How many bytes it takes before it is full.
    space: usize,
    /// Whether a write fails instead of finding it full.
    breaks: bool,
    /// The last task to find it full.
    waker: Option<Waker>,
    /// Who reads at the other end, if that waits for more.
    reader: Option<Waker>,
}

impl Wire {
    /// Returns a socket that is full after `space` bytes.
    pub(super) fn full_after(space: usize) -> Arc<Self> {
        Self::new(space, false)
    }

    /// Returns a socket that breaks after `space` bytes.
    pub(super) fn broken_after(space: usize) -> Arc<Self> {
        Self::new(space, true)
    }

    fn new(space: usize, breaks: bool) -> Arc<Self> {
        let state = WireState { bytes: Vec::new(), space, breaks, waker: None, reader: None };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// Reads everything, whatever comes: the socket is not full any more.
    pub(super) fn read_all(&self) {
        let mut state = self.lock();
        state.space = usize::MAX;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Returns what the socket took, as text. The reader is woken when it takes more.
    pub(super) fn read(&self, cx: &Context<'_>) -> String {
        let mut state = self.lock();
        state.reader = Some(cx.waker().clone());
        String::from_utf8_lossy(&state.bytes).into_owned()
    }

    /// Returns what the socket took, as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock().bytes).into_owned()
    }

    fn lock(&self) -> MutexGuard<'_, WireState> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl WriteHalf {
    #[expect(clippy::unused_self, reason = "the real one looks")]
    pub(super) fn max_datagram(&self) -> Option<usize> {
        None
    }
}

impl AsyncWrite for WriteHalf {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock();
        let taken = bytes.len().min(state.space);
        if taken == 0 && state.breaks {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if taken == 0 {
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        state.space -= taken;
        state.bytes.extend(bytes.iter().take(taken));
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
