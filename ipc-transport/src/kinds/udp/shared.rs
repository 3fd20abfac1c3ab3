//! `Shared`: a bound UDP socket with the table of its peers, and the task that reads for all.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tokio::sync::Notify;
use tokio::time::Sleep;

use super::datagram::{RECEIVE, check_family, is_refusal};
use super::limits::{UdpLimits, UdpStats};
use super::stream::{Slot, UdpStream};
use super::table::{Amplified, PeerTable, Wakers};
use crate::{Endpoint, PeerInfo, Stream, TransportError};

/// What a listener, its streams and its reading task share.
pub(crate) struct Shared {
    place: Place,
    state: Mutex<PortState>,
    /// Notified when a peer waits to be accepted, or reading failed.
    pub(super) news: Notify,
    /// The reading side; `None` once the listener is closed. The task that reads keeps no other
    /// hold of the socket, so that the port is free as soon as the listener and its streams are
    /// gone.
    receiving: Mutex<Option<Receiving>>,
}

/// Where the socket is bound, and how.
pub(super) struct Place {
    pub(super) endpoint: Endpoint,
    pub(super) local: SocketAddr,
    /// Whether it may send to a broadcast address.
    pub(super) broadcast: bool,
}

struct PortState {
    table: PeerTable,
    truncated: u64,
    refused: u64,
    /// Why reading failed, for the next accept.
    failure: Option<io::Error>,
    /// The task that reads, which also forgets peers in time.
    worker: Option<Waker>,
}

struct Receiving {
    socket: Arc<UdpSocket>,
    buffer: Box<[u8]>,
}

impl Shared {
    pub(super) fn new(place: Place, socket: UdpSocket, limits: UdpLimits) -> Self {
        let table = PeerTable::new(limits);
        let receiving =
            Receiving { socket: Arc::new(socket), buffer: vec![0; RECEIVE].into_boxed_slice() };
        Self {
            place,
            state: Mutex::new(PortState {
                table,
                truncated: 0,
                refused: 0,
                failure: None,
                worker: None,
            }),
            news: Notify::new(),
            receiving: Mutex::new(Some(receiving)),
        }
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        self.place.endpoint.clone()
    }

    /// Returns whether a datagram may go to a broadcast address.
    pub(super) const fn may_broadcast(&self) -> bool {
        self.place.broadcast
    }

    pub(super) fn stats(&self) -> UdpStats {
        let state = self.state();
        let (truncated, refused) = (state.truncated, state.refused);
        UdpStats { truncated, refused, ..state.table.stats() }
    }

    /// Returns the next stream to accept, or why reading failed.
    pub(super) fn next(self: &Arc<Self>) -> io::Result<Option<Stream>> {
        let mut state = self.state();
        if let Some(failure) = state.failure.take() {
            return Err(failure);
        }
        let Some((from, slot)) = state.table.accept() else { return Ok(None) };
        drop(state);
        Ok(self.stream(from, slot))
    }

    /// Returns a stream to an address, from this socket.
    pub(super) fn open(self: &Arc<Self>, to: SocketAddr) -> Result<Stream, TransportError> {
        check_family(&self.place.endpoint, to)?;
        let slot = self.with_table(|table, wake| {
            if table.is_closed() { None } else { Some(table.open(to, now(), wake)) }
        });
        let worker = self.state().worker.take();
        if let Some(worker) = worker {
            worker.wake();
        }
        slot.and_then(|slot| self.stream(to, slot)).ok_or_else(|| TransportError::Io {
            endpoint: self.endpoint(),
            op: "open",
            source: io::ErrorKind::NotConnected.into(),
        })
    }

    fn stream(self: &Arc<Self>, remote: SocketAddr, slot: u64) -> Option<Stream> {
        let socket = self.receiving().as_ref().map(|receiving| Arc::clone(&receiving.socket));
        let Some(socket) = socket else {
            self.leave(remote, slot);
            return None;
        };
        let info = PeerInfo::new(self.endpoint()).with_remote(remote).with_local(self.place.local);
        let slot = Slot { socket, shared: Arc::clone(self), remote, number: slot };
        Some(Stream::new(UdpStream::in_slot(slot), info))
    }

