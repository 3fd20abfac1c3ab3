//! Clients that close and servers that shut down, with calls that are open or run.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use ipc_core::{CallError, Failure, MsgPack, Sent, Server};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::raw::RawPeer;
use crate::rig::{
    Notes, asking, asking_unit, client, open, pair, raw_client, raw_server, soon, transport,
};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_client_waits_for_its_open_calls_and_takes_no_new_ones() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    let call = asking(&client, "sum", 30 * SECOND);
    assert_eq!(peer.hear().await, "call sum 1");
    let number = peer.number;
    let closing = tokio::spawn({
        let client = client.clone();
        async move { client.close().await }
    });
    sleep(SECOND).await;
    let error = soon(client.call::<_, u64>("late", &2)).await.unwrap_err();
    assert!(matches!(error, CallError::Closed { sent: Sent::No }), "{error:?}");
    // Nor does it take calls of its peer.
    peer.call(1, "any", ()).await;
    assert_eq!(peer.hear().await, "failure 1 unknown_method");
    peer.answer(number, 7).await;
    assert_eq!(soon(call).await.unwrap().unwrap(), 7);
    assert_eq!(peer.hear().await, "end");
    drop(peer);
    assert!(soon(closing).await.unwrap().undelivered.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_client_does_not_wait_beyond_its_close_timeout() {
    let settings = |client: ipc_core::ClientBuilder<MsgPack>| client.close_timeout(5 * SECOND);
    let (client, mut peer, _listener) = raw_server(&transport(), settings).await;
    let call = asking(&client, "sum", 60 * SECOND);
    assert_eq!(peer.hear().await, "call sum 1");
    let began = Instant::now();
    let closing = tokio::spawn(async move { client.close().await });
    assert_eq!(peer.hear().await, "end");
    assert_eq!(began.elapsed().as_millis(), 5000);
    drop(peer);
    soon(closing).await.unwrap();
    let error = soon(call).await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::Closed { sent: Sent::Maybe }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn calls_that_never_left_fail_unsent_and_are_not_undelivered() {
    // No one listens.
    let client = client(&transport()).close_timeout(SECOND).build();
    let call = asking(&client, "sum", 60 * SECOND);
    sleep(SECOND).await;
    client.notice("log", &1).unwrap();
    client.emit("event", &2).unwrap();
    let report = soon(client.close()).await;
    let error = soon(call).await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::Closed { sent: Sent::No }), "{error:?}");
    let events: Vec<_> = report.undelivered.iter().map(|message| message.event()).collect();
    assert_eq!(events, ["event"]);
    assert_eq!(client.tally().handed_back, 3);
}

/// Also if no call was ever made: the two events are no messages of the program.
#[tokio::test(start_paused = true)]
async fn a_notice_that_never_left_is_not_undelivered() {
    let client = client(&transport()).close_timeout(SECOND).build();
    client.notice("log", &1).unwrap();
    client.emit("event", &2).unwrap();
    let report = soon(client.close()).await;
    let events: Vec<_> = report.undelivered.iter().map(|message| message.event()).collect();
    assert_eq!(events, ["event"]);
}

#[tokio::test(start_paused = true)]
async fn disconnecting_fails_calls_at_once() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    let call = asking(&client, "sum", 60 * SECOND);
    assert_eq!(peer.hear().await, "call sum 1");
    let began = Instant::now();
    soon(client.disconnect()).await;
    let error = soon(call).await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::Closed { sent: Sent::Maybe }), "{error:?}");
    assert_eq!(began.elapsed().as_millis(), 0);
}

/// Adds the method `wait`, which is answered once it is told so.
fn on_wait(server: &Server<MsgPack>, notes: &Notes) -> Arc<Notify> {
    let (gate, notes) = (Arc::new(Notify::new()), notes.clone());
    let other = Arc::clone(&gate);
    server.on_call("wait", move |(): (), _| {
        let (gate, guard) = (Arc::clone(&other), notes.guard("dropped"));
        notes.note("started");
        async move {
            let _guard = guard;
            gate.notified().await;
            Ok::<u64, Failure>(7)
        }
    });
    gate
}

