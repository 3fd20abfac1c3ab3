//! No wake-up is lost between threads: whatever waits goes on.

use std::time::Duration;

use ipc_core::queue::QueueLimits;
use ipc_core::{Client, FlushPolicy, InFlight};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::rig::{KINDS, Rig};
use crate::support::{Lines, soon};

const POLICIES: [FlushPolicy; 3] = [
    FlushPolicy::Immediate,
    FlushPolicy::WhenIdle,
    FlushPolicy::Within(Duration::from_micros(100)),
];

/// Sends `count` questions, each when the one before is answered.
async fn ask(client: Client<Lines>, count: u64) {
    let (told, mut answers) = mpsc::unbounded_channel();
    client.on("echo", move |n: u64, _| told.send(n).unwrap());
    for n in 0..count {
        client.emit("say", n.to_string().as_str()).unwrap();
        assert_eq!(soon(answers.recv()).await, Some(n));
    }
}

both_runtimes!(questions_and_answers_never_stop);
async fn questions_and_answers_never_stop() {
    for kind in KINDS {
        for policy in POLICIES {
            let rig = Rig::new(kind, |builder| builder.flush_policy(policy)).await;
            for in_flight in [InFlight::Unlimited, InFlight::One] {
                let client = Client::builder(Lines, rig.transport())
                    .flush_policy(policy)
                    .in_flight(in_flight)
                    .build();
                client.start().unwrap();
                soon(tokio::spawn(ask(client.clone(), 200))).await.unwrap();
                soon(client.close()).await;
            }
        }
    }
}

both_runtimes!(those_who_wait_for_room_or_for_the_end_of_a_flush_get_it);
async fn those_who_wait_for_room_or_for_the_end_of_a_flush_get_it() {
    for kind in KINDS {
        for policy in POLICIES {
            let rig = Rig::new(kind, |builder| builder).await;
            let client = Client::builder(Lines, rig.transport())
                .flush_policy(policy)
                .queue(QueueLimits::default().with_max_messages(2))
                .build();
            client.start().unwrap();
            let mut senders = JoinSet::new();
            for sender in 0..4 {
                let client = client.clone();
                senders.spawn(async move {
                    for n in 0..200 {
                        client.send("n", format!("{sender} {n}").as_str()).await.unwrap();
                        if n % 10 == sender {
                            assert!(client.flush().await);
                        }
                    }
                });
            }
            soon(senders.join_all()).await;
            assert!(soon(client.close()).await.undelivered.is_empty());
            rig.log.until_len(802).await;
        }
    }
}

both_runtimes!(a_burst_that_fills_the_socket_from_outside_goes_on);
async fn a_burst_that_fills_the_socket_from_outside_goes_on() {
    // The caller's own write finds the socket full; from there the connection's task goes on.
    for kind in KINDS {
        let rig = Rig::new(kind, |builder| builder).await;
        let client = Client::builder(Lines, rig.transport())
            .queue(QueueLimits::default().with_max_bytes(64 * 1024 * 1024))
            .build();
        client.start().unwrap();
        soon(client.connected()).await.unwrap();
        let large = "x".repeat(1_000_000);
        for round in 0..5 {
            for _ in 0..5 {
                client.emit("n", &large).unwrap();
            }
            assert!(soon(client.flush()).await, "{kind:?} {round}");
        }
        soon(client.close()).await;
        rig.log.until_len(27).await;
    }
}

both_runtimes!(senders_that_wait_for_a_full_socket_go_on);
async fn senders_that_wait_for_a_full_socket_go_on() {
    // Far more than a sender leaves to a full socket, with the queue far from its limit.
    const EACH: usize = 500;
    for kind in KINDS {
        for policy in POLICIES {
            let rig = Rig::new(kind, |builder| builder).await;
            let client = Client::builder(Lines, rig.transport()).flush_policy(policy).build();
            client.start().unwrap();
            let mut senders = JoinSet::new();
            for sender in 0..4 {
                let (client, text) = (client.clone(), "x".repeat(4000));
                senders.spawn(async move {
                    for n in 0..EACH {
                        client.send("n", format!("{sender} {n} {text}").as_str()).await.unwrap();
                    }
                });
            }
            soon(senders.join_all()).await;
            assert!(soon(client.close()).await.undelivered.is_empty());
            rig.log.until_len(4 * EACH + 2).await;
            for sender in 0..4 {
                let start = format!("1 n {sender} ");
                let numbers = rig.log.lines().into_iter().filter_map(|line| {
                    line.strip_prefix(&start)?.split(' ').next()?.parse::<usize>().ok()
                });
                assert!(numbers.eq(0..EACH), "{kind:?} {policy:?}: not in order");
            }
        }
    }
}
