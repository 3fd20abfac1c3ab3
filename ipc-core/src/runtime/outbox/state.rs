//! What an outbox keeps under its lock.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::AsyncWrite;

use super::Want;
use super::primitives::WriteHalf;
use super::writing::{Action, Event, Writing};
use crate::error::Error;
use crate::protocol::connection::backpressure::Pause;
use crate::protocol::queue::{QueueLimit, SendQueue, crowd};
use crate::runtime::{clock, spares};

#[derive(Debug)]
pub(super) struct OutboxState {
    pub(super) queue: SendQueue,
    pub(super) writer: Option<WriteHalf>,
    /// Why a caller's write failed, for the connection's task to report: the system says it once.
    pub(super) failed: Option<io::Error>,
    pub(super) writing: Writing,
    pub(super) want: Want,
    /// Whether a connection is made and the program knows of it, but its socket is not here yet.
    pub(super) is_coming: bool,
    /// When the queue is written at the latest, with [`FlushPolicy::Within`](crate::FlushPolicy).
    pub(super) flush_at: Option<Instant>,
    /// The limit that ended the connection, if one did.
    pub(super) overflow: Option<QueueLimit>,
    /// Whether the answers that wait keep the peer from being read from.
    pub(super) pause: Pause,
    pub(super) progress: Progress,
    /// How many callers wait for a change.
    pub(super) waiting: usize,
    /// The connection's task, while it sleeps.
    pub(super) driver: Option<Waker>,
    pub(super) undelivered: Vec<Bytes>,
    /// Why datagrams could not be sent, for the connection's task to report. No more than
    /// `MAX_REFUSED`: the queue counts them all.
    pub(super) refused: Vec<Error>,
}

/// What the peer has read, as far as the socket shows it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// How many bytes were written so far, over all connections.
    pub(super) written: u64,
    /// Since when the socket has been full and has taken nothing.
    pub(super) full_since: Option<Instant>,
    /// Whether a sender's patience with this peer is over: no sender waits for it until it reads
    /// again.
    pub(super) stalled: bool,
    /// Whether it has read nothing for so long that senders fill the queue.
    pub(super) idle: bool,
}

impl Progress {
    /// Counts `n` bytes more as written: the peer reads.
    fn advance(&mut self, n: usize) {
        self.written = self.written.wrapping_add(n as u64);
        self.restart();
    }

    /// Forgets what the peer did not read.
    pub(super) fn restart(&mut self) {
        (self.full_since, self.stalled, self.idle) = (None, false, false);
    }

    /// Returns until when senders leave the queue to a socket that is full, if they do.
    pub(super) fn eases_until(&self) -> Option<Instant> {
        if self.idle { None } else { crowd::eases_at(self.full_since?, None) }
    }

    /// Returns until when a sender does, for which a peer stalls that takes nothing for `patience`.
    pub(super) fn eases_within(&self, patience: Option<Duration>) -> Option<Instant> {
        if self.idle || self.stalled { None } else { crowd::eases_at(self.full_since?, patience) }
    }
}

