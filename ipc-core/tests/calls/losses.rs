//! Connections that are lost: what became of each call, and of what runs for a peer that is gone.

use std::future::pending;
use std::time::Duration;

use ipc_core::queue::{OverflowPolicy, QueueLimits};
use ipc_core::session::{Backoff, ReconnectPolicy};
use ipc_core::{Call, CallError, Client, Failure, MethodOptions, MsgPack, Sent};
use ipc_transport::Transport;
use tokio::time::{Instant, sleep};

use crate::raw::RawPeer;
use crate::rig::{Notes, client, narrow, open, pair, raw_client, raw_server, soon, transport};

both_runtimes!(
    a_call_that_was_written_fails_at_once,
    a_call_that_was_not_written_goes_to_the_next_connection,
    a_call_that_was_written_in_part_goes_to_the_next_connection,
    the_methods_of_a_lost_peer_are_stopped,
    a_server_learns_that_its_client_is_gone,
    no_answer_of_an_earlier_connection_fits,
);

async fn a_call_that_was_written_fails_at_once() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    let call = open(client.call("sum", &1)).await;
    assert_eq!(peer.hear().await, "call sum 1");
    let began = Instant::now();
    drop(peer);
    let error = soon(call).await.unwrap_err();
    assert!(matches!(error, CallError::Disconnected { sent: Sent::Maybe }), "{error:?}");
    assert!(!error.has_not_run());
    assert!(began.elapsed() < Duration::from_secs(10), "not at once");
}

async fn a_call_that_was_not_written_goes_to_the_next_connection() {
    let transport = transport();
    // The first attempts fail: no one listens yet.
    let client = client(&transport).build();
    let call = open(client.call("sum", &1)).await;
    let mut listener = transport.listen().await.unwrap();
    let mut peer = RawPeer::accept(&mut listener).await;
    assert_eq!(peer.hear().await, "call sum 1");
    peer.answer(peer.number, 7).await;
    assert_eq!(soon(call).await.unwrap(), 7);
}

async fn a_call_that_was_written_in_part_goes_to_the_next_connection() {
    let (client, mut peer, mut listener) = raw_server(&narrow(64), |client| client).await;
    let text = "x".repeat(100);
    let written = open(client.call("first", &1)).await;
    let in_part = open(client.call("second", text.as_str())).await;
    let behind = open(client.call("third", &3)).await;
    assert_eq!(peer.hear().await, "call first 1");
    drop(peer);
    let mut peer = RawPeer::accept(&mut listener).await;
    let error = soon(written).await.unwrap_err();
    assert!(matches!(error, CallError::Disconnected { sent: Sent::Maybe }), "{error:?}");
    assert_eq!(peer.hear().await, "call second 100 bytes");
    peer.answer(peer.number, 7).await;
    assert_eq!(peer.hear().await, "call third 3");
    peer.answer(peer.number, 8).await;
    assert_eq!((soon(in_part).await.unwrap(), soon(behind).await.unwrap()), (7, 8));
}

#[tokio::test(start_paused = true)]
async fn a_call_fails_unsent_when_no_attempt_is_left() {
    let policy = ReconnectPolicy::times(2, Backoff::fixed(Duration::from_secs(1)));
    let client = Client::builder(MsgPack::new(), transport()).reconnect(policy).build();
    let began = Instant::now();
    let error = soon(client.call::<_, u64>("sum", &1)).await.unwrap_err();
    assert!(matches!(error, CallError::Closed { sent: Sent::No }), "{error:?}");
    assert!(error.has_not_run());
    assert_eq!(began.elapsed().as_millis(), 2000);
    // And so does each one after it, at once.
    let error = soon(client.call::<_, u64>("sum", &1)).await.unwrap_err();
    assert!(matches!(error, CallError::Closed { sent: Sent::No }), "{error:?}");
    assert_eq!(began.elapsed().as_millis(), 2000);
}

