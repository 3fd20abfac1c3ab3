//! Emit against flush: what is queued is written or wakes the task, in order, once.

use super::outbox::Want;
use super::primitives::Wire;
use super::rig::{assert_each_once, driver, emitter, explore, lines, outbox};

/// Two emitters, and a socket that takes so many bytes before its peer reads.
fn check(preemptions: usize, space: usize, counts: [usize; 2]) {
    explore(preemptions, move || {
        let wire = Wire::full_after(space);
        let outbox = outbox(&wire);
        let task = driver(&outbox);
        let [one, other] =
            [('a', counts[0]), ('b', counts[1])].map(|(name, n)| emitter(&outbox, name, n));
        wire.read_all();
        let accepted = [one, other].map(|emitter| emitter.join().unwrap());
        assert_eq!(accepted.each_ref().map(Vec::len), counts);
        // Without a lost wake-up this returns.
        assert!(loom::future::block_on(outbox.drained()));
        assert_each_once(accepted, lines(&[&wire]));
        outbox.want(Want::Disconnect);
        task.join().unwrap();
        assert_eq!(outbox.take_undelivered(), Vec::<bytes::Bytes>::new());
    });
}

#[test]
fn what_two_emit_is_written_once_and_in_order() {
    check(2, usize::MAX, [2, 2]);
}

#[test]
fn a_full_socket_loses_no_wake_up() {
    // Full in the middle of the first frame.
    check(2, 1, [2, 1]);
}
