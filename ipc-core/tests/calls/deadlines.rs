//! Deadlines: at the asker, on the wire, and at the side that answers.

use std::future::pending;
use std::time::Duration;

use ipc_core::{CallError, CallOptions, Failure};
use tokio::time::{Instant, sleep};

use crate::rig::{Notes, asking, client, open, pair_with, raw_client, raw_server, soon, transport};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_ends_at_its_deadline_and_is_cancelled() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    for (limit, within) in [(None, 30 * SECOND), (Some(2 * SECOND), 2 * SECOND)] {
        let began = Instant::now();
        let calling = client.call::<_, u64>("sum", &1);
        let calling = match limit {
            Some(limit) => calling.within(limit),
            None => calling,
        };
        let error = soon(calling).await.unwrap_err();
        assert_eq!(began.elapsed().as_millis(), within.as_millis());
        assert!(matches!(error, CallError::Deadline { within: w } if w == within), "{error:?}");
        assert!(!error.has_not_run());
        assert_eq!(peer.hear().await, "call sum 1");
        assert_eq!(peer.left, Some(within));
        assert_eq!(peer.hear().await, format!("cancel {}", peer.number));
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_in_the_queue_counts() {
    // No one listens.
    let client = client(&transport()).build();
    let began = Instant::now();
    let error = soon(client.call::<_, u64>("sum", &1).within(SECOND)).await.unwrap_err();
    assert!(matches!(error, CallError::Deadline { .. }), "{error:?}");
    assert_eq!(began.elapsed().as_millis(), 1000);
    assert_eq!(client.peer().queued().messages, 0, "its frame was not taken back");
}

#[tokio::test(start_paused = true)]
async fn the_time_that_is_left_is_on_the_wire() {
    let options = CallOptions::default().max_open(1);
    let (client, mut peer, _listener) =
        raw_server(&transport(), |client| client.calls(options)).await;
    let first = asking(&client, "first", SECOND);
    assert_eq!(peer.hear().await, "call first 1");
    // It waits for the place of the first for 400 ms of its 1500.
    let second = asking(&client, "second", Duration::from_millis(1500));
    sleep(Duration::from_millis(400)).await;
    peer.answer(peer.number, 1).await;
    assert_eq!(soon(first).await.unwrap().unwrap(), 1);
    assert_eq!(peer.hear().await, "call second 1");
    assert_eq!(peer.left, Some(Duration::from_millis(1100)));
    peer.answer(peer.number, 2).await;
    assert_eq!(soon(second).await.unwrap().unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_side_that_answers_stops_at_the_deadline_and_says_so() {
    let options = CallOptions::default().max_time(3 * SECOND);
    let (server, mut peer, _transport) = raw_client(|server| server.calls(options)).await;
    let notes = Notes::new();
    let other = notes.clone();
    server.on_call("wait", move |(): (), call| {
        let guard = other.guard("dropped");
        async move {
            let _guard = guard;
            call.peer().emit("left", &(call.time_left().as_millis() as u64)).unwrap();
            pending::<Result<u64, Failure>>().await
        }
    });
    // What the asker gives, at most the own limit, which is also what no time at all means.
    let times = [(Some(SECOND), 1000), (Some(10 * SECOND), 3000), (None, 3000)];
    for (n, (left, ms)) in (1..).zip(times) {
        let began = Instant::now();
        match left {
            Some(left) => peer.call_within(n, "wait", (), left).await,
            None => peer.call(n, "wait", ()).await,
        }
        assert_eq!(peer.hear().await, format!("event left {ms}"));
        assert_eq!(peer.hear().await, format!("failure {n} deadline"));
        assert_eq!(began.elapsed().as_millis(), ms);
        notes.until_len(n as usize).await;
    }
    // Nothing runs any more, so that nothing has to be waited for.
    drop(peer);
    let began = Instant::now();
    soon(server.shutdown(60 * SECOND)).await;
    assert!(began.elapsed() < SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_asker_with_more_patience_learns_that_the_peer_has_stopped() {
    let options = CallOptions::default().max_time(3 * SECOND);
    let pair = pair_with(|client| client, |server| server.calls(options)).await;
    pair.server.on_call("wait", |(): (), _| pending::<Result<u64, Failure>>());
    let began = Instant::now();
    let error = soon(pair.client.call::<_, u64>("wait", &())).await.unwrap_err();
    assert!(matches!(&error, CallError::PeerDeadline(_)), "{error:?}");
    assert_eq!((error.code(), error.has_not_run()), ("deadline", false));
    assert_eq!(began.elapsed().as_millis(), 3000);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_there_at_the_deadline_wins() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    let answered = open(client.call("one", &1).within(SECOND)).await;
    let forgotten = open(client.call("two", &2).within(SECOND)).await;
    assert_eq!(peer.hear().await, "call one 1");
    peer.answer(peer.number, 7).await;
    assert_eq!(peer.hear().await, "call two 2");
    // Both futures are looked at again when their time is long over.
    sleep(2 * SECOND).await;
    assert_eq!(soon(answered).await.unwrap(), 7);
    let error = soon(forgotten).await.unwrap_err();
    assert!(matches!(error, CallError::Deadline { .. }), "{error:?}");
    assert_eq!(peer.hear().await, format!("cancel {}", peer.number));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_beyond_the_clock_is_as_good_as_none() {
    let (client, mut peer, _listener) = raw_server(&transport(), |client| client).await;
    let call = open(client.call("sum", &1).within(Duration::MAX)).await;
    assert_eq!(peer.hear().await, "call sum 1");
    peer.answer(peer.number, 7).await;
    assert_eq!(soon(call).await.unwrap(), 7);
}