async fn the_methods_of_a_lost_peer_are_stopped() {
    let (server, mut peer, transport) = raw_client(|server| server).await;
    let notes = Notes::new();
    for (method, options) in
        [("wait", MethodOptions::default()), ("finish", MethodOptions::default().uncancellable())]
    {
        let notes = notes.clone();
        server.handlers().on_call_with(options, method, move |(): (), call: Call<MsgPack>| {
            let (notes, guard) = (notes.clone(), notes.guard("dropped"));
            async move {
                let _guard = guard;
                notes.note("started");
                if call.method() == "wait" {
                    pending::<()>().await;
                }
                call.cancelled().await;
                notes.note("finished");
                Ok::<u64, Failure>(1)
            }
        });
    }
    peer.call(1, "wait", ()).await;
    notes.until_len(1).await;
    drop(peer);
    notes.until_len(2).await;
    assert_eq!(notes.lines(), ["started", "dropped"]);
    let mut peer = RawPeer::dial(&transport).await;
    peer.call(1, "finish", ()).await;
    notes.until_len(3).await;
    drop(peer);
    notes.until_len(5).await;
    assert_eq!(notes.lines()[2..], ["started", "finished", "dropped"]);
}

async fn a_server_learns_that_its_client_is_gone() {
    let pair = pair().await;
    let notes = Notes::new();
    let other = notes.clone();
    pair.client.on_call("wait", move |(): (), _| {
        other.note("started");
        pending::<Result<u64, Failure>>()
    });
    soon(pair.client.connected()).await.unwrap();
    while pair.server.peers().is_empty() {
        tokio::task::yield_now().await;
    }
    let peer = pair.server.peers().remove(0);
    let call = open(peer.call("wait", &())).await;
    notes.until("started").await;
    soon(pair.client.disconnect()).await;
    let error = soon(call).await.unwrap_err();
    assert!(matches!(error, CallError::Disconnected { sent: Sent::Maybe }), "{error:?}");
    soon(peer.closed()).await;
    let error = soon(peer.call::<_, u64>("wait", &())).await.unwrap_err();
    assert!(matches!(error, CallError::Closed { sent: Sent::No }), "{error:?}");
}

/// An answer may wait in the queue of a client that comes back. The server has forgotten the call,
/// and asks the new connection under other numbers.
async fn no_answer_of_an_earlier_connection_fits() {
    let (server, mut first, transport) = raw_client(|server| server).await;
    let mut second = RawPeer::dial(&transport).await;
    while server.peers().len() < 2 {
        tokio::task::yield_now().await;
    }
    let peers = server.peers();
    let calls = [open(peers[0].call("who", &1)).await, open(peers[1].call("who", &2)).await];
    assert_eq!(first.hear().await, "call who 1");
    assert_eq!(second.hear().await, "call who 2");
    assert_ne!(first.number, second.number);
    second.answer(first.number, 7).await;
    second.answer(second.number, 8).await;
    let [_first, second] = calls;
    assert_eq!(soon(second).await.unwrap(), 8);
}

/// Messages that were dropped at once are not counted among those that were written.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_beside_dropped_messages_is_unsent() {
    let transport = transport();
    let limits = QueueLimits::default().with_max_messages(2);
    let settings = client(&transport).queue(limits).overflow(OverflowPolicy::DropNewest);
    let client = settings.build();
    let call = open(client.call("sum", &1)).await;
    for n in 0..10 {
        client.emit("event", &n).unwrap();
    }
    assert_eq!(client.tally().dropped, 9);
    // The client looks again at what it has, between two attempts.
    for _ in 0..10 {
        client.set_reconnect(ReconnectPolicy::forever(Backoff::fixed(Duration::from_millis(10))));
        sleep(Duration::from_millis(7)).await;
    }
    let mut listener = transport.listen().await.unwrap();
    let mut peer = RawPeer::accept(&mut listener).await;
    assert_eq!(peer.hear().await, "call sum 1");
    peer.answer(peer.number, 7).await;
    assert_eq!(soon(call).await.unwrap(), 7);
}