#[tokio::test(start_paused = true)]
async fn a_server_answers_what_runs_within_the_grace_and_refuses_new_calls() {
    let (server, mut first, transport) = raw_client(|server| server).await;
    // This one has called nothing so far.
    let mut second = RawPeer::dial(&transport).await;
    let notes = Notes::new();
    let gate = on_wait(&server, &notes);
    first.call(1, "wait", ()).await;
    notes.until("started").await;
    let began = Instant::now();
    let shutdown = tokio::spawn(async move { server.shutdown(20 * SECOND).await });
    sleep(SECOND).await;
    for peer in [&mut first, &mut second] {
        peer.call(2, "wait", ()).await;
        assert_eq!(peer.hear().await, "failure 2 closing");
    }
    sleep(4 * SECOND).await;
    gate.notify_one();
    assert_eq!(first.hear().await, "answer 1 7");
    assert_eq!(first.hear().await, "end");
    assert_eq!(second.hear().await, "end");
    drop((first, second));
    assert_eq!(soon(shutdown).await.unwrap().cut, 0);
    assert!(began.elapsed() < 7 * SECOND);
    assert_eq!(notes.lines(), ["started", "dropped"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_cuts_what_runs_beyond_the_grace() {
    let (pair, notes) = (pair().await, Notes::new());
    let _gate = on_wait(&pair.server, &notes);
    let call = asking_unit(&pair.client, "wait");
    notes.until("started").await;
    let began = Instant::now();
    soon(pair.server.shutdown(5 * SECOND)).await;
    assert_eq!(began.elapsed().as_secs(), 5);
    let error = soon(call).await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::Disconnected { sent: Sent::Maybe }), "{error:?}");
    notes.until("dropped").await;
}

#[tokio::test(start_paused = true)]
async fn a_server_waits_for_the_answers_to_its_own_calls() {
    let (server, mut peer, _transport) = raw_client(|server| server).await;
    peer.event("hello", 1).await;
    sleep(SECOND).await;
    let own = server.peers().remove(0);
    let call = open(own.call("who", &1)).await;
    assert_eq!(peer.hear().await, "call who 1");
    let number = peer.number;
    let shutdown = tokio::spawn(async move { server.shutdown(20 * SECOND).await });
    sleep(5 * SECOND).await;
    peer.answer(number, 7).await;
    assert_eq!(soon(call).await.unwrap(), 7);
    assert_eq!(peer.hear().await, "end");
    drop(peer);
    soon(shutdown).await.unwrap();
}

/// Whatever calls have gone through, in the end nothing is open and nothing runs, on either side.
#[tokio::test(start_paused = true)]
async fn the_tables_are_empty_in_the_end() {
    let (pair, notes) = (pair().await, Notes::new());
    let gate = on_wait(&pair.server, &notes);
    pair.server.on_call("echo", |n: u64, _| async move { Ok::<_, Failure>(n) });
    pair.server
        .on_call("panic", |(): (), _| async move { panic!("as asked") as Result<u64, Failure> });
    pair.server.on_call("never", |(): (), _| pending::<Result<u64, Failure>>());
    let kept = asking_unit(&pair.client, "wait");
    notes.until("started").await;
    for n in 0..2000 {
        soon(pair.client.call::<_, u64>("echo", &n)).await.unwrap();
    }
    for method in ["none", "panic", "echo"] {
        soon(pair.client.call::<_, u64>(method, &())).await.unwrap_err();
    }
    for _ in 0..300 {
        drop(open(pair.client.call("never", &())).await);
    }
    let late = asking_unit(&pair.client, "never");
    let error = soon(late).await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::Deadline { .. } | CallError::PeerDeadline(_)), "{error:?}");
    gate.notify_one();
    // The time of the call that was kept is over, too.
    soon(kept).await.unwrap().unwrap_err();
    let began = Instant::now();
    soon(pair.client.close()).await;
    soon(pair.server.shutdown(60 * SECOND)).await;
    assert_eq!(began.elapsed().as_millis(), 0);
}

/// A runtime that is dropped drops the tasks of calls, and with them what their methods have called,
/// whatever its threads are doing just then.
#[test]
fn a_runtime_can_be_dropped_while_calls_begin() {
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for round in 0..200 {
            let threads =
                tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build();
            let runtime = threads.unwrap();
            let (begin, begun) = std::sync::mpsc::channel();
            runtime.spawn(async move {
                let pair = pair().await;
                pair.client.on_call("inner", |(): (), _| pending::<Result<u64, Failure>>());
                pair.server.on_call("outer", move |(): (), call| {
                    let _ = begin.send(());
                    async move { call.peer().call::<_, u64>("inner", &()).await }
                });
                for _ in 0..200 {
                    asking_unit(&pair.client, "outer");
                    tokio::task::yield_now().await;
                }
                pending::<()>().await;
            });
            // In the midst of them.
            assert_eq!(begun.iter().take(round % 20).count(), round % 20);
            drop(runtime);
        }
        done.send(()).unwrap();
    });
    ended.recv_timeout(Duration::from_secs(100)).unwrap();
}
