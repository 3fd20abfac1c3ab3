//! Async handlers: in order for each peer, bounded, and nothing else waits for them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipc_core::{
    Client, ClientEvent, Error, HandlerError, HandlerOptions, Incoming, Server, ServerEvent,
};
use ipc_transport::Transport;
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::support::{Lines, Log, Raw, memory, narrow, server, soon, times};

/// What handlers wait for: each event for a permit of its own number.
#[derive(Clone, Default)]
pub(crate) struct Gates(Arc<Mutex<BTreeMap<u64, Arc<Semaphore>>>>);

impl Gates {
    fn gate(&self, n: u64) -> Arc<Semaphore> {
        let mut gates = self.0.lock().unwrap();
        Arc::clone(gates.entry(n).or_insert_with(|| Arc::new(Semaphore::new(0))))
    }

    pub(crate) async fn pass(&self, n: u64) {
        self.gate(n).acquire().await.unwrap().forget();
    }

    pub(crate) fn open(&self, numbers: impl IntoIterator<Item = u64>) {
        numbers.into_iter().for_each(|n| self.gate(n).add_permits(1));
    }
}

/// Registers a handler that waits at the gates, and writes down when it starts and ends.
fn gated(server: &Server<Lines>, concurrency: usize, gates: &Gates) -> Log {
    let (log, gates) = (Log::new(), gates.clone());
    let handled = log.clone();
    let options = HandlerOptions::default().concurrency(concurrency);
    server.on_async_with(options, "n", move |n: u64, peer| {
        let (log, gates) = (handled.clone(), gates.clone());
        log.note(format!("{} starts {n}", peer.id()));
        async move {
            gates.pass(n).await;
            log.note(format!("{} ends {n}", peer.id()));
        }
    });
    log
}

fn numbers(from: u64, to: u64) -> String {
    (from..=to).map(|n| format!("n {n}\n")).collect()
}

both_runtimes!(the_events_of_a_peer_are_handled_one_at_a_time_in_order);
async fn the_events_of_a_peer_are_handled_one_at_a_time_in_order() {
    let transport = memory();
    let (server, _log) = server(&transport).await;
    let log = Log::new();
    let handled = log.clone();
    server.on_async("n", move |n: u64, _| {
        let log = handled.clone();
        log.note(format!("starts {n}"));
        async move {
            // Some are ready at once.
            for _ in 0..n % 3 {
                yield_now().await;
            }
            log.note(format!("ends {n}"));
        }
    });
    let mut peer = Raw::dial(&transport).await;
    for n in 0..300 {
        peer.write(numbers(n, n)).await;
    }
    log.until("ends 299").await;
    let expected = |n| [format!("starts {n}"), format!("ends {n}")];
    assert_eq!(log.lines(), (0..300).flat_map(expected).collect::<Vec<_>>());
}

both_runtimes!(what_is_ready_at_once_is_done_on_the_connections_task);
async fn what_is_ready_at_once_is_done_on_the_connections_task() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let handled = log.clone();
    server.on_async("n", move |n: u64, _| {
        let log = handled.clone();
        async move { log.note(format!("handled {n}")) }
    });
    let mut peer = Raw::dial(&transport).await;
    peer.write(numbers(1, 2)).await;
    log.until("1 n 2").await;
    assert_eq!(log.lines(), ["1 connect", "handled 1", "1 n 1", "handled 2", "1 n 2"]);
}

both_runtimes!(as_many_run_as_the_concurrency_says_and_are_taken_in_order);
async fn as_many_run_as_the_concurrency_says_and_are_taken_in_order() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let gates = Gates::default();
    let handled = gated(&server, 3, &gates);
    let mut peer = Raw::dial(&transport).await;
    peer.write(numbers(1, 6)).await;
    log.until("1 n 6").await;
    assert_eq!(handled.lines(), ["1 starts 1", "1 starts 2", "1 starts 3"]);
    for (ends, starts) in [(2, 4), (4, 5), (1, 6)] {
        gates.open([ends]);
        handled.until(&format!("1 starts {starts}")).await;
    }
    gates.open([3, 5, 6]);
    for n in 1..=6 {
        handled.until(&format!("1 ends {n}")).await;
    }
    let starts: Vec<_> =
        handled.lines().into_iter().filter(|line| line.contains("starts")).collect();
    assert_eq!(starts, (1..=6).map(|n| format!("1 starts {n}")).collect::<Vec<_>>());
    assert_eq!(handled.lines().get(3).map(String::as_str), Some("1 ends 2"));
    // Nothing is left over: as many may run again.
    peer.write(numbers(7, 10)).await;
    log.until("1 n 10").await;
    handled.until_len(12 + 3).await;
    assert_eq!(handled.lines().len(), 12 + 3);
}

