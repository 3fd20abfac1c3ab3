//! An answer against a deadline against a drop of the call's future.

use std::sync::Arc;
use std::time::Duration;

use loom::thread;

use super::super::rig::explore;
use super::primitives::Wire;
use super::rig::{
    Client, End, Reached, Remote, call, check, connect, drop_after_one_poll, poll_once, wait,
};
use super::time::pass;

const DEADLINE: Duration = Duration::from_millis(30);

/// The time passes in a thread of its own, over a socket that takes so many bytes.
fn check_deadline(space: usize, answers: bool, ends: &[End]) {
    let reached = Arc::new(Reached::default());
    let adds = Arc::clone(&reached);
    // With two it takes minutes.
    explore(1, move || {
        let wire = Wire::full_after(space);
        let client = Client::new();
        let task = connect(&client, vec![Remote { answers, ..Remote::answering(&wire) }]);
        let calling = call(&client, DEADLINE, false);
        let time = thread::spawn(|| pass(DEADLINE));
        let end = End::of(&wait(calling));
        time.join().unwrap();
        adds.add(end);
        check(client, task, &[&wire], end);
    });
    reached.assert(ends);
}

#[test]
fn an_answer_or_the_deadline_ends_a_call() {
    check_deadline(usize::MAX, true, &[End::Answered, End::Late]);
}

#[test]
fn a_call_that_is_not_written_ends_at_its_deadline() {
    check_deadline(3, true, &[End::Late]);
}

/// The time passes when the peer has read the call, and before its answer is handled.
fn check_late_answer(preemptions: usize, answers: bool, ends: &[End]) {
    let reached = Arc::new(Reached::default());
    let adds = Arc::clone(&reached);
    explore(preemptions, move || {
        let wire = Wire::full_after(usize::MAX);
        let client = Client::new();
        let remote = Remote { answers, after: Some(DEADLINE), ..Remote::answering(&wire) };
        let task = connect(&client, vec![remote]);
        let end = End::of(&wait(call(&client, DEADLINE, false)));
        adds.add(end);
        check(client, task, &[&wire], end);
    });
    reached.assert(ends);
}

#[test]
fn an_answer_at_the_deadline_ends_a_call_or_comes_too_late() {
    check_late_answer(2, true, &[End::Answered, End::Late]);
}

#[test]
fn without_an_answer_the_deadline_ends_a_call() {
    check_late_answer(1, false, &[End::Late]);
}

/// The future is dropped after its first poll, over a socket that takes so many bytes before its peer
/// reads.
fn check_drop(preemptions: usize, space: usize, answers: bool) {
    explore(preemptions, move || {
        let wire = Wire::full_after(space);
        let client = Client::new();
        let task = connect(&client, vec![Remote { answers, ..Remote::answering(&wire) }]);
        let reader = thread::spawn({
            let wire = Arc::clone(&wire);
            move || wire.read_all()
        });
        assert!(drop_after_one_poll(call(&client, DEADLINE, false)).is_none());
        // While the socket is read: the frame is written, or taken back.
        assert!(loom::future::block_on(client.outbox.drained()));
        reader.join().unwrap();
        let end = if answers { End::Dropped } else { End::Withdrawn };
        check(client, task, &[&wire], end);
    });
}

#[test]
fn a_dropped_call_is_taken_back_or_cancelled_once() {
    check_drop(1, 0, false);
    // The frame is written in part.
    check_drop(2, 3, false);
}

#[test]
fn a_dropped_call_is_cancelled_or_was_answered() {
    check_drop(2, usize::MAX, true);
}

/// The future is polled twice and then dropped, while the answer comes and the time passes.
#[test]
fn an_answer_or_the_deadline_or_a_drop_ends_a_call() {
    let reached = Arc::new(Reached::default());
    let adds = Arc::clone(&reached);
    explore(1, move || {
        let wire = Wire::full_after(usize::MAX);
        let client = Client::new();
        let mut calling = Box::pin(call(&client, DEADLINE, false));
        let task = connect(&client, vec![Remote::answering(&wire)]);
        let time = thread::spawn(|| pass(DEADLINE));
        assert!(poll_once(calling.as_mut()).is_none());
        let end = poll_once(calling.as_mut()).map_or(End::Dropped, |outcome| End::of(&outcome));
        drop(calling);
        time.join().unwrap();
        adds.add(end);
        check(client, task, &[&wire], end);
    });
    reached.assert(&[End::Answered, End::Late, End::Dropped]);
}

#[test]
fn who_waits_for_the_calls_to_end_is_woken() {
    explore(1, || {
        let wire = Wire::full_after(usize::MAX);
        let client = Client::new();
        let task = connect(&client, vec![Remote::answering(&wire)]);
        let caller = thread::spawn({
            let client = Arc::clone(&client);
            move || End::of(&wait(call(&client, DEADLINE, false)))
        });
        // Without a lost wake-up this returns, whether the call was made by then or not.
        loom::future::block_on(client.calls.idle());
        let end = caller.join().unwrap();
        assert_eq!(end, End::Answered);
        check(client, task, &[&wire], end);
    });
}
