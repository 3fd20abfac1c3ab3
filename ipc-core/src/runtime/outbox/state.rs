//! What an outbox keeps under its lock.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use ipc_transport::WriteHalf;
use tokio::io::AsyncWrite;

use super::Want;
use crate::error::Error;
use crate::protocol::connection::backpressure::Pause;
use crate::protocol::queue::{QueueLimit, SendQueue};
use crate::runtime::clock;

#[derive(Debug)]
pub(super) struct State {
    pub(super) queue: SendQueue,
    pub(super) writer: Option<WriteHalf>,
    pub(super) want: Want,
    /// Whether nothing can be emitted any more.
    pub(super) closed: bool,
    /// Whether the last write found the socket full. Invariant: while set, only the connection's
    /// task writes, since the last one to poll is the one that is woken.
    pub(super) blocked: bool,
    /// Whether the connection's task handles messages right now, and writes when it is done.
    pub(super) corked: bool,
    /// Whether a caller has written since the connection's task last ran: what comes now is a
    /// burst, and gathers.
    pub(super) busy: bool,
    /// Whether something gathered since the connection's task last ran.
    pub(super) gathered: bool,
    /// When the queue is written at the latest, with [`FlushPolicy::Within`].
    pub(super) flush_at: Option<Instant>,
    pub(super) overflow: Option<QueueLimit>,
    /// Whether the answers that wait keep the peer from being read from.
    pub(super) pause: Pause,
    /// How many bytes were written so far.
    pub(super) written: u64,
    /// Since when the socket has been full and has taken nothing.
    pub(super) full_since: Option<Instant>,
    /// Whether the peer has read nothing for so long that nobody waits for it.
    pub(super) stalled: bool,
    /// How many callers wait for a change.
    pub(super) waiting: usize,
    /// The connection's task, while it sleeps.
    pub(super) driver: Option<Waker>,
    pub(super) undelivered: Vec<Bytes>,
    /// Why datagrams could not be sent, for the connection's task to tell. No more than
    /// `MAX_REFUSED`: the queue counts them all.
    pub(super) refused: Vec<Error>,
}

impl State {
    pub(super) fn new(queue: SendQueue, pause: Pause) -> Self {
        Self {
            queue,
            writer: None,
            want: Want::Open,
            closed: false,
            blocked: false,
            corked: false,
            busy: false,
            gathered: false,
            flush_at: None,
            overflow: None,
            pause,
            written: 0,
            full_since: None,
            stalled: false,
            waiting: 0,
            driver: None,
            undelivered: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Writes what waits, until nothing does or the socket is full, and flushes the writer.
    pub(super) fn write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(writer) = &mut self.writer else { return Poll::Ready(Ok(())) };
        let datagrams = writer.max_datagram().is_some();
        loop {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let used = self.queue.gather(&mut slices);
            let slices = slices.get(..used).unwrap_or_default();
            let written = match slices {
                [] => return self.flush_writer(cx),
                [one] => Pin::new(&mut *writer).poll_write(cx, one),
                many => Pin::new(&mut *writer).poll_write_vectored(cx, many),
            };
            match written {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(n)) => {
                    self.queue.advance(n);
                    self.written = self.written.wrapping_add(n as u64);
                    (self.full_since, self.stalled) = (None, false);
                }
                // It concerns this one; the next may be shorter, or the network back.
                Poll::Ready(Err(source)) if datagrams => {
                    let bytes = self.queue.drop_first();
                    if self.refused.len() < MAX_REFUSED {
                        self.refused.push(Error::Datagram { bytes, source });
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.full_since.get_or_insert_with(clock::now);
                    return Poll::Pending;
                }
            }
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

/// How many errors of datagrams wait to be told at the most.
const MAX_REFUSED: usize = 64;

/// The slices of one write: beyond this many a system call costs more than it saves.
const SLICES: usize = 16;
