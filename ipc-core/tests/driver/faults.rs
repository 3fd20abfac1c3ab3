//! Connections that are cut, trickle and stutter: every message is accounted for, and none is
//! changed, doubled or out of order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipc_core::queue::{OverflowPolicy, QueueLimits};
use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{Client, Server};
use ipc_transport::{FaultSide, FaultTransport, Faults};
use tokio::time::sleep;

use crate::support::{Lines, narrow, soon};

/// Returns a payload that tells if a byte of it is lost or changed.
fn payload(n: u64) -> String {
    let filler: String = (0..n % 61).map(|i| char::from(b'a' + ((n + i) % 26) as u8)).collect();
    format!("{n} {filler}")
}

fn number(payload: &str) -> u64 {
    let n = payload.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(payload, self::payload(n), "a changed message");
    n
}

struct Run {
    seed: u64,
    side: FaultSide,
    /// How many bytes cross each connection before it is cut.
    cut_after: Option<u64>,
    overflow: OverflowPolicy,
    messages: u64,
}

/// What became of the messages of one run.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    received: usize,
    echoed: usize,
    handed_back: usize,
    dropped: usize,
    connections: usize,
}

impl Run {
    async fn run(self) -> Outcome {
        let mut faults = Faults::new(self.seed)
            .with_side(self.side)
            .with_short_reads(3)
            .with_one_byte_writes(4)
            .with_refusals(5);
        if let Some(bytes) = self.cut_after {
            faults = faults.with_cut_after(bytes);
        }
        let transport = FaultTransport::new(narrow(300), faults);
        let server = Server::builder(Lines, transport.clone()).build();
        let received = Arc::new(Mutex::new(BTreeMap::<u64, Vec<u64>>::new()));
        let noted = Arc::clone(&received);
        server.on("say", move |text: String, peer| {
            let n = number(&text);
            noted.lock().unwrap().entry(peer.id().get()).or_default().push(n);
            // A peer that is cut, or reads too slowly, does not get its answer.
            let _ = peer.emit("echo", text.as_str());
        });
        soon(server.listen()).await.unwrap();

        let pause = Backoff::fixed(Duration::from_millis(1));
        let client = Client::builder(Lines, transport)
            .reconnect(ReconnectPolicy::forever(pause))
            .queue(QueueLimits::default().with_max_bytes(500))
            .overflow(self.overflow)
            .build();
        let echoes = Arc::new(Mutex::new(BTreeSet::new()));
        let noted = Arc::clone(&echoes);
        client.on("echo", move |text: String, _| {
            assert!(noted.lock().unwrap().insert(number(&text)), "an echo came twice");
        });
        client.start().unwrap();
        for n in 0..self.messages {
            soon(client.send("say", payload(n).as_str())).await.unwrap();
            if n % 16 == self.seed % 16 {
                sleep(Duration::from_millis(self.seed % 4)).await;
            }
        }
        let report = soon(client.close()).await;
        let tally = client.tally();
        // Once the server has heard of the end, it has handled everything before it.
        soon(server.shutdown(Duration::from_secs(100))).await;

        let undelivered: Vec<u64> = report
            .undelivered
            .iter()
            .map(|message| number(&client.decode::<String>(message).unwrap()))
            .collect();
        assert!(undelivered.is_sorted());
        assert_eq!(tally.accepted, self.messages);
        assert_eq!(tally.handed_back, undelivered.len() as u64);
        assert_eq!(tally.accepted, tally.written + tally.dropped + tally.handed_back);

        let received = received.lock().unwrap();
        let mut seen: BTreeSet<u64> = undelivered.iter().copied().collect();
        for numbers in received.values() {
            assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "out of order: {numbers:?}");
            for n in numbers {
                assert!(seen.insert(*n), "{n} was received twice, or handed back as well");
            }
            if self.overflow == OverflowPolicy::Block {
                let gaps = numbers.windows(2).any(|pair| pair[0] + 1 != pair[1]);
                assert!(!gaps, "a hole within a connection: {numbers:?}");
            }
        }
        let count = received.values().map(Vec::len).sum::<usize>();
        assert!(count as u64 <= tally.written);
        let echoes = echoes.lock().unwrap();
        assert!(echoes.iter().all(|n| received.values().flatten().any(|other| n == other)));
        Outcome {
            received: count,
            echoed: echoes.len(),
            handed_back: undelivered.len(),
            dropped: usize::try_from(tally.dropped).unwrap(),
            connections: received.len(),
        }
    }
}

/// Runs many seeds and returns the sum of their outcomes.
async fn check(seeds: u64, run: impl Fn(u64) -> Run) -> Outcome {
    let mut sum = Outcome::default();
    for seed in 0..seeds {
        let outcome = run(seed).run().await;
        sum.received += outcome.received;
        sum.echoed += outcome.echoed;
        sum.handed_back += outcome.handed_back;
        sum.dropped += outcome.dropped;
        sum.connections += outcome.connections;
    }
    sum
}

#[tokio::test(start_paused = true)]
async fn short_reads_and_writes_change_nothing() {
    let run = |seed| Run {
        seed,
        side: FaultSide::Both,
        cut_after: None,
        overflow: OverflowPolicy::Block,
        messages: 200,
    };
    let sum = check(40, run).await;
    let all = Outcome { received: 8000, echoed: 8000, handed_back: 0, dropped: 0, connections: 40 };
    assert_eq!(sum, all);
}

#[tokio::test(start_paused = true)]
async fn cuts_lose_only_what_was_on_its_way() {
    for side in [FaultSide::Dialed, FaultSide::Accepted, FaultSide::Both] {
        let run = |seed| Run {
            seed,
            side,
            cut_after: Some(700 + 37 * seed),
            overflow: OverflowPolicy::Block,
            messages: 150,
        };
        let sum = check(40, run).await;
        assert!(sum.connections > 150, "{side:?} {sum:?}");
        assert!(sum.received > 3000 && sum.echoed > 1000, "{side:?} {sum:?}");
        if side == FaultSide::Dialed {
            // The client's own side is cut: what it had written, the server still reads.
            assert_eq!(sum.received + sum.handed_back, 6000, "{sum:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_is_counted() {
    for overflow in [OverflowPolicy::DropOldest, OverflowPolicy::DropNewest] {
        let run = |seed| Run {
            seed,
            side: FaultSide::Both,
            cut_after: Some(1500 + 11 * seed),
            overflow,
            messages: 300,
        };
        let sum = check(30, run).await;
        assert!(sum.dropped > 500 && sum.received > 500, "{overflow:?} {sum:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_can_be_repeated() {
    let run = || Run {
        seed: 7,
        side: FaultSide::Both,
        cut_after: Some(900),
        overflow: OverflowPolicy::Block,
        messages: 100,
    };
    assert_eq!(run().run().await, run().run().await);
}
