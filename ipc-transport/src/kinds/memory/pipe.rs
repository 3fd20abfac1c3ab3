//! One direction of a memory stream: a bounded queue of bytes with a waker for each end.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop;

/// The end bytes come out of. Dropping it makes the writer see a broken pipe.
#[derive(Debug)]
pub(crate) struct Reader(Arc<Pipe>);

/// The end bytes go into. Dropping it, like shutting it down, ends the reader's stream.
#[derive(Debug)]
pub(crate) struct Writer(Arc<Pipe>);

/// Returns both ends of a new pipe that holds at most `capacity` bytes.
pub(crate) fn pipe(capacity: NonZeroUsize) -> (Reader, Writer) {
    let pipe = Arc::new(Pipe { capacity: capacity.get(), state: Mutex::default() });
    (Reader(Arc::clone(&pipe)), Writer(pipe))
}

impl AsyncRead for Reader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // A pipe that is never empty would otherwise keep its task from ever yielding.
        let budget = ready!(coop::poll_proceed(cx));
        let mut state = self.0.lock();
        if buf.remaining() > 0 && state.bytes.is_empty() && !state.writer_gone {
            let replaced = remember(&mut state.reader, cx);
            drop(state);
            drop(replaced);
            return Poll::Pending;
        }
        budget.made_progress();
        let room = buf.remaining().min(state.bytes.len());
        // Two slices at the most. Put and not read, so that the target is not zeroed first.
        let (first, second) = state.bytes.as_slices();
        let from_first = room.min(first.len());
        for part in [first.get(..from_first), second.get(..room - from_first)] {
            buf.put_slice(part.unwrap_or_default());
        }
        state.bytes.drain(..room);
        if state.bytes.is_empty() && state.bytes.capacity() > KEPT_WHEN_EMPTY {
            state.bytes = VecDeque::new();
        }
        let writer = if room > 0 { state.writer.take() } else { None };
        drop(state);
        wake(writer);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let budget = ready!(coop::poll_proceed(cx));
        let mut state = self.0.lock();
        if state.reader_gone || state.writer_gone {
            budget.made_progress();
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = self.0.capacity - state.bytes.len();
        if room == 0 && bufs.iter().any(|buf| !buf.is_empty()) {
            let replaced = remember(&mut state.writer, cx);
            drop(state);
            drop(replaced);
            return Poll::Pending;
        }
        budget.made_progress();
        let mut copied = 0;
        for buf in bufs {
            let part = buf.get(..buf.len().min(room - copied)).unwrap_or_default();
            state.bytes.extend(part);
            copied += part.len();
        }
        let reader = if copied > 0 { state.reader.take() } else { None };
        drop(state);
        wake(reader);
        Poll::Ready(Ok(copied))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.end_writing();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.reader_gone = true;
        state.bytes = VecDeque::new();
        let writer = state.writer.take();
        drop(state);
        wake(writer);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.end_writing();
    }
}

#[derive(Debug)]
struct Pipe {
    capacity: usize,
    state: Mutex<Buffer>,
}

#[derive(Debug, Default)]
struct Buffer {
    /// Invariant: never longer than the pipe's capacity; empty once the reader is gone.
    bytes: VecDeque<u8>,
    reader: Option<Waker>,
    writer: Option<Waker>,
    reader_gone: bool,
    writer_gone: bool,
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, Buffer> {
        // No code panics while it holds the lock, and the state is whole between statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end_writing(&self) {
        let mut state = self.lock();
        state.writer_gone = true;
        let reader = state.reader.take();
        drop(state);
        wake(reader);
    }
}

/// Puts the task's waker into the slot and returns the one it replaces, to be dropped outside
/// the lock: it may own a task that owns the other end.
fn remember(slot: &mut Option<Waker>, cx: &Context<'_>) -> Option<Waker> {
    match slot {
        Some(waker) if waker.will_wake(cx.waker()) => None,
        _ => slot.replace(cx.waker().clone()),
    }
}

/// Wakes outside the lock, since a waker may run the other end at once.
fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// An emptied buffer above this many bytes is given back, so an idle stream holds next to none.
const KEPT_WHEN_EMPTY: usize = 1024;
