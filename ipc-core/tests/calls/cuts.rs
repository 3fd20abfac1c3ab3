//! Connections that are cut after every byte of an exchange of three calls: no call that ran is said
//! not to have been sent, none runs twice, and each ends once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{CallError, Client, Failure, MsgPack, Sent, Server};
use ipc_transport::{FaultSide, FaultTransport, Faults};

use crate::rig::{soon, transport};

/// How often the calls of many runs have ended how.
type Ends = BTreeMap<&'static str, usize>;

/// One run.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// How many bytes cross an end of each connection before it is cut.
    cut_after: u64,
    side: FaultSide,
    /// Whether the client comes back.
    comes_back: bool,
    /// Whether each byte is written by itself.
    byte_by_byte: bool,
    /// Whether the calls are made one after the other.
    in_turn: bool,
}

impl Run {
    async fn run(self, ends: &mut Ends) {
        let faults = Faults::new(self.cut_after)
            .with_side(self.side)
            .with_cut_after(self.cut_after)
            .with_one_byte_writes(u32::from(self.byte_by_byte));
        let transport = FaultTransport::new(transport(), faults);
        let server = Server::builder(MsgPack::new(), transport.clone()).build();
        let ran = Arc::new(Mutex::new(Vec::new()));
        let other = Arc::clone(&ran);
        server.on_call("run", move |n: u64, _| {
            other.lock().unwrap().push(n);
            async move {
                if n == 2 {
                    // This one is answered by a task.
                    tokio::task::yield_now().await;
                }
                Ok::<_, Failure>(n)
            }
        });
        soon(server.listen()).await.unwrap();
        let policy = match self.comes_back {
            true => ReconnectPolicy::forever(Backoff::fixed(Duration::from_millis(20))),
            false => ReconnectPolicy::never(),
        };
        let client = Client::builder(MsgPack::new(), transport).reconnect(policy).build();
        let call = |n: u64| {
            let client = client.clone();
            tokio::spawn(async move {
                client.call::<_, u64>("run", &n).within(Duration::from_millis(100)).await
            })
        };
        let mut results = Vec::new();
        if self.in_turn {
            for n in 1..=3 {
                results.push((n, soon(call(n)).await.unwrap()));
            }
        } else {
            for (n, call) in (1..=3).map(|n| (n, call(n))).collect::<Vec<_>>() {
                results.push((n, soon(call).await.unwrap()));
            }
        }
        soon(client.close()).await;
        // Once the server has heard of the end, it has handled all that came before it.
        soon(server.shutdown(Duration::from_secs(10))).await;
        let ran = ran.lock().unwrap();
        for (n, result) in results {
            let times = ran.iter().filter(|other| **other == n).count();
            assert!(times <= 1, "{n} ran {times} times: {self:?}");
            let end = match &result {
                Ok(answer) => {
                    assert_eq!((*answer, times), (n, 1), "{self:?}");
                    "answered"
                }
                Err(CallError::Disconnected { sent } | CallError::Closed { sent }) => match sent {
                    Sent::No => "not sent",
                    Sent::Maybe if times == 0 => "maybe sent, and did not run",
                    Sent::Maybe => "maybe sent, and ran",
                },
                Err(CallError::Deadline { .. }) => "deadline",
                Err(other) => panic!("{n}: {other:?}: {self:?}"),
            };
            if result.is_err_and(|error| error.has_not_run()) {
                assert_eq!(times, 0, "{n} ran, and was not sent: {self:?}");
            }
            *ends.entry(end).or_default() += 1;
        }
    }
}

async fn check(side: FaultSide, comes_back: bool) -> Ends {
    let mut ends = Ends::new();
    for byte_by_byte in [false, true] {
        for in_turn in [false, true] {
            // The whole exchange has about 200 bytes; the last runs are not cut.
            for cut_after in 1..=260 {
                let run = Run { cut_after, side, comes_back, byte_by_byte, in_turn };
                run.run(&mut ends).await;
            }
        }
    }
    assert_eq!(ends.values().sum::<usize>(), 2 * 2 * 260 * 3);
    ends
}

/// Returns whether calls have ended in all these ways.
fn saw(ends: &Ends, ways: &[&str]) -> bool {
    ways.iter().all(|way| ends.get(way).is_some_and(|count| *count >= 10))
}

#[tokio::test(start_paused = true)]
async fn the_client_is_cut_after_every_byte_and_comes_back() {
    let ends = check(FaultSide::Dialed, true).await;
    assert!(saw(&ends, &["answered", "maybe sent, and ran", "deadline"]), "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn the_client_is_cut_after_every_byte_for_good() {
    let ends = check(FaultSide::Dialed, false).await;
    assert!(saw(&ends, &["answered", "maybe sent, and ran", "not sent"]), "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn the_server_is_cut_after_every_byte_and_the_client_comes_back() {
    let ends = check(FaultSide::Accepted, true).await;
    let ways = ["answered", "maybe sent, and ran", "maybe sent, and did not run"];
    assert!(saw(&ends, &ways), "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn the_server_is_cut_after_every_byte_for_good() {
    let ends = check(FaultSide::Accepted, false).await;
    let ways = ["answered", "maybe sent, and ran", "maybe sent, and did not run"];
    assert!(saw(&ends, &ways), "{ends:?}");
}
