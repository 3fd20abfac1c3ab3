//! `PeerTable`: who sent datagrams lately, and what of theirs waits to be read. No socket, no
//! clock.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;

use super::limits::{UdpLimits, UdpStats};

/// The peers of one UDP socket, each with the datagrams that wait for its stream.
///
/// A peer is in it from its first datagram, or from the moment a stream to it is opened, until it
/// was silent for too long, has to make room for another, or its stream is gone.
///
/// Invariants: no more peers than allowed; `queued` is the sum over the peers, and within its
/// limit; `order` has each peer once, the one that was quiet longest first; a peer in `waiting` is
/// in `peers`.
#[derive(Debug)]
pub(crate) struct PeerTable {
    limits: UdpLimits,
    peers: HashMap<SocketAddr, Entry>,
    order: BTreeMap<u64, SocketAddr>,
    /// The peers whose stream was not accepted yet, oldest first.
    waiting: BTreeMap<u64, SocketAddr>,
    /// What all waiting datagrams cost, in bytes.
    queued: usize,
    /// The next number, for the order and for slots. They never come again.
    next: u64,
    closed: bool,
    stats: UdpStats,
}

/// What the table keeps of one peer.
#[derive(Debug)]
struct Entry {
    /// The stream that may read: the latest one made for this address.
    slot: u64,
    /// The peer's position in the order, and since when.
    rank: u64,
    since: Instant,
    /// Whether we were the ones to begin.
    opened: bool,
    received: u64,
    sent: u64,
    datagrams: VecDeque<Bytes>,
    queued: usize,
    reader: Option<Waker>,
}

/// The readers to be woken, once no lock is held.
pub(crate) type Wakers = Vec<Waker>;

/// More bytes than an address may be sent before more comes from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amplified {
    pub(crate) limit: u64,
    pub(crate) actual: u64,
}

impl PeerTable {
    pub(crate) fn new(limits: UdpLimits) -> Self {
        Self {
            limits,
            peers: HashMap::new(),
            order: BTreeMap::new(),
            waiting: BTreeMap::new(),
            queued: 0,
            next: 0,
            closed: false,
            stats: UdpStats::default(),
        }
    }

    /// Takes a datagram in. Returns whether a newcomer waits to be accepted.
    pub(crate) fn hear(
        &mut self,
        from: SocketAddr,
        datagram: &[u8],
        now: Instant,
        wake: &mut Wakers,
    ) -> bool {
        self.expire(now, wake);
        if datagram.is_empty() {
            // An empty one neither ends a stream nor makes a stranger a peer.
            self.touch(from, now);
            return false;
        }
        let is_new = !self.peers.contains_key(&from);
        if is_new {
            let slot = self.enter(from, false, now, wake);
            self.waiting.insert(slot, from);
        } else {
            self.touch(from, now);
        }
        let Some(peer) = self.peers.get_mut(&from) else { return is_new };
        peer.received = peer.received.saturating_add(datagram.len() as u64);
        let cost = cost(datagram);
        if peer.queued.saturating_add(cost) > self.limits.peer_bytes
            || self.queued.saturating_add(cost) > self.limits.total_bytes
        {
            self.stats.overflowed += 1;
            return is_new;
        }
        peer.datagrams.push_back(Bytes::copy_from_slice(datagram));
        peer.queued += cost;
        self.queued += cost;
        wake.extend(peer.reader.take());
        is_new
    }

    /// Returns the slot of a stream to this address, ours from now on: a stream that had it before
    /// has ended. Datagrams that were not read yet stay.
    pub(crate) fn open(&mut self, to: SocketAddr, now: Instant, wake: &mut Wakers) -> u64 {
        self.expire(now, wake);
        let slot = self.number();
        match self.peers.get_mut(&to) {
            Some(peer) => {
                self.waiting.remove(&peer.slot);
                peer.slot = slot;
                wake.extend(peer.reader.take());
                slot
            }
            None => self.enter(to, true, now, wake),
        }
    }

    /// Returns the next newcomer and its slot.
    pub(crate) fn accept(&mut self) -> Option<(SocketAddr, u64)> {
        self.waiting.pop_first().map(|(slot, from)| (from, slot))
    }

