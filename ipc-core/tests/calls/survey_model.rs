//! Surveys of peers that do anything: each that is asked has exactly one answer, which fits what it did.

use std::collections::BTreeSet;
use std::time::Duration;

use ipc_core::{CallError, PeerId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::{Builder, Runtime};

use crate::raw::RawPeer;
use crate::rig::soon;
use crate::survey::Room;

/// What a peer does.
#[derive(Debug, Clone, Copy)]
struct Plan {
    member: bool,
    muted: bool,
    /// Whether it leaves the group once it was asked.
    leaves: bool,
    does: Does,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Answer,
    AnswerTwice,
    AnswerAndGo,
    Fail,
    Item,
    Nothing,
    GoUnread,
    Go,
    /// The server disconnects it.
    IsKicked,
}

fn plan() -> impl Strategy<Value = Plan> {
    use Does::{Answer, AnswerAndGo, AnswerTwice, Fail, Go, GoUnread, IsKicked, Item, Nothing};
    let does = prop_oneof![
        3 => Just(Answer),
        1 => prop::sample::select(vec![
            AnswerTwice, AnswerAndGo, Fail, Item, Nothing, GoUnread, Go, IsKicked,
        ]),
        2 => prop::sample::select(vec![AnswerTwice, GoUnread, Go, IsKicked]),
    ];
    (prop::bool::weighted(0.8), prop::bool::weighted(0.2), any::<bool>(), does)
        .prop_map(|(member, muted, leaves, does)| Plan { member, muted, leaves, does })
}

/// Plays what a peer does once it has heard the call.
async fn play(mut raw: RawPeer, does: Does) -> Option<RawPeer> {
    if does == Does::GoUnread {
        return None;
    }
    if !raw.hear().await.starts_with("call ") {
        return None;
    }
    let number = raw.number;
    match does {
        Does::Answer => raw.answer(number, 7).await,
        Does::AnswerTwice => {
            raw.answer(number, 7).await;
            raw.answer(number, 8).await;
        }
        Does::AnswerAndGo => {
            raw.answer(number, 7).await;
            return None;
        }
        Does::Fail => raw.fail(number, "own").await,
        Does::Item => raw.item(number, 7).await,
        Does::Go => return None,
        Does::Nothing | Does::IsKicked | Does::GoUnread => {}
    }
    Some(raw)
}

fn fits(does: Does, answer: &Result<u64, CallError>) -> bool {
    let gone = matches!(answer, Err(CallError::Disconnected { .. }));
    match (does, answer) {
        // On a machine that is busy anything may be late.
        (_, Err(CallError::Deadline { .. })) => true,
        (Does::Answer | Does::AnswerTwice | Does::AnswerAndGo, Ok(7)) => true,
        (Does::Fail, Err(CallError::Remote(failure))) => &*failure.code == "own",
        (Does::Item, Err(CallError::UnexpectedStream)) => true,
        (Does::IsKicked, Err(CallError::Closed { .. })) => true,
        // What it said before it went may be lost with it.
        (Does::AnswerAndGo | Does::GoUnread | Does::Go | Does::IsKicked, _) => gone,
        _ => false,
    }
}

async fn round(plans: &[Plan], late: usize, within: Duration) -> Result<(), TestCaseError> {
    let mut room = Room::of(plans.len()).await;
    let mut asked = BTreeSet::new();
    for (plan, peer) in plans.iter().zip(&room.peers) {
        if plan.member {
            // In one of the two, or in both.
            for group in &["room", "staff"][..] {
                if peer.id().get() % 3 != group.len() as u64 % 2 {
                    peer.join(group).unwrap();
                }
            }
        }
        if plan.muted {
            peer.join("muted").unwrap();
        }
        if plan.member && !plan.muted {
            asked.insert(peer.id());
        }
    }
    let heard = room.server.to("room").to("staff").except("muted");
    let survey = heard.call("ask", &1).within(within).survey::<u64>();
    let mut playing = tokio::task::JoinSet::new();
    let raws = std::mem::take(&mut room.raws);
    for ((plan, raw), peer) in plans.iter().zip(raws).zip(room.peers.clone()) {
        let Plan { leaves, does, .. } = *plan;
        if leaves {
            peer.leave("room");
            peer.leave("staff");
        }
        if !asked.contains(&peer.id()) {
            // It is asked nothing, and stays or goes.
            playing.spawn(async move { (does != Does::Go).then_some(raw) });
            continue;
        }
        playing.spawn(play(raw, does));
        if does == Does::IsKicked {
            peer.disconnect();
        }
    }
    for _ in 0..late {
        room.enter().await;
        room.peers.last().unwrap().join("room").unwrap();
    }
    let answers = soon(survey.gather()).await;
    let answered: Vec<PeerId> = answers.iter().map(|(peer, _)| *peer).collect();
    let once: BTreeSet<_> = answered.iter().copied().collect();
    prop_assert_eq!(answered.len(), asked.len(), "some answer is missing, or is there twice");
    prop_assert_eq!(once, asked);
    for (peer, answer) in &answers {
        let plan = plans[usize::try_from(peer.get()).unwrap() - 1];
        prop_assert!(fits(plan.does, answer), "{peer} {plan:?}: {answer:?}");
    }
    // No call is left open: the grace is not needed.
    drop((soon(playing.join_all()).await, room.raws));
    let report = soon(room.server.shutdown(Duration::from_secs(500))).await;
    prop_assert_eq!(report.undelivered.len(), 0);
    Ok(())
}

fn check(runtime: &Runtime, cases: u32, within: Duration) {
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let plans = (prop::collection::vec(plan(), 1..14), 0..3_usize);
    let result = runner.run(&plans, |(plans, late)| runtime.block_on(round(&plans, late, within)));
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn each_asked_peer_has_exactly_one_answer_on_one_thread() {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    check(&runtime, 150, Duration::from_secs(2));
}

#[test]
fn each_asked_peer_has_exactly_one_answer_on_several_threads() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    check(&runtime, 25, Duration::from_millis(100));
}
