//! The table of peers against a naive model, and what has to be woken.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::limits::UdpLimits;
use super::table::{Amplified, BOOKKEEPING, PeerTable};

/// A peer as the model has it; the model is a list of them, the one quiet longest first.
#[derive(Debug, Clone)]
struct Peer {
    who: SocketAddr,
    slot: u64,
    since: Instant,
    opened: bool,
    /// When it came among all, while it is not accepted.
    waiting: Option<u64>,
    received: u64,
    sent: u64,
    datagrams: Vec<Vec<u8>>,
}

#[derive(Debug, Clone)]
enum Step {
    Hear { who: u16, len: usize },
    Open { who: u16 },
    Accept,
    Read { who: u16, stale: bool },
    Send { who: u16, len: usize },
    Leave { who: u16 },
    Pass(Duration),
}

const PEERS: usize = 4;
const IDLE: Duration = Duration::from_secs(10);
const PEER_BYTES: usize = 400;
const TOTAL_BYTES: usize = 900;
const FACTOR: u32 = 3;

fn limits() -> UdpLimits {
    UdpLimits::default()
        .with_peers(NonZeroUsize::new(PEERS).unwrap())
        .with_idle(IDLE)
        .with_peer_bytes(PEER_BYTES)
        .with_total_bytes(TOTAL_BYTES)
        .with_amplification(NonZeroU32::new(FACTOR))
}

fn address(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

/// Returns some moment; which one makes no difference.
fn start() -> Instant {
    super::shared::now()
}

fn step() -> impl Strategy<Value = Step> {
    let who = 1..8_u16;
    prop_oneof![
        6 => (who.clone(), prop_oneof![Just(0_usize), 1..150_usize])
            .prop_map(|(who, len)| Step::Hear { who, len }),
        1 => who.clone().prop_map(|who| Step::Open { who }),
        3 => Just(Step::Accept),
        4 => (who.clone(), any::<bool>()).prop_map(|(who, stale)| Step::Read { who, stale }),
        3 => (who.clone(), 1..200_usize).prop_map(|(who, len)| Step::Send { who, len }),
        1 => who.prop_map(|who| Step::Leave { who }),
        2 => (0..6_000_u64).prop_map(|ms| Step::Pass(Duration::from_millis(ms))),
    ]
}

/// Forgets whom the limits say, naively.
fn expire(model: &mut Vec<Peer>, now: Instant) {
    model.retain(|peer| now < peer.since + IDLE);
}

fn cost(peer: &Peer) -> usize {
    peer.datagrams.iter().map(|datagram| datagram.len() + BOOKKEEPING).sum()
}

fn enter(model: &mut Vec<Peer>, who: SocketAddr, waiting: Option<u64>, now: Instant) {
    while model.len() >= PEERS {
        model.remove(0);
    }
    model.push(Peer {
        who,
        slot: 0,
        since: now,
        opened: waiting.is_none(),
        waiting,
        received: 0,
        sent: 0,
        datagrams: Vec::new(),
    });
}

proptest! {
    #[test]
    fn the_table_does_what_the_naive_model_does(steps in prop::collection::vec(step(), 1..200)) {
        let (mut table, mut model) = (PeerTable::new(limits()), Vec::<Peer>::new());
        let mut arrivals = 0;
        let mut now = start();
        let (mut wake, mut fill) = (Vec::new(), 0_u8);
        let cx = Context::from_waker(Waker::noop());
        for step in steps {
            match step {
                Step::Hear { who, len } => {
                    let who = address(who);
                    fill = fill.wrapping_add(1);
                    let datagram = vec![fill; len];
                    let is_new = table.hear(who, &datagram, now, &mut wake);
                    expire(&mut model, now);
                    let known = model.iter().position(|peer| peer.who == who);
                    prop_assert_eq!(is_new, known.is_none() && len > 0);
                    match known {
                        Some(at) => {
                            let mut peer = model.remove(at);
                            peer.since = now;
                            model.push(peer);
                        }
                        None if len > 0 => {
                            enter(&mut model, who, Some(arrivals), now);
                            arrivals += 1;
                        }
                        None => {}
                    }
                    let total: usize = model.iter().map(cost).sum();
                    if let Some(peer) = model.iter_mut().find(|peer| peer.who == who && len > 0) {
                        peer.received += len as u64;
                        let more = len + BOOKKEEPING;
                        if cost(peer) + more <= PEER_BYTES && total + more <= TOTAL_BYTES {
                            peer.datagrams.push(datagram);
                        }
                    }
                }
                Step::Open { who } => {
                    let who = address(who);
                    let slot = table.open(who, now, &mut wake);
                    expire(&mut model, now);
                    if !model.iter().any(|peer| peer.who == who) {
                        enter(&mut model, who, None, now);
                    }
                    let peer = model.iter_mut().find(|peer| peer.who == who).unwrap();
                    (peer.slot, peer.waiting) = (slot, None);
                }
                Step::Accept => {
                    let accepted = table.accept();
                    let waiting = model.iter().filter(|peer| peer.waiting.is_some());
                    let expected = waiting.min_by_key(|peer| peer.waiting).map(|peer| peer.who);
                    prop_assert_eq!(accepted.map(|(who, _)| who), expected);
                    if let Some((who, slot)) = accepted {
                        let peer = model.iter_mut().find(|peer| peer.who == who).unwrap();
                        (peer.slot, peer.waiting) = (slot, None);
                    }
                }
                Step::Read { who, stale } => {
                    let who = address(who);
                    let peer = model.iter_mut().find(|peer| peer.who == who && peer.waiting.is_none());
                    let slot = peer.as_ref().map_or(0, |peer| peer.slot) + u64::from(stale) * 1_000_000;
                    let read = table.poll_read(who, slot, &cx);
                    match peer.filter(|_| !stale) {
                        None => prop_assert_eq!(read, Poll::Ready(None)),
                        Some(peer) if peer.datagrams.is_empty() => prop_assert!(read.is_pending()),
                        Some(peer) => {
                            let first = peer.datagrams.remove(0);
                            prop_assert_eq!(read, Poll::Ready(Some(first.into())));
                        }
                    }
                }
                Step::Send { who, len } => {
                    let who = address(who);
                    let peer = model.iter_mut().find(|peer| peer.who == who && peer.waiting.is_none());
                    let slot = peer.as_ref().map_or(0, |peer| peer.slot);
                    let (received, sent) =
                        peer.as_ref().map_or((0, 0), |peer| (peer.received, peer.sent));
                    let limit = received * u64::from(FACTOR);
                    let actual = sent + len as u64;
                    let free = peer.as_ref().is_some_and(|peer| peer.opened);
                    let result = table.send(who, slot, len);
                    if free || actual <= limit {
                        prop_assert_eq!(result, Ok(()));
                        if let Some(peer) = peer.filter(|_| !free) {
                            peer.sent = actual;
                        }
                    } else {
                        prop_assert_eq!(result, Err(Amplified { limit, actual }));
                    }
                }
                Step::Leave { who } => {
                    let who = address(who);
                    if let Some(at) = model.iter().position(|peer| peer.who == who && peer.waiting.is_none()) {
                        let peer = model.remove(at);
                        table.leave(who, peer.slot, &mut wake);
                    }
                }
                Step::Pass(time) => {
                    now += time;
                    table.expire(now, &mut wake);
                    expire(&mut model, now);
                }
            }
            let stats = table.stats();
            prop_assert_eq!(stats.peers, model.len());
            prop_assert!(stats.peers <= PEERS);
            prop_assert_eq!(stats.queued, model.iter().map(cost).sum::<usize>());
            prop_assert!(stats.queued <= TOTAL_BYTES);
            prop_assert_eq!(table.next_expiry(), model.first().map(|peer| peer.since + IDLE));
        }
    }
}

/// Counts how often it is woken.
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_reader_is_woken_by_a_datagram_and_by_each_end() {
    let now = start();
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&count));
    let cx = Context::from_waker(&waker);
    type End = fn(&mut PeerTable, u64, Instant, &mut Vec<Waker>);
    let ends: [End; 6] = [
        |table, _, now, wake| assert!(!table.hear(address(1), b"again", now, wake)),
        |table, slot, _, wake| table.leave(address(1), slot, wake),
        |table, _, now, wake| table.expire(now + IDLE, wake),
        |table, _, _, wake| table.close(wake),
        |table, slot, now, wake| assert_ne!(table.open(address(1), now, wake), slot),
        |table, _, now, wake| {
            for port in 2..=PEERS as u16 + 1 {
                table.hear(address(port), b"x", now, wake);
            }
        },
    ];
    for (at, end) in ends.into_iter().enumerate() {
        let (mut table, mut wake) = (PeerTable::new(limits()), Vec::new());
        assert!(table.hear(address(1), b"first", now, &mut wake));
        let (_, slot) = table.accept().unwrap();
        assert_eq!(table.poll_read(address(1), slot, &cx), Poll::Ready(Some("first".into())));
        assert!(table.poll_read(address(1), slot, &cx).is_pending());
        end(&mut table, slot, now, &mut wake);
        wake.drain(..).for_each(Waker::wake);
        assert_eq!(count.0.load(Ordering::Relaxed), at + 1);
        let next = if at == 0 { Some("again".into()) } else { None };
        assert_eq!(table.poll_read(address(1), slot, &cx), Poll::Ready(next));
    }
}