impl OutboxState {
    pub(super) fn new(queue: SendQueue, pause: Pause) -> Self {
        Self {
            queue,
            writer: None,
            failed: None,
            writing: Writing::Detached,
            want: Want::Open,
            is_coming: false,
            flush_at: None,
            overflow: None,
            pause,
            progress: Progress::default(),
            waiting: 0,
            driver: None,
            undelivered: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Handles an event and returns what has to be done.
    #[inline]
    pub(super) fn on(&mut self, event: Event) -> Action {
        let (writing, action) = self.writing.on(event);
        self.writing = writing;
        action
    }

    /// Gives the queue a spare buffer, if it has released its own.
    #[inline]
    pub(super) fn lend_buffer(&mut self) {
        if let Some(size) = self.queue.wants_buffer() {
            self.queue.lend(spares::take(size));
        }
    }

    /// Leaves the buffer of an empty queue to other connections: this one is about to be idle.
    #[inline]
    pub(super) fn release_buffer(&mut self) {
        spares::give(self.queue.release(IDLE_BYTES));
    }

    /// Returns whether messages are accepted.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.writing != Writing::Closed && self.want == Want::Open
    }

    /// Returns whether so much waits for a full socket that a sender does better to wait, too: for a peer that reads.
    #[inline]
    pub(super) fn is_crowded(&self) -> bool {
        self.writing == Writing::Blocked
            && crowd::is_crowd(self.queue.bytes())
            && !self.progress.idle
            && self.is_open()
    }

    /// Returns whether a sender waits for space for this frame: the peer has not stalled.
    #[inline]
    pub(super) fn is_worth_waiting_for(&self, frame: &Bytes) -> bool {
        self.queue.is_full_for(frame.len()) && !self.progress.stalled && self.is_open()
    }

    /// Returns whether there is no connection, and may be one later.
    pub(super) fn is_detached(&self) -> bool {
        self.writing == Writing::Detached && !self.is_coming
    }

    /// Returns whether everything is written, and passed on by a writer that keeps bytes itself.
    pub(super) fn is_drained(&self) -> bool {
        self.queue.is_empty() && self.writing != Writing::Blocked
    }

    /// Writes what the socket takes, from a caller that no socket wakes. Returns whether that was
    /// everything. An error is kept for the connection's task.
    pub(super) fn write_now(&mut self) -> bool {
        let waker = Waker::noop();
        // What else this task has done does not keep it from writing.
        let written = tokio::task::coop::unconstrained(std::future::poll_fn(|_| {
            self.write(&mut Context::from_waker(waker))
        }));
        let written = pin!(written).poll(&mut Context::from_waker(waker));
        match written {
            Poll::Ready(Ok(())) => true,
            Poll::Ready(Err(error)) => {
                self.failed.get_or_insert(error);
                false
            }
            Poll::Pending => false,
        }
    }

    /// Writes what waits, until nothing does or the socket is full, and flushes the writer.
    pub(super) fn write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(writer) = &mut self.writer else { return Poll::Ready(Ok(())) };
        loop {
            let written = match self.queue.one_run() {
                Some([]) => return self.flush_writer(cx),
                Some(run) => Pin::new(&mut *writer).poll_write(cx, run),
                None => match write_parts(&self.queue, writer, cx) {
                    Some(written) => written,
                    None => return self.flush_writer(cx),
                },
            };
            match written {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(n)) => {
                    self.queue.advance(n);
                    self.progress.advance(n);
                }
                // It concerns this one; the next may be shorter, or the network back.
                Poll::Ready(Err(source)) if writer.max_datagram().is_some() => {
                    let bytes = self.queue.drop_first();
                    if self.refused.len() < MAX_REFUSED {
                        self.refused.push(Error::Datagram { bytes, source });
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.progress.full_since.get_or_insert_with(clock::now);
                    return Poll::Pending;
                }
            }
        }
    }

    /// Does what a turn of the connection's task has to: finishes what a full socket left, and
    /// writes what waits.
    #[inline]
    pub(super) fn write_due(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.queue.is_held() {
            self.write(cx)
        } else if self.writing == Writing::Blocked {
            self.flush_writer(cx)
        } else {
            Poll::Ready(Ok(()))
        }
    }

    /// Makes the writer pass on what it keeps itself: TLS has records to finish, and without this
    /// the last of them would wait for the next message.
    pub(super) fn flush_writer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.writer {
            Some(writer) => Pin::new(writer).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

/// Writes what can be written now of a queue that is not one run of bytes; `None` if nothing can.
#[inline(never)]
fn write_parts(
    queue: &SendQueue,
    writer: &mut WriteHalf,
    cx: &mut Context<'_>,
) -> Option<Poll<io::Result<usize>>> {
    let mut slices = [IoSlice::new(&[]); SLICES];
    let used = queue.gather(&mut slices);
    match slices.get(..used).unwrap_or_default() {
        [] => None,
        [one] => Some(Pin::new(writer).poll_write(cx, one)),
        many => Some(Pin::new(writer).poll_write_vectored(cx, many)),
    }
}

/// An idle connection keeps a send buffer of this many bytes at the most.
const IDLE_BYTES: usize = 1024;

/// How many errors of datagrams are kept at the most.
const MAX_REFUSED: usize = 64;

/// The slices of one write: beyond this many a system call costs more than it saves.
const SLICES: usize = 16;
