//! The one timer of a peer's calls: each call ends at its own deadline, whatever the others do.

use std::sync::mpsc;
use std::time::Duration;

use ipc_core::{CallError, Failure};
use tokio::runtime::{Builder, Handle};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, timeout};

use crate::rig::{open, pair, raw_server, soon, transport};

#[tokio::test(start_paused = true)]
async fn calls_of_one_peer_end_each_at_its_own_deadline() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    let began = Instant::now();
    let mut calls = JoinSet::new();
    // Earlier and later ones after one another, and some at the same time.
    for ms in [3000, 1000, 2000, 1000, 5000, 1, 4999, 0, 2500] {
        let client = client.clone();
        calls.spawn(async move {
            let limit = Duration::from_millis(ms);
            let error = client.call::<_, u64>("sum", &ms).within(limit).await.unwrap_err();
            assert!(matches!(error, CallError::Deadline { .. }), "{error:?}");
            assert_eq!(began.elapsed().as_millis(), u128::from(ms));
        });
    }
    // One that is answered between them changes nothing for the others.
    let answered = client.clone();
    calls.spawn(async move { assert_eq!(answered.call::<_, u64>("one", &1).await.unwrap(), 7) });
    while peer.hear().await != "call one 1" {}
    peer.answer(peer.number, 7).await;
    while let Some(ended) = soon(calls.join_next()).await {
        ended.unwrap();
    }
    assert_eq!(began.elapsed().as_millis(), 5000);
}

#[test]
fn a_deadline_is_kept_while_a_handler_blocks_the_connection() {
    let runtime = Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap();
    let (go_on, blocked) = mpsc::channel::<()>();
    let (entered, is_entered) = mpsc::channel();
    runtime.block_on(async move {
        let pair = pair().await;
        let blocked = std::sync::Mutex::new(blocked);
        pair.client.on("block", move |(): (), _| {
            let _ = entered.send(());
            let _ = blocked.lock().unwrap().recv();
        });
        pair.server.on_call("block", |(): (), call| {
            call.peer().emit("block", &()).unwrap();
            std::future::pending::<Result<u64, Failure>>()
        });
        // Otherwise the time could be over before the call is written.
        soon(pair.client.connected()).await.unwrap();
        let limit = Duration::from_millis(100);
        let calling = pair.client.call::<_, u64>("block", &()).within(limit);
        let error = timeout(Duration::from_secs(60), calling).await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::Deadline { .. }), "{error:?}");
        // It has ended although the connection's task is still in the handler.
        is_entered.recv().unwrap();
        go_on.send(()).unwrap();
        soon(pair.client.close()).await;
    });
}

#[test]
fn the_timer_of_a_runtime_that_stops_is_set_in_another() {
    // Short, and longer where others keep these threads from running in time.
    let limits = [300, 3000, 30_000];
    assert!(limits.into_iter().any(|ms| the_timer_is_set_in_another(Duration::from_millis(ms))));
}

/// Returns whether there was time to stop the runtime before the first call was over.
fn the_timer_is_set_in_another(limit: Duration) -> bool {
    let build = || Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (stays, stops) = (build(), build());
    let raw = stays.block_on(async { raw_server(&transport(), |client| client).await });
    let client = &raw.0;
    // The first call sets the timer, of its runtime, and the second one finds it early enough.
    let began = Instant::now();
    let first = client.call::<_, u64>("sum", &1).within(limit);
    let first = stops.block_on(open(first));
    let second = client.call::<_, u64>("sum", &2).within(limit * 4 / 3);
    let mut second = stays.block_on(open(second));
    // Its task waits, as the woken one of a stopped timer would not.
    stays.block_on(async {
        let polled = timeout(Duration::ZERO, &mut second).await.is_err();
        stops.shutdown_background();
        let in_time = polled && began.elapsed() < limit;
        if in_time {
            let error = timeout(Duration::from_secs(60), second).await.unwrap().unwrap_err();
            assert!(matches!(error, CallError::Deadline { .. }), "{error:?}");
        }
        drop(first);
        in_time
    })
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_the_timer_when_the_peer_is_gone() {
    let (began, runtime) = (Instant::now(), Handle::current());
    let pair = pair().await;
    pair.server.on_call("one", |(): (), _| async { Ok::<u64, Failure>(1) });
    assert_eq!(soon(pair.client.call::<_, u64>("one", &())).await.unwrap(), 1);
    soon(pair.client.close()).await;
    soon(pair.server.shutdown(Duration::ZERO)).await;
    drop(pair);
    while runtime.metrics().num_alive_tasks() > 0 {
        yield_now().await;
    }
    assert!(began.elapsed() < Duration::from_secs(1));
}
