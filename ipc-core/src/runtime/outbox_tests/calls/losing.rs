//! A lost connection against an answer and a drop.

use std::sync::Arc;
use std::time::Duration;

use super::super::rig::explore;
use super::primitives::Wire;
use super::rig::{Client, End, Reached, Remote, call, check, connect, drop_after_one_poll, wait};

const LONG: Duration = Duration::from_secs(60);

/// What ends the first connection.
#[derive(Debug, Clone, Copy)]
enum Loss {
    /// It takes so many bytes, and then breaks.
    Breaks(usize),
    /// The peer ends it when it has so many bytes, and answers them or not.
    HangsUp(usize, bool),
}

/// A client whose first connection is lost; with a second one or not.
fn check_loss(loss: Loss, comes_back: bool, bound: bool, ends: &[End]) {
    let reached = Arc::new(Reached::default());
    let adds = Arc::clone(&reached);
    explore(2, move || {
        let (first, second) = wires(loss);
        let client = Client::new();
        let connections = if comes_back { vec![first, second] } else { vec![first] };
        let wires = connections.iter().map(|remote| Arc::clone(&remote.wire)).collect::<Vec<_>>();
        let task = connect(&client, connections);
        let end = End::of(&wait(call(&client, LONG, bound)));
        adds.add(end);
        let wires: Vec<_> = wires.iter().map(|wire| &**wire).collect();
        check(client, task, &wires, end);
    });
    reached.assert(ends);
}

fn wires(loss: Loss) -> (Remote, Remote) {
    let first = match loss {
        Loss::Breaks(space) => Remote::answering(&Wire::broken_after(space)),
        Loss::HangsUp(bytes, answers) => Remote {
            answers,
            hangs_up: Some(bytes),
            ..Remote::answering(&Wire::full_after(usize::MAX))
        },
    };
    (first, Remote::answering(&Wire::full_after(usize::MAX)))
}

#[test]
fn a_call_that_was_written_fails_with_its_connection() {
    check_loss(Loss::HangsUp(7, false), true, false, &[End::Failed]);
    check_loss(Loss::HangsUp(7, true), true, false, &[End::Answered]);
}

#[test]
fn a_call_that_was_not_written_whole_goes_to_the_next_connection() {
    check_loss(Loss::Breaks(0), true, false, &[End::Answered]);
    check_loss(Loss::Breaks(3), true, false, &[End::Answered]);
}

#[test]
fn a_call_that_no_connection_carried_was_not_sent() {
    check_loss(Loss::Breaks(3), false, false, &[End::NotRun]);
}

#[test]
fn a_call_that_is_bound_ends_unsent_with_its_connection() {
    check_loss(Loss::Breaks(3), true, true, &[End::NotRun]);
}

/// The future is dropped after its first poll, while the connection is lost and the next one made.
fn check_drop(loss: Loss) {
    explore(2, move || {
        let (first, second) = wires(loss);
        let wires = [&first.wire, &second.wire].map(Arc::clone);
        let client = Client::new();
        let task = connect(&client, vec![first, second]);
        let end = drop_after_one_poll(call(&client, LONG, false));
        assert!(end.is_none());
        check(client, task, &[&wires[0], &wires[1]], End::Dropped);
    });
}

#[test]
fn a_dropped_call_is_sent_to_no_two_connections() {
    for loss in [Loss::Breaks(3), Loss::HangsUp(7, false)] {
        check_drop(loss);
    }
}
