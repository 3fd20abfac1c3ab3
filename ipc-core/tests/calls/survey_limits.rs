//! What of a survey that a peer has no room for: its item says so, and the others are not affected.

use std::time::Duration;

use ipc_codec::Limits;
use ipc_core::queue::{OverflowPolicy, QueueLimits};
use ipc_core::{CallError, CallOptions, EmitError, ReservedEvents, Sent, Server};
use tokio::time::Instant;

use crate::rig::{narrow, open, soon, transport};
use crate::survey::{Room, texts};

#[tokio::test(start_paused = true)]
async fn a_full_queue_does_as_its_policy_says_and_is_not_waited_for() {
    for (overflow, stalled) in [
        (OverflowPolicy::Block, "full"),
        (OverflowPolicy::Error, "full"),
        (OverflowPolicy::DropNewest, "full"),
        (OverflowPolicy::DropOldest, "deadline 5s"),
        (OverflowPolicy::Disconnect, "full"),
    ] {
        let limits = QueueLimits::default().with_max_messages(2);
        let room = Room::on(narrow(64), 3, |format, transport| {
            Server::builder(format, transport).queue(limits).overflow(overflow)
        });
        let mut room = room.await;
        let text = "x".repeat(100);
        // One is written in part, one waits.
        room.peers[1].emit("fill", text.as_str()).unwrap();
        room.peers[1].emit("fill", text.as_str()).unwrap();
        let began = Instant::now();
        let survey = room.ask();
        for raw in [0, 2] {
            let raw = &mut room.raws[raw];
            assert_eq!(raw.hear().await, "call ask 1", "{overflow:?}");
            raw.reply(7).await;
        }
        let answers = ["7", stalled, "7"].map(str::to_owned);
        let wanted: Vec<_> = (1..).zip(answers).collect();
        assert_eq!(texts(survey).await, wanted, "{overflow:?}");
        let waited = if stalled == "full" { 0 } else { 5 };
        assert_eq!(began.elapsed().as_secs(), waited, "{overflow:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_evicted_call_fails_at_once() {
    let limits = QueueLimits::default().with_max_messages(2);
    let room = Room::on(narrow(64), 1, |format, transport| {
        Server::builder(format, transport).queue(limits).overflow(OverflowPolicy::DropOldest)
    });
    let room = room.await;
    room.peers[0].emit("fill", "x".repeat(100).as_str()).unwrap();
    let (began, survey) = (Instant::now(), room.ask());
    for n in 0..2 {
        room.peers[0].emit("by", &n).unwrap();
    }
    assert_eq!(texts(survey).await, [(1, "full".to_owned())]);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_peer_with_too_many_open_calls_is_not_asked() {
    let options = CallOptions::default().max_open(2);
    let mut room = Room::on(transport(), 2, |format, transport| {
        Server::builder(format, transport).calls(options)
    })
    .await;
    let _call = open(room.peers[0].call("own", &1)).await;
    let surveys = [room.ask(), room.ask(), room.ask()];
    let raw = &mut room.raws[1];
    for n in 0..2 {
        assert_eq!(raw.hear().await, "call ask 1");
        raw.reply(n).await;
    }
    let [one, two, three] = surveys.map(texts);
    let text = |one: &str, two: &str| [(1, one.to_owned()), (2, two.to_owned())];
    // It took a place of the first, and the others two of the second.
    assert_eq!(two.await, text("too_many_calls", "1"));
    assert_eq!(three.await, text("too_many_calls", "too_many_calls"));
    assert_eq!(one.await, text("deadline 5s", "0"));
    // Its places are free again.
    drop(_call);
    let survey = room.ask();
    let raw = &mut room.raws[1];
    assert_eq!(raw.hear().await, "call ask 1");
    raw.reply(3).await;
    assert_eq!(texts(survey).await, text("deadline 5s", "3"));
}

#[tokio::test(start_paused = true)]
async fn an_unsent_call_is_taken_back() {
    let room = Room::on(narrow(64), 1, Server::builder).await;
    room.peers[0].emit("fill", "x".repeat(100).as_str()).unwrap();
    let before = room.peers[0].queued();
    drop(room.ask());
    assert_eq!(room.peers[0].queued(), before);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_is_each_peers_error() {
    let frames = Limits::default().with_max_frame(1000);
    let mut room = Room::on(transport(), 2, |format, transport| {
        Server::builder(format, transport).limits(frames)
    })
    .await;
    let text = "x".repeat(2000);
    let survey = room.server.all().call("ask", text.as_str()).survey::<u64>();
    let answers = soon(survey.gather()).await;
    assert_eq!(answers.iter().map(|(peer, _)| peer.get()).collect::<Vec<_>>(), [1, 2]);
    for (_, answer) in answers {
        let error = answer.unwrap_err();
        assert!(matches!(error, CallError::NotSent(EmitError::Encode(_))), "{error:?}");
    }
    assert!(room.server.all().notice("log", text.as_str()).is_err());
    assert!(room.raws[0].is_silent().await);
}

#[tokio::test(start_paused = true)]
async fn without_calls_it_is_unsupported() {
    let options = CallOptions::default().reserved_events(ReservedEvents::Ordinary);
    let mut room = Room::on(transport(), 1, |format, transport| {
        Server::builder(format, transport).calls(options)
    })
    .await;
    assert_eq!(texts(room.ask()).await, [(1, "unsupported".to_owned())]);
    assert!(room.raws[0].is_silent().await);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_shuts_down_waits_for_its_answers_and_asks_no_more() {
    let mut room = Room::of(1).await;
    let survey = room.ask();
    let server = room.server.clone();
    let shutdown = tokio::spawn(async move { server.shutdown(Duration::from_secs(3)).await });
    assert_eq!(room.raws[0].hear().await, "call ask 1");
    tokio::task::yield_now().await;
    let answers = soon(room.server.all().call("ask", &1).survey::<u64>().gather()).await;
    let [(_, Err(error))] = &answers[..] else { panic!("{answers:?}") };
    assert!(matches!(error, CallError::Closed { sent: Sent::No }), "{error:?}");
    room.raws[0].reply(7).await;
    assert_eq!(texts(survey).await, [(1, "7".to_owned())]);
    assert_eq!(soon(shutdown).await.unwrap().cut, 0);
}