    /// Returns the next datagram of a slot; `None` when its stream has ended.
    pub(crate) fn poll_read(
        &mut self,
        of: SocketAddr,
        slot: u64,
        cx: &Context<'_>,
    ) -> Poll<Option<Bytes>> {
        let Some(peer) = self.peers.get_mut(&of).filter(|peer| peer.slot == slot) else {
            return Poll::Ready(None);
        };
        if let Some(datagram) = peer.datagrams.pop_front() {
            let cost = cost(&datagram);
            peer.queued -= cost;
            self.queued -= cost;
            return Poll::Ready(Some(datagram));
        }
        if self.closed {
            return Poll::Ready(None);
        }
        match &mut peer.reader {
            Some(reader) => reader.clone_from(cx.waker()),
            reader => *reader = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Counts bytes about to be sent to a slot's address, if they may be.
    pub(crate) fn send(
        &mut self,
        to: SocketAddr,
        slot: u64,
        bytes: usize,
    ) -> Result<(), Amplified> {
        let Some(factor) = self.limits.amplification else { return Ok(()) };
        let peer = self.peers.get_mut(&to).filter(|peer| peer.slot == slot);
        let (received, sent) = match &peer {
            Some(peer) if peer.opened => return Ok(()),
            Some(peer) => (peer.received, peer.sent),
            // It has been silent for so long that what it sent counts no more.
            None => (0, 0),
        };
        let limit = received.saturating_mul(factor.get().into());
        let actual = sent.saturating_add(bytes as u64);
        if actual > limit {
            self.stats.amplified += 1;
            return Err(Amplified { limit, actual });
        }
        if let Some(peer) = peer {
            peer.sent = actual;
        }
        Ok(())
    }

    /// Gives a slot up: its stream ends, and the peer is a stranger again.
    pub(crate) fn leave(&mut self, who: SocketAddr, slot: u64, wake: &mut Wakers) {
        if self.peers.get(&who).is_some_and(|peer| peer.slot == slot) {
            self.remove(who, wake);
        }
    }

    /// Forgets the peers that were silent for too long.
    pub(crate) fn expire(&mut self, now: Instant, wake: &mut Wakers) {
        while self.next_expiry().is_some_and(|at| at <= now) {
            let Some((_, &oldest)) = self.order.first_key_value() else { return };
            self.stats.expired += 1;
            self.remove(oldest, wake);
        }
    }

    /// Returns when the next peer will have been silent for too long.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        let (_, oldest) = self.order.first_key_value()?;
        self.peers.get(oldest)?.since.checked_add(self.limits.idle)
    }

    /// Ends every stream as soon as its backlog is read, and takes no new peers.
    pub(crate) fn close(&mut self, wake: &mut Wakers) {
        self.closed = true;
        wake.extend(self.peers.values_mut().filter_map(|peer| peer.reader.take()));
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Returns the counts so far.
    pub(crate) fn stats(&self) -> UdpStats {
        UdpStats { peers: self.peers.len(), queued: self.queued, ..self.stats }
    }

    fn enter(&mut self, who: SocketAddr, opened: bool, now: Instant, wake: &mut Wakers) -> u64 {
        while self.peers.len() >= self.limits.peers.get() {
            let Some((_, &oldest)) = self.order.first_key_value() else { break };
            self.stats.evicted += 1;
            self.remove(oldest, wake);
        }
        let (slot, rank) = (self.number(), self.number());
        let entry = Entry {
            slot,
            rank,
            since: now,
            opened,
            received: 0,
            sent: 0,
            datagrams: VecDeque::new(),
            queued: 0,
            reader: None,
        };
        self.peers.insert(who, entry);
        self.order.insert(rank, who);
        slot
    }

    /// Renews the time at which a peer was last heard from, if it is known.
    fn touch(&mut self, who: SocketAddr, now: Instant) {
        let rank = self.number();
        if let Some(peer) = self.peers.get_mut(&who) {
            self.order.remove(&peer.rank);
            self.order.insert(rank, who);
            (peer.rank, peer.since) = (rank, now);
        }
    }

    fn remove(&mut self, who: SocketAddr, wake: &mut Wakers) {
        let Some(peer) = self.peers.remove(&who) else { return };
        self.order.remove(&peer.rank);
        self.waiting.remove(&peer.slot);
        self.queued -= peer.queued;
        self.stats.unread += peer.datagrams.len() as u64;
        wake.extend(peer.reader);
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

/// What a waiting datagram costs: its bytes, and what keeping it takes beside them, or tiny ones
/// would be free.
fn cost(datagram: &[u8]) -> usize {
    datagram.len().saturating_add(BOOKKEEPING)
}

/// About what the allocation and the place in the queue of one datagram take, in bytes.
pub(crate) const BOOKKEEPING: usize = 64;
