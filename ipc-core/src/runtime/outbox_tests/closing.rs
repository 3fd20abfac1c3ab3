//! Emit against flush against close: what was accepted is written or handed back.

use super::outbox::Want;
use super::primitives::Wire;
use super::rig::{assert_each_once, driver, emitter, explore, lines, outbox, undelivered};

/// Ends the connection while two emit, over a socket that takes so many bytes.
fn check(preemptions: usize, space: usize, want: Want) {
    explore(preemptions, move || {
        let wire = Wire::full_after(space);
        let outbox = outbox(&wire);
        let task = driver(&outbox);
        let emitters = [('a', 2), ('b', 1)].map(|(name, n)| emitter(&outbox, name, n));
        outbox.want(want);
        let accepted = emitters.map(|emitter| emitter.join().unwrap());
        task.join().unwrap();
        let mut ended = lines(&[&wire]);
        let back = undelivered(&outbox);
        if want == Want::Close {
            assert!(back.is_empty(), "a close that is not in a hurry hands back {back:?}");
        }
        ended.extend(back);
        assert_each_once(accepted, ended);
        assert!(undelivered(&outbox).is_empty(), "a frame is handed back once");
    });
}

#[test]
fn a_close_writes_all_that_was_accepted() {
    check(3, usize::MAX, Want::Close);
}

#[test]
fn a_disconnect_hands_back_what_was_not_written() {
    // The socket is full in the middle of the second frame.
    check(3, 4, Want::Disconnect);
}

#[test]
fn a_closed_outbox_hands_back_what_was_not_written() {
    explore(4, || {
        let wire = Wire::full_after(4);
        let outbox = outbox(&wire);
        let emitters = [('a', 2), ('b', 2)].map(|(name, n)| emitter(&outbox, name, n));
        outbox.close();
        let accepted = emitters.map(|emitter| emitter.join().unwrap());
        let mut ended = lines(&[&wire]);
        ended.extend(undelivered(&outbox));
        assert_each_once(accepted, ended);
    });
}

/// Every interleaving of two emitters of one message each: 255 is the most that loom counts, and more
/// than such a run can have.
#[test]
fn every_interleaving_of_two_emitters_and_a_close() {
    for space in [0, 4, usize::MAX] {
        explore(255, move || {
            let wire = Wire::full_after(space);
            let outbox = outbox(&wire);
            let emitters = ['a', 'b'].map(|name| emitter(&outbox, name, 1));
            outbox.close();
            let accepted = emitters.map(|emitter| emitter.join().unwrap());
            let mut ended = lines(&[&wire]);
            ended.extend(undelivered(&outbox));
            assert_each_once(accepted, ended);
        });
    }
}
