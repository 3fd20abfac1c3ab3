//! Emit against detach and attach: a lost connection loses no message and sends none twice.

use std::sync::Arc;

use loom::thread;

use super::outbox::Want;
use super::primitives::{Wire, WriteHalf};
use super::rig::{assert_each_once, drive, emit_all, emitter, explore, lines, outbox};

/// The first connection breaks after so many bytes; the second one takes everything.
fn check(preemptions: usize, space: usize) {
    explore(preemptions, move || {
        let (first, second) = (Wire::broken_after(space), Wire::full_after(usize::MAX));
        let outbox = outbox(&first);
        let one = emitter(&outbox, 'a', 2);
        let task = thread::spawn({
            let (outbox, second) = (Arc::clone(&outbox), Arc::clone(&second));
            move || {
                // Three frames of three bytes break it, whoever writes.
                drive(&outbox);
                outbox.detach();
                outbox.attach(WriteHalf(second));
                drive(&outbox);
            }
        });
        let other = emit_all(&outbox, 'b', 1);
        let accepted = [one.join().unwrap(), other];
        assert!(loom::future::block_on(outbox.drained()));
        assert_each_once(accepted, lines(&[&first, &second]));
        outbox.want(Want::Disconnect);
        task.join().unwrap();
    });
}

#[test]
fn a_frame_that_was_cut_is_sent_again_whole() {
    check(2, 4);
}

#[test]
fn a_connection_lost_between_frames_sends_none_twice() {
    check(2, 3);
}
