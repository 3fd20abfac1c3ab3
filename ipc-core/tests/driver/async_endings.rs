//! Async handlers that are removed, or whose connection or program ends while events wait.

use std::sync::Arc;
use std::time::Duration;

use ipc_core::{Client, EmitError, Server};
use ipc_transport::Transport;
use tokio::sync::oneshot;

use crate::async_handlers::Gates;
use crate::support::{Lines, Log, Raw, memory, server, soon, times};

/// Returns a handler that waits at the gates, and writes down what it has handled and whether its
/// answer was taken.
fn answering(log: &Log, gates: &Gates) -> impl Fn(u64, ipc_core::Peer<Lines>) -> Handled + 'static {
    let (log, gates) = (log.clone(), gates.clone());
    move |n, peer| {
        let (log, gates) = (log.clone(), gates.clone());
        Box::pin(async move {
            gates.pass(n).await;
            match peer.send("answer", n.to_string().as_str()).await {
                Ok(()) => log.note(format!("answered {n}")),
                Err(EmitError::Closed) => log.note(format!("handled {n}")),
                Err(error) => log.note(error),
            }
            assert_ne!(n, 4, "the last one");
        })
    }
}

type Handled = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

const THREE: &str = "n 1\nn 2\nn 3\n";

both_runtimes!(off_drops_what_waits_and_lets_what_runs_end);
async fn off_drops_what_waits_and_lets_what_runs_end() {
    for ends in 0..3 {
        let transport = memory();
        let (server, log) = server(&transport).await;
        let (handled, gates) = (Log::new(), Gates::default());
        let handler = server.on_async("n", answering(&handled, &gates));
        let mut peer = Raw::dial(&transport).await;
        peer.write(THREE).await;
        log.until("1 n 3").await;
        match ends {
            0 => assert!(server.off(handler)),
            1 => server.off_event("n"),
            _ => server.off_all(),
        }
        assert!(!server.off(handler));
        let (next, other) = (Log::new(), Gates::default());
        server.on_async("n", answering(&next, &other));
        gates.open([1, 2, 3]);
        handled.until("answered 1").await;
        // The next handler has a lane of its own, with what comes from now on.
        peer.write("n 5\n").await;
        other.open([5]);
        next.until("answered 5").await;
        assert_eq!(peer.line().await, "answer 1");
        assert_eq!(peer.line().await, "answer 5");
        assert_eq!(handled.lines(), ["answered 1"]);
    }
}

both_runtimes!(off_frees_the_space_of_what_waited);
async fn off_frees_the_space_of_what_waited() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).event_bytes(300).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let (handled, gates) = (Log::new(), Gates::default());
    let handler = server.on_async("n", answering(&handled, &gates));
    let mut peer = Raw::dial(&transport).await;
    peer.write("n 1\nn 2\nn 3\nn 3\nm 9\n").await;
    log.until_len(5).await;
    assert_eq!(log.lines(), ["1 connect", "1 n 1", "1 n 2", "1 n 3", "1 n 3"]);
    // The first one never ends, and yet the connection goes on.
    assert!(server.off(handler));
    log.until("1 m 9").await;
    assert_eq!(handled.lines().len(), 0);
}

both_runtimes!(a_removed_handler_is_dropped_once_its_futures_have_ended);
async fn a_removed_handler_is_dropped_once_its_futures_have_ended() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let (handled, gates) = (Log::new(), Gates::default());
    let (dropped, is_dropped) = oneshot::channel::<()>();
    let (inner, kept) = (answering(&handled, &gates), Arc::new(dropped));
    let handler = server.on_async("n", move |n: u64, peer| {
        let _kept = &kept;
        inner(n, peer)
    });
    let mut peer = Raw::dial(&transport).await;
    peer.write(THREE).await;
    log.until("1 n 3").await;
    gates.open([1, 2, 3]);
    handled.until("answered 3").await;
    server.off(handler);
    // The sender is dropped with the handler, although the peer is still there.
    assert!(soon(is_dropped).await.is_err());
    assert_eq!(server.peers().len(), 1);
}

both_runtimes!(events_of_a_lost_connection_are_handled_all_the_same);
async fn events_of_a_lost_connection_are_handled_all_the_same() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let (handled, gates) = (Log::new(), Gates::default());
    server.on_async("n", answering(&handled, &gates));
    let mut peer = Raw::dial(&transport).await;
    peer.write(format!("{THREE}n 4\n")).await;
    log.until("1 n 4").await;
    gates.open([1]);
    handled.until("answered 1").await;
    drop(peer);
    log.until("1 disconnect by peer").await;
    gates.open([2, 3, 4]);
    handled.until_len(4).await;
    assert_eq!(handled.lines(), ["answered 1", "handled 2", "handled 3", "handled 4"]);
    // A panic is still reported.
    log.until("1 error handler_panicked").await;
}