#[test]
fn a_newcomer_that_is_spoken_to_first_is_not_accepted_twice() {
    let (mut table, mut wake, now) = (PeerTable::new(limits()), Vec::new(), start());
    let cx = Context::from_waker(Waker::noop());
    table.hear(address(1), b"question", now, &mut wake);
    let slot = table.open(address(1), now, &mut wake);
    assert_eq!(table.accept(), None);
    assert_eq!(table.poll_read(address(1), slot, &cx), Poll::Ready(Some("question".into())));
    // It began the conversation, whoever opened the stream.
    assert!(table.send(address(1), slot, 8 * FACTOR as usize).is_ok());
    assert!(table.send(address(1), slot, 1).is_err());
}

#[test]
fn limits_hold_at_one_less_exact_and_one_more() {
    let now = start();
    for (len, taken) in [(PEER_BYTES - 1, 1), (PEER_BYTES, 1), (PEER_BYTES + 1, 0)] {
        let (mut table, mut wake) = (PeerTable::new(limits()), Vec::new());
        table.hear(address(1), &vec![0; len - BOOKKEEPING], now, &mut wake);
        let stats = table.stats();
        assert_eq!((stats.queued, stats.overflowed), (len * taken, 1 - taken as u64));
    }
    for (silence, left) in [(IDLE - Duration::from_nanos(1), 1), (IDLE, 0)] {
        let (mut table, mut wake) = (PeerTable::new(limits()), Vec::new());
        table.hear(address(1), b"x", now, &mut wake);
        table.expire(now + silence, &mut wake);
        assert_eq!((table.stats().peers, table.stats().expired), (left, 1 - left as u64));
    }
}
