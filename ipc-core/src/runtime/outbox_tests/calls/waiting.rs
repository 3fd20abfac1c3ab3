//! A call that waits to be made, for a place among the open ones or for room in the send queue, against
//! what ends its waiting.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use loom::thread::{self, JoinHandle};

use super::super::rig::{emit, explore};
use super::outbox::Want;
use super::primitives::{Wire, WriteHalf, now};
use super::rig::{
    Client, End, Outcome, Reached, Remote, call, call_at, close, drive, finish, lose, poll_once,
    wait,
};
use super::time::pass;
use crate::queue::QueueLimits;
use crate::{CallOptions, ConnectionOptions};

const LONG: Duration = Duration::from_secs(60);
const DEADLINE: Duration = Duration::from_millis(30);

/// A call that has the only place.
type First<'a> = Pin<Box<dyn Future<Output = Outcome> + 'a>>;

/// Has a second call made in a thread of its own, while a first one has the only place, and this thread
/// does `then` with that: it is the connection's task, too.
fn check_place(
    preemptions: usize,
    second: (Duration, bool),
    then: impl Fn(&Client, Remote, &mut Option<First<'_>>) + Send + Sync + 'static,
    ends: &[End],
) {
    let reached = Arc::new(Reached::default());
    let adds = Arc::clone(&reached);
    explore(preemptions, move || {
        let calls = CallOptions::default().max_open(1);
        let client = Client::with(ConnectionOptions::default().calls(calls));
        let remote = Remote::answering(&Wire::full_after(usize::MAX));
        client.outbox.attach(WriteHalf(Arc::clone(&remote.wire)));
        let mut first: First<'_> = Box::pin(call(&client, LONG, false));
        assert!(poll_once(first.as_mut()).is_none());
        let second = caller(&client, second);
        let mut first = Some(first);
        then(&client, remote, &mut first);
        // Without a lost wake-up it has ended or does by itself.
        adds.add(second.join().unwrap());
        drop(first);
        end(client);
    });
    reached.assert(ends);
}

/// Makes a call in a thread of its own, with its time from now on.
fn caller(client: &Arc<Client>, (within, bound): (Duration, bool)) -> JoinHandle<End> {
    let (client, made) = (Arc::clone(client), now());
    thread::spawn(move || End::of(&wait(call_at(&client, made, within, bound))))
}

/// Ends the connection and the client, if that has not happened.
fn end(client: Arc<Client>) {
    client.outbox.want(Want::Disconnect);
    lose(&client);
    close(&client);
    finish(client);
}

#[test]
fn an_answer_makes_place_for_the_next_call() {
    let then = |client: &Client, remote, first: &mut Option<First<'_>>| {
        // Both are read, and answered.
        drive(client, &Remote { hangs_up: Some("call 1\ncall 2\n".len()), ..remote });
        assert_eq!(End::of(&wait(first.take().unwrap())), End::Answered);
    };
    check_place(2, (LONG, false), then, &[End::Answered]);
}

#[test]
fn a_call_that_is_dropped_makes_place_for_the_next_one() {
    let then = |client: &Client, remote, first: &mut Option<First<'_>>| {
        drop(first.take());
        let all = "call 1\ncancel 1\ncall 2\n".len();
        drive(client, &Remote { hangs_up: Some(all), ..remote });
    };
    check_place(2, (LONG, false), then, &[End::Answered]);
}

#[test]
fn a_close_ends_a_call_that_waits_for_a_place() {
    let then = |client: &Client, _, first: &mut Option<First<'_>>| {
        client.outbox.want(Want::Disconnect);
        lose(client);
        close(client);
        assert_eq!(End::of(&wait(first.take().unwrap())), End::Failed);
    };
    check_place(2, (LONG, false), then, &[End::NotRun]);
}

#[test]
fn a_lost_connection_makes_place_for_the_next_call() {
    let then = |client: &Client, _, first: &mut Option<First<'_>>| {
        lose(client);
        assert_eq!(End::of(&wait(first.take().unwrap())), End::Failed);
        let next = Remote::answering(&Wire::full_after(usize::MAX));
        client.outbox.attach(WriteHalf(Arc::clone(&next.wire)));
        drive(client, &Remote { hangs_up: Some("call 2\n".len()), ..next });
    };
    check_place(2, (LONG, false), then, &[End::Answered]);
}

#[test]
fn a_lost_connection_ends_a_call_that_is_bound_and_waits_for_a_place() {
    let then = |client: &Client, _, _: &mut Option<First<'_>>| lose(client);
    check_place(2, (LONG, true), then, &[End::NotRun]);
}

#[test]
fn a_call_waits_for_a_place_no_longer_than_its_deadline() {
    // The first one keeps its place until the second one has ended.
    let then = |_: &_, _, _: &mut Option<First<'_>>| pass(DEADLINE);
    check_place(2, (DEADLINE, false), then, &[End::NotRun]);
}

/// Has a call made in a thread of its own, while the queue is full, and does `then` in this one.
fn check_room(
    preemptions: usize,
    call: (Duration, bool),
    then: impl Fn(&Client, Remote) + Send + Sync + 'static,
    ends: &[End],
) {
    let reached = Arc::new(Reached::default());
    let adds = Arc::clone(&reached);
    explore(preemptions, move || {
        let queue = QueueLimits::default().with_max_messages(1);
        let client = Client::with(ConnectionOptions::default().queue(queue));
        let remote = Remote::answering(&Wire::full_after(0));
        client.outbox.attach(WriteHalf(Arc::clone(&remote.wire)));
        assert!(emit(&client.outbox, "x0"));
        let caller = caller(&client, call);
        then(&client, remote);
        adds.add(caller.join().unwrap());
        end(client);
    });
    reached.assert(ends);
}

#[test]
fn a_peer_that_reads_makes_room_for_a_call() {
    let then = |client: &Client, remote: Remote| {
        remote.wire.read_all();
        drive(client, &Remote { hangs_up: Some("x0\ncall 1\n".len()), ..remote });
    };
    check_room(2, (LONG, false), then, &[End::Answered]);
}

#[test]
fn a_close_ends_a_call_that_waits_for_room() {
    let then = |client: &Client, _| {
        client.outbox.want(Want::Disconnect);
        lose(client);
        close(client);
    };
    check_room(2, (LONG, false), then, &[End::NotRun]);
}

#[test]
fn a_lost_connection_ends_a_call_that_is_bound_and_waits_for_room() {
    check_room(2, (LONG, true), |client, _| lose(client), &[End::NotRun]);
}

#[test]
fn a_call_waits_for_room_no_longer_than_its_deadline() {
    check_room(2, (DEADLINE, false), |_, _| pass(DEADLINE), &[End::Late]);
}
