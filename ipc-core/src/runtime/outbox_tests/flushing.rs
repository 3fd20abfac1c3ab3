//! Emit against flush: what is queued is written or wakes the task, in order, once.

use std::sync::Arc;

use loom::thread;

use super::outbox::Want;
use super::primitives::Wire;
use super::rig::{assert_each_once, driver, emit, emit_all, emitter, explore, lines, outbox};

/// Two emitters, and a socket that takes so many bytes before its peer reads.
fn check(preemptions: usize, space: usize, counts: [usize; 2]) {
    explore(preemptions, move || {
        let wire = Wire::full_after(space);
        let outbox = outbox(&wire);
        let task = driver(&outbox);
        let one = emitter(&outbox, 'a', counts[0]);
        let other = emit_all(&outbox, 'b', counts[1]);
        wire.read_all();
        let accepted = [one.join().unwrap(), other];
        assert_eq!(accepted.each_ref().map(Vec::len), counts);
        // Without a lost wake-up this returns.
        assert!(loom::future::block_on(outbox.drained()));
        assert_each_once(accepted, lines(&[&wire]));
        outbox.want(Want::Disconnect);
        task.join().unwrap();
        assert_eq!(outbox.take_undelivered(), Vec::<bytes::Bytes>::new());
    });
}

/// One emits and waits until all is written, while another emits the last message.
#[test]
fn a_flush_returns_after_the_last_message() {
    explore(2, || {
        let wire = Wire::full_after(1);
        let outbox = outbox(&wire);
        let task = driver(&outbox);
        let flusher = thread::spawn({
            let (outbox, wire) = (Arc::clone(&outbox), Arc::clone(&wire));
            move || {
                assert!(emit(&outbox, "a0"));
                // Without a lost wake-up this returns.
                assert!(loom::future::block_on(outbox.drained()));
                lines(&[&wire])
            }
        });
        assert!(emit(&outbox, "b0"));
        wire.read_all();
        let written = flusher.join().unwrap();
        assert!(written.iter().any(|line| line == "a0"), "{written:?}");
        outbox.want(Want::Disconnect);
        task.join().unwrap();
    });
}

/// A flush and a wait for the end, of a socket that takes nothing.
#[test]
fn a_flush_returns_when_the_outbox_closes() {
    explore(2, || {
        let outbox = outbox(&Wire::full_after(0));
        assert!(emit(&outbox, "a0"));
        let task = driver(&outbox);
        let waiter = thread::spawn({
            let outbox = Arc::clone(&outbox);
            move || loom::future::block_on(outbox.closed())
        });
        outbox.want(Want::Disconnect);
        assert!(!loom::future::block_on(outbox.drained()));
        waiter.join().unwrap();
        task.join().unwrap();
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