both_runtimes!(other_peers_and_other_handlers_go_on);
async fn other_peers_and_other_handlers_go_on() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let gates = Gates::default();
    let handled = gated(&server, 1, &gates);
    let second = Log::new();
    let other = second.clone();
    server.on_async("n", move |n: u64, peer| {
        let log = other.clone();
        async move {
            yield_now().await;
            log.note(format!("{} {n}", peer.id()));
        }
    });
    let mut peers = [Raw::dial(&transport).await, Raw::dial(&transport).await];
    for (peer, n) in peers.iter_mut().zip(1..) {
        log.until(&format!("{n} connect")).await;
        peer.write(format!("n {n}\nn 3\n")).await;
        log.until(&format!("{n} n 3")).await;
    }
    assert_eq!(handled.lines(), ["1 starts 1", "2 starts 2"]);
    second.until("1 3").await;
    second.until("2 3").await;
    gates.open([2, 3]);
    handled.until("2 ends 3").await;
    assert_eq!(handled.lines()[1..], ["2 starts 2", "2 ends 2", "2 starts 3", "2 ends 3"]);
}

both_runtimes!(a_handler_may_wait_for_another_event_of_its_peer);
async fn a_handler_may_wait_for_another_event_of_its_peer() {
    let transport = memory();
    let (server, _log) = server(&transport).await;
    let all = server.clone();
    let question = server.on_async("ask", move |text: String, peer| {
        let all = all.clone();
        async move {
            let detail = all.next::<String>("detail");
            peer.send("need", "a detail").await.unwrap();
            let (detail, _) = detail.await.unwrap();
            peer.send("answer", format!("{text} {detail}").as_str()).await.unwrap();
        }
    });
    let mut peer = Raw::dial(&transport).await;
    for n in 0..20 {
        // The second question waits for the first one, and its detail is not mistaken for the other.
        peer.write(format!("ask {n}\nask {n}b\n")).await;
        for question in [format!("{n}"), format!("{n}b")] {
            assert_eq!(peer.line().await, "need a detail");
            peer.write("detail x\n").await;
            assert_eq!(peer.line().await, format!("answer {question} x"));
        }
    }
    assert!(server.off(question), "it keeps the server alive");
}

