//! A connected pipe and its halves: bytes in both directions until either side closes both.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::windows::named_pipe::{NamedPipeClient, NamedPipeServer};

use super::instance::is_cut_off;
use super::sys;
use crate::stream::forward::{forward_read, forward_write};

/// Either end of a connected pipe.
#[derive(Debug)]
pub(super) enum Pipe {
    Server(NamedPipeServer),
    Client(NamedPipeClient),
}

/// A connected pipe.
#[derive(Debug)]
pub(crate) struct PipeStream {
    reader: PipeReader,
    writer: PipeWriter,
}

/// The half of a pipe that reads.
#[derive(Debug)]
pub(crate) struct PipeReader(Arc<Mutex<SharedPipe>>);

/// The half of a pipe that writes; dropping it closes the pipe.
#[derive(Debug)]
pub(crate) struct PipeWriter(Arc<Mutex<SharedPipe>>);

#[derive(Debug)]
struct SharedPipe {
    /// `None` once we have closed it.
    pipe: Option<Pipe>,
    /// The other side has closed the pipe; what it wrote may not have been read yet.
    closing: bool,
    /// The other side has closed the pipe and everything was read.
    ended: bool,
    /// The reader to wake when we close the pipe: the system does not.
    reader: Option<Waker>,
}

/// Calls a method that both ends of a pipe have.
macro_rules! each_end {
    ($pipe:expr, $io:ident => $call:expr) => {
        match $pipe {
            Pipe::Server($io) => $call,
            Pipe::Client($io) => $call,
        }
    };
}

impl PipeStream {
    pub(super) fn new(pipe: Pipe) -> Self {
        let state = SharedPipe { pipe: Some(pipe), closing: false, ended: false, reader: None };
        let state = Arc::new(Mutex::new(state));
        Self { reader: PipeReader(Arc::clone(&state)), writer: PipeWriter(state) }
    }

    pub(crate) fn into_split(self) -> (PipeReader, PipeWriter) {
        (self.reader, self.writer)
    }
}

impl SharedPipe {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let Some(pipe) = self.pipe.as_ref().filter(|_| !self.ended) else {
                return Poll::Ready(Ok(()));
            };
            let Poll::Ready(ready) = each_end!(pipe, io => io.poll_read_ready(cx)) else {
                self.remember(cx);
                return Poll::Pending;
            };
            ready?;
            let unfilled = buf.initialize_unfilled();
            match each_end!(pipe, io => io.try_read(unfilled)) {
                // An end, or an empty write, which is not one. After the end every further read
                // finds it again, and that proves that no read was under way that found bytes.
                Ok(0) if self.closing => self.ended = true,
                Ok(0) => self.closing = each_end!(pipe, io => sys::is_broken(io)),
                Ok(count) => {
                    buf.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if is_cut_off(&error) => {
                    return Poll::Ready(Err(io::Error::new(ErrorKind::ConnectionReset, error)));
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Hands bytes to the system, which writes them by itself from here on.
    ///
    /// tokio keeps them until they are written, and is writable again when they are. So that this
    /// shows, it counts as not writable from before they are handed over.
    fn poll_write(
        &self,
        cx: &mut Context<'_>,
        write: impl Fn(&Pipe) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.poll_written(cx))?;
            let pipe = self.pipe.as_ref().ok_or(ErrorKind::BrokenPipe)?;
            let mut written = Err(ErrorKind::WouldBlock.into());
            let _ = each_end!(pipe, io => io.try_io(Interest::WRITABLE, || {
                written = write(pipe);
                Err::<(), _>(ErrorKind::WouldBlock.into())
            }));
            match written {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if is_cut_off(&error) => {
                    return Poll::Ready(Err(io::Error::new(ErrorKind::BrokenPipe, error)));
                }
                written => return Poll::Ready(written),
            }
        }
    }

    /// Ready when the pipe has taken everything that was written, or is closed.
    ///
    /// On a runtime of several threads an older event may come in between and show it ready too
    /// early, see docs/platforms.md; a write then finds it busy, and waits.
    fn poll_written(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.pipe {
            Some(pipe) => each_end!(pipe, io => io.poll_write_ready(cx)),
            None => Poll::Ready(Ok(())),
        }
    }

    fn remember(&mut self, cx: &Context<'_>) {
        match &mut self.reader {
            Some(waker) => waker.clone_from(cx.waker()),
            None => self.reader = Some(cx.waker().clone()),
        }
    }
}

/// Closes the pipe and wakes the reader.
fn close(mut state: MutexGuard<'_, SharedPipe>) {
    // What is still being written is written all the same, while the runtime lives.
    let (pipe, reader) = (state.pipe.take(), state.reader.take());
    drop(state);
    drop(pipe);
    if let Some(reader) = reader {
        reader.wake();
    }
}

fn lock(state: &Mutex<SharedPipe>) -> MutexGuard<'_, SharedPipe> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AsyncRead for PipeReader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        lock(&self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for PipeWriter {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        // The other side could not tell a write of nothing from an end.
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let part = buf.get(..MAX_WRITE).unwrap_or(buf);
        lock(&self.0).poll_write(cx, |pipe| each_end!(pipe, io => io.try_write(part)))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut size = 0_usize;
        let fits = |buf: &&IoSlice<'_>| {
            size = size.saturating_add(buf.len());
            size <= MAX_WRITE
        };
        let (whole, rest) = bufs.split_at(bufs.iter().take_while(fits).count());
        if whole.iter().all(|buf| buf.is_empty()) {
            return self.poll_write(cx, rest.first().map_or(&[], |buf| buf));
        }
        lock(&self.0).poll_write(cx, |pipe| each_end!(pipe, io => io.try_write_vectored(whole)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.0).poll_written(cx)
    }

    /// Closes both directions as soon as the pipe has taken everything: what it has, the other side
    /// can read after that, too.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let state = lock(&self.0);
        let written = ready!(state.poll_written(cx));
        close(state);
        Poll::Ready(written)
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        close(lock(&self.0));
    }
}

forward_read!(PipeStream, this => this.reader);
forward_write!(PipeStream, this => this.writer);

/// As much as a pipe's buffer holds by default: bytes count as written from here on, and no more of
/// them should be on their way than a socket would hold.
const MAX_WRITE: usize = 64 * 1024;