    pub(super) fn poll_read(
        &self,
        of: SocketAddr,
        slot: u64,
        cx: &Context<'_>,
    ) -> Poll<Option<bytes::Bytes>> {
        self.state().table.poll_read(of, slot, cx)
    }

    pub(super) fn may_send(
        &self,
        to: SocketAddr,
        slot: u64,
        bytes: usize,
    ) -> Result<(), Amplified> {
        self.state().table.send(to, slot, bytes)
    }

    pub(super) fn leave(&self, who: SocketAddr, slot: u64) {
        self.with_table(|table, wake| table.leave(who, slot, wake));
    }

    pub(super) fn note_refusal(&self) {
        self.state().refused += 1;
    }

    /// Ends reading; the streams end when what waits for them is read.
    pub(super) fn close(&self) {
        let receiving = self.receiving().take();
        self.with_table(|table, wake| table.close(wake));
        drop(receiving);
    }

    /// Reads what has come and forgets who has been silent for too long. Ready when the listener
    /// is closed.
    pub(super) fn poll_work(
        &self,
        cx: &mut Context<'_>,
        timer: &mut Option<Pin<Box<Sleep>>>,
    ) -> Poll<()> {
        self.state().worker = Some(cx.waker().clone());
        let received = self.poll_receive(cx);
        if received == Received::Closed {
            return Poll::Ready(());
        }
        if received == Received::Failed {
            // Trying again at once would spin.
            *timer = Some(Box::pin(tokio::time::sleep(PAUSE)));
        }
        loop {
            if let Some(sleep) = timer {
                // It may be early, since peers that talk last longer; then it is set again.
                if sleep.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                *timer = None;
                if received == Received::Failed {
                    cx.waker().wake_by_ref();
                }
            }
            let next = self.with_table(|table, wake| {
                table.expire(now(), wake);
                table.next_expiry()
            });
            let Some(at) = next else { return Poll::Pending };
            *timer = Some(Box::pin(tokio::time::sleep_until(at.into())));
        }
    }

    fn poll_receive(&self, cx: &mut Context<'_>) -> Received {
        let mut guard = self.receiving();
        let Some(Receiving { socket, buffer }) = guard.as_mut() else { return Received::Closed };
        for _ in 0..BATCH {
            let mut read = ReadBuf::new(buffer);
            match socket.poll_recv_from(cx, &mut read) {
                Poll::Pending => return Received::All,
                Poll::Ready(Ok(from)) => self.hear(from, read.filled()),
                Poll::Ready(Err(error)) if is_refusal(&error) => self.note_refusal(),
                Poll::Ready(Err(error)) => {
                    self.state().failure = Some(error);
                    self.news.notify_one();
                    return Received::Failed;
                }
            }
        }
        // The streams are polled before the rest is read.
        cx.waker().wake_by_ref();
        Received::All
    }

    fn hear(&self, from: SocketAddr, datagram: &[u8]) {
        if datagram.len() >= RECEIVE {
            self.state().truncated += 1;
            return;
        }
        if self.with_table(|table, wake| table.hear(from, datagram, now(), wake)) {
            self.news.notify_one();
        }
    }

    /// Works on the table, and wakes the tasks concerned once the lock is free.
    fn with_table<T>(&self, work: impl FnOnce(&mut PeerTable, &mut Wakers) -> T) -> T {
        let mut wake = Wakers::new();
        let result = work(&mut self.state().table, &mut wake);
        wake.into_iter().for_each(Waker::wake);
        result
    }

    fn state(&self) -> MutexGuard<'_, PortState> {
        // Nothing in there calls foreign code, so nothing is left half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn receiving(&self) -> MutexGuard<'_, Option<Receiving>> {
        self.receiving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("endpoint", &self.place.endpoint).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Received {
    /// What there was, or a batch; the task is woken when there is more.
    All,
    Failed,
    Closed,
}

/// Returns the time now, as the runtime sees it: a paused runtime has a paused clock.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// How many datagrams are read before the streams are polled.
const BATCH: usize = 64;

/// How long reading pauses after an unexpected error.
const PAUSE: Duration = Duration::from_millis(10);