both_runtimes!(events_keep_their_order_over_the_connections_of_a_client);
async fn events_keep_their_order_over_the_connections_of_a_client() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let client = Client::builder(Lines, transport.clone()).reconnect(times(1)).build();
    let (log, handled, gates) = (Log::of_client(&client), Log::new(), Gates::default());
    client.on_async("n", answering(&handled, &gates));
    client.start().unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    peer.write("n 1\nn 2\n").await;
    log.until("n 2").await;
    drop(peer);
    let mut peer = Raw::accept(&mut listener).await;
    peer.write("n 3\n").await;
    log.until("n 3").await;
    gates.open([3, 2, 1]);
    handled.until_len(3).await;
    assert_eq!(handled.lines(), ["answered 1", "answered 2", "answered 3"]);
    for n in 1..=3 {
        assert_eq!(peer.line().await, format!("answer {n}"));
    }
}

both_runtimes!(events_are_handled_although_the_server_is_gone);
async fn events_are_handled_although_the_server_is_gone() {
    for shutdown in [false, true] {
        let transport = memory();
        let (server, log) = server(&transport).await;
        let (handled, gates) = (Log::new(), Gates::default());
        server.on_async("n", answering(&handled, &gates));
        let mut peer = Raw::dial(&transport).await;
        peer.write(format!("{THREE}n 4\n")).await;
        log.until("1 n 4").await;
        if shutdown {
            soon(server.shutdown(Duration::from_secs(5))).await;
        }
        drop(server);
        assert_eq!(peer.rest().await, "");
        drop(peer);
        log.until("1 disconnect local").await;
        gates.open([1, 2, 3, 4]);
        handled.until_len(4).await;
        assert_eq!(handled.lines(), ["handled 1", "handled 2", "handled 3", "handled 4"]);
        log.until("1 error handler_panicked").await;
    }
}

#[tokio::test(start_paused = true)]
async fn events_that_wait_do_not_keep_a_connection_from_closing() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).event_bytes(1).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let (handled, gates) = (Log::new(), Gates::default());
    server.on_async("n", answering(&handled, &gates));
    let mut peer = Raw::dial(&transport).await;
    // The second waits, and the third is not read.
    peer.write(THREE).await;
    log.until("1 n 2").await;
    let before = tokio::time::Instant::now();
    let report = soon(server.shutdown(Duration::from_secs(5))).await;
    assert_eq!((report.cut, before.elapsed() < Duration::from_secs(2)), (0, true));
    gates.open([1, 2, 3]);
    handled.until("handled 2").await;
    assert_eq!(handled.lines().len(), 2);
}

both_runtimes!(events_are_handled_although_the_client_is_gone);
async fn events_are_handled_although_the_client_is_gone() {
    for close in [false, true] {
        let transport = memory();
        let mut listener = transport.listen().await.unwrap();
        let client = Client::builder(Lines, transport.clone()).build();
        let (log, handled, gates) = (Log::of_client(&client), Log::new(), Gates::default());
        client.on_async("n", answering(&handled, &gates));
        client.start().unwrap();
        let mut peer = Raw::accept(&mut listener).await;
        peer.write(THREE).await;
        log.until("n 3").await;
        if close {
            let (_, rest) = tokio::join!(soon(client.disconnect()), peer.rest());
            assert_eq!(rest, "");
        } else {
            drop(client);
        }
        drop(peer);
        log.until("destroy").await;
        gates.open([1, 2, 3]);
        handled.until_len(3).await;
        assert_eq!(handled.lines(), ["handled 1", "handled 2", "handled 3"]);
    }
}

#[test]
fn what_waits_is_dropped_with_the_runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (dropped, mut is_dropped) = oneshot::channel::<()>();
    let peer = runtime.block_on(async move {
        let transport = memory();
        let (server, log) = server(&transport).await;
        let (handled, gates) = (Log::new(), Gates::default());
        let (inner, kept) = (answering(&handled, &gates), Arc::new(dropped));
        server.on_async("n", move |n: u64, peer| {
            let _kept = &kept;
            inner(n, peer)
        });
        let mut peer = Raw::dial(&transport).await;
        peer.write(THREE).await;
        log.until("1 n 3").await;
        server.peers().pop().unwrap()
    });
    drop(runtime);
    // The handle that is left keeps neither the handler nor its events.
    assert!(matches!(is_dropped.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
    assert!(matches!(peer.emit("n", "x"), Err(EmitError::Closed)));
}
