//! How much the path of a small message allocates: nothing to send it, once to receive it.
//!
//! Client and server share one thread and a Unix socket, so every allocation is seen.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]
#![expect(clippy::print_stdout, reason = "the figures are worth seeing")]

mod support;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ipc_benches::{Body, FIRST_SEQ, OwnedBody, text};
use ipc_compat::{NodeFormat, RawJson};
use ipc_core::{Client, Server};
use ipc_transport::UnixTransport;
use support::{Counting, Use};
use tokio::sync::Notify;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What arrives at the server.
#[derive(Default)]
struct Arrivals {
    count: AtomicU64,
    wanted: AtomicU64,
    there: Notify,
}

impl Arrivals {
    fn add(&self) {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if count == self.wanted.load(Ordering::Relaxed) {
            self.there.notify_one();
        }
    }
}

/// A client and a server that takes "typed", "raw" and "ignored", and echoes "echo".
struct Pair {
    client: Client<NodeFormat>,
    _server: Server<NodeFormat>,
    arrivals: Arc<Arrivals>,
    _directory: tempfile::TempDir,
}

impl Pair {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let transport = UnixTransport::new(directory.path().join("allocations"));
        let arrivals = Arc::new(Arrivals::default());
        let server = Server::builder(NodeFormat::v14(), transport.clone()).build();
        let seen = Arc::clone(&arrivals);
        server.on("typed", move |_: OwnedBody, _| seen.add());
        let seen = Arc::clone(&arrivals);
        server.on("raw", move |_: RawJson, _| seen.add());
        let seen = Arc::clone(&arrivals);
        server.on("ignored", move |(), _| seen.add());
        server.on("echo", |(), peer| peer.emit("echo", &Body::new(FIRST_SEQ)).unwrap());
        server.listen().await.unwrap();
        let client = Client::builder(NodeFormat::v14(), transport).build();
        let seen = Arc::clone(&arrivals);
        client.on("echo", move |(), _| seen.add());
        client.start().unwrap();
        client.connected().await.unwrap();
        Self { client, _server: server, arrivals, _directory: directory }
    }

    /// Sends `messages` messages, `burst` at a time, and waits each time until they have arrived.
    /// Returns what was allocated in all, and by the calls of `emit`.
    async fn send(&self, event: &str, messages: u64, burst: u64) -> (Use, u64) {
        let start = Use::so_far();
        let mut emitting = 0;
        for _ in 0..messages / burst {
            let wanted = self.arrivals.count.load(Ordering::Relaxed) + burst;
            self.arrivals.wanted.store(wanted, Ordering::Relaxed);
            for n in 0..burst {
                let before = Use::so_far();
                self.client.emit(event, &Body::new(FIRST_SEQ + n)).unwrap();
                emitting += before.since().count;
            }
            self.arrivals.there.notified().await;
        }
        (start.since(), emitting)
    }

    /// Sends `messages` messages with this text, one at a time, and returns what was allocated.
    async fn send_large(&self, text: &str, messages: u64) -> Use {
        let start = Use::so_far();
        for seq in FIRST_SEQ..FIRST_SEQ + messages {
            self.arrivals
                .wanted
                .store(self.arrivals.count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            self.client.emit("ignored", &Body::with(seq, text)).unwrap();
            self.arrivals.there.notified().await;
        }
        start.since()
    }

    /// Returns the allocations of one message: in all, and by `emit`.
    async fn steady(&self, event: &str, burst: u64) -> (f64, f64) {
        self.send(event, MESSAGES / 10, burst).await;
        let (all, emitting) = self.send(event, MESSAGES, burst).await;
        let sent = (MESSAGES / burst * burst) as f64;
        let (all, emitting) = (all.count as f64 / sent, emitting as f64 / sent);
        println!("{event}, {burst} at a time: {all:.4} a message, {emitting:.4} of them by emit");
        (all, emitting)
    }
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

#[test]
fn a_message_at_a_time_is_sent_without_an_allocation() {
    run(async {
        let (all, emitting) = Pair::new().await.steady("ignored", 1).await;
        assert!(emitting == 0.0, "{emitting}");
        // The message. Connections that fall idle leave their buffers to the next one, and take them again.
        assert!(all <= 1.02, "{all}");
    });
}

#[test]
fn a_burst_is_sent_without_an_allocation_for_each_message() {
    run(async {
        let (all, emitting) = Pair::new().await.steady("ignored", BURST).await;
        // The queue's memory, once a burst.
        assert!(emitting <= 0.05, "{emitting}");
        // The message itself; the rest is once a burst.
        assert!(all - emitting <= 1.02, "{all}");
    });
}

#[test]
fn a_payload_with_one_text_costs_one_allocation_more() {
    run(async {
        let pair = Pair::new().await;
        let (all, _) = pair.steady("typed", BURST).await;
        assert!(all <= 2.1, "{all}");
        let (all, _) = pair.steady("raw", BURST).await;
        assert!(all <= 2.1, "{all}");
    });
}

#[test]
fn an_answer_costs_what_a_message_costs() {
    run(async {
        let (all, emitting) = Pair::new().await.steady("echo", BURST).await;
        assert!(emitting <= 0.05, "{emitting}");
        assert!(all <= 2.2, "{all}");
    });
}

#[test]
fn a_large_message_at_a_time_allocates_none_of_its_length() {
    run(async {
        let pair = Pair::new().await;
        let text = text(64 * 1024);
        pair.send_large(&text, 100).await;
        let bytes = pair.send_large(&text, 1000).await.bytes / 1000;
        println!("{bytes} bytes a message of {}", text.len());
        assert!(bytes <= 1024, "{bytes}");
    });
}

/// What is counted over, after a tenth of it to warm up.
const MESSAGES: u64 = 10_000;

/// The messages that are sent before anybody else on this thread gets to run.
const BURST: u64 = 1000;