/// Writes until nothing more is taken for a minute.
async fn flood(peer: &mut Raw, bytes: &mut &[u8]) {
    while let Ok(taken) = timeout(Duration::from_secs(60), peer.0.write(bytes)).await {
        *bytes = &bytes[taken.unwrap()..];
        assert!(!bytes.is_empty(), "the peer is read from without end");
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_whose_events_wait_is_not_read_from_and_loses_nothing() {
    let transport = narrow(1000);
    let server = Server::builder(Lines, transport.clone()).event_bytes(22_800).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let gates = Gates::default();
    let handled = gated(&server, 1, &gates);
    let received = || log.lines().iter().filter(|line| line.starts_with("1 n")).count();
    let mut slow = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let lines: String = (1..=1000).map(|n| format!("n {n:097}\n")).collect();
    let mut rest = lines.as_bytes();
    flood(&mut slow, &mut rest).await;
    // One runs, and each that waits counts as its 99 bytes and 128 more. The pipe and the buffer of
    // the connection hold ten each.
    assert_eq!(received(), 1 + 101);
    assert!(lines.len() - rest.len() <= (102 + 20) * 100, "{} are left", rest.len());
    // It is this peer's own trouble.
    let mut other = Raw::dial(&transport).await;
    other.write("n 1001\n").await;
    handled.until("2 starts 1001").await;
    // The reading goes on once half of it is taken.
    gates.open(1..=50);
    handled.until("1 starts 51").await;
    flood(&mut slow, &mut rest).await;
    assert_eq!(received(), 1 + 101, "more than half of it waits");
    gates.open([51]);
    flood(&mut slow, &mut rest).await;
    assert_eq!(received(), 52 + 101);
    gates.open(52..=1000);
    slow.write(rest).await;
    handled.until("1 ends 1000").await;
    let ends = handled.lines().into_iter().filter(|line| line.starts_with("1 ends"));
    assert!(ends.eq((1..=1000).map(|n| format!("1 ends {n}"))));
    drop(slow);
    log.until("1 disconnect by peer").await;
}

both_runtimes!(a_panic_is_reported_and_the_events_after_it_are_handled);
async fn a_panic_is_reported_and_the_events_after_it_are_handled() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let (handled, gates) = (Log::new(), Gates::default());
    let (other, waited) = (handled.clone(), gates.clone());
    let mut events = server.events();
    server.on_async("n", move |n: u64, _| {
        let (log, gates) = (other.clone(), waited.clone());
        assert_ne!(n, 1, "before its future");
        async move {
            assert_ne!(n, 2, "at once");
            gates.pass(n).await;
            assert_ne!(n, 3, "after it waited");
            log.note(n);
        }
    });
    let mut peer = Raw::dial(&transport).await;
    let panics = |count| {
        let log = log.clone();
        let is_panic = |line: &String| line == "1 error handler_panicked";
        async move {
            while log.lines().iter().filter(|line| is_panic(line)).count() < count {
                log.until_len(log.lines().len() + 1).await;
            }
        }
    };
    // Where nothing waits.
    peer.write(numbers(1, 2)).await;
    log.until("1 n 2").await;
    panics(2).await;
    // Where it waits for one that runs: that panics, and so does each after it.
    peer.write("n 3\nn 1\nn 2\nn 4\n").await;
    log.until("1 n 4").await;
    panics(2).await;
    gates.open([3, 4]);
    handled.until("4").await;
    panics(5).await;
    let mut texts = Vec::new();
    while texts.len() < 5 {
        let Some(event) = soon(events.next()).await else { panic!("the stream ended") };
        let Incoming::Lifecycle(ServerEvent::Error { peer, error }) = event else { continue };
        let Error::Handler(HandlerError::Panicked { event, message }) = &*error else {
            panic!("{error}")
        };
        assert_eq!((event.as_str(), peer.unwrap().id().get()), ("n", 1));
        let (_, why) = message.split_once(": ").unwrap_or_default();
        texts.push(why.lines().next().unwrap_or_default().to_owned());
    }
    let expected =
        ["before its future", "at once", "after it waited", "before its future", "at once"];
    assert_eq!(texts, expected);
    assert_eq!(log.lines().iter().filter(|line| line.contains("disconnect")).count(), 0);
}

both_runtimes!(a_payload_of_another_type_is_reported_and_the_next_is_handled);
async fn a_payload_of_another_type_is_reported_and_the_next_is_handled() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let gates = Gates::default();
    let handled = gated(&server, 1, &gates);
    let mut peer = Raw::dial(&transport).await;
    peer.write("n x\n").await;
    log.until("1 error ERR_NUMBER").await;
    peer.write("n 1\nn y\nn 2\n").await;
    log.until("1 n 2").await;
    assert_eq!(log.lines().iter().filter(|line| line.contains("error")).count(), 1);
    gates.open([1, 2]);
    handled.until("1 ends 2").await;
    // It waited, too.
    log.until_len(7).await;
    assert_eq!(log.lines()[6], "1 error ERR_NUMBER");
    assert_eq!(handled.lines(), ["1 starts 1", "1 ends 1", "1 starts 2", "1 ends 2"]);
}

both_runtimes!(an_error_waits_for_space_in_a_stream_and_the_lane_with_it);
async fn an_error_waits_for_space_in_a_stream_and_the_lane_with_it() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let client = Client::builder(Lines, transport.clone()).reconnect(times(0)).event_bytes(1000);
    let client = client.build();
    let (log, handled) = (Log::of_client(&client), Log::new());
    let mut events = client.events();
    let starts = handled.clone();
    client.on_async("n", move |n: u64, _| {
        starts.note(n);
        async move {
            yield_now().await;
            panic!("at {n}");
        }
    });
    client.start().unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    // The stream is full after eight items: the connection, messages and errors.
    peer.write(numbers(1, 100)).await;
    log.until("error handler_panicked").await;
    let mut panics = 0;
    while panics < 100 {
        let Some(event) = soon(events.next()).await else { panic!("the stream ended") };
        if let Incoming::Lifecycle(ClientEvent::Error(error)) = event {
            assert_eq!(error.code(), "handler_panicked");
            panics += 1;
            assert!(handled.lines().len() < panics + 10, "more run than the stream has space for");
        }
    }
}
