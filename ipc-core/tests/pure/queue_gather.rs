//! Which slices `SendQueue` gathers: small frames in one, large shared ones as they are.

use std::io::IoSlice;

use bytes::{BufMut, Bytes};
use ipc_codec::{FrameEncoder, Framing, Limits};
use ipc_core::queue::{QueueOptions, SendQueue};

/// A frame to be queued: encoded in place, or encoded before.
enum Frame {
    Own(usize),
    Encoded(usize),
}
use Frame::{Encoded, Own};

/// Queues frames, advances by `written` bytes, and compares the lengths of the
/// slices that are gathered then, into at most `room`.
#[track_caller]
fn check(frames: &[Frame], written: usize, room: usize, expected: &[usize]) {
    let encoder = FrameEncoder::new(Framing::Raw, Limits::default());
    let mut queue = SendQueue::new(encoder, QueueOptions::default());
    for frame in frames {
        match *frame {
            Own(length) => queue
                .push(|out| {
                    out.put_bytes(b'.', length);
                    Ok(())
                })
                .unwrap(),
            Encoded(length) => queue.push_encoded(&Bytes::from(vec![b'.'; length])).unwrap(),
        };
    }
    queue.advance(written);
    let mut slices = vec![IoSlice::new(&[]); room];
    let used = queue.gather(&mut slices);
    let lengths: Vec<usize> = slices[..used].iter().map(|slice| slice.len()).collect();
    assert_eq!(lengths, expected);
}

#[test]
fn nothing_gives_no_slice() {
    check(&[], 0, 4, &[]);
    check(&[Own(10), Encoded(5000)], 5010, 4, &[]);
}

#[test]
fn small_frames_lie_in_one_slice() {
    check(&[Own(10), Own(20), Encoded(30)], 0, 4, &[60]);
    check(&[Own(10), Own(20), Encoded(30)], 15, 4, &[45]);
}

#[test]
fn frames_from_4_kib_on_are_shared() {
    check(&[Encoded(4095), Encoded(4096), Encoded(4097)], 0, 4, &[4095, 4096, 4097]);
    check(&[Own(5000), Own(5000)], 0, 4, &[10_000]);
}

#[test]
fn shared_frames_keep_their_place() {
    let frames = [Own(1), Own(2), Encoded(5000), Own(3), Encoded(6000), Encoded(7000), Own(4)];
    check(&frames, 0, 9, &[3, 5000, 3, 6000, 7000, 4]);
    check(&frames, 2, 9, &[1, 5000, 3, 6000, 7000, 4]);
    check(&frames, 3, 9, &[5000, 3, 6000, 7000, 4]);
    check(&frames, 4, 9, &[4999, 3, 6000, 7000, 4]);
    check(&frames, 5003, 9, &[3, 6000, 7000, 4]);
}

#[test]
fn no_more_slices_are_used_than_there_are() {
    let frames = [Own(1), Encoded(5000), Own(2), Encoded(6000)];
    check(&frames, 0, 0, &[]);
    check(&frames, 0, 1, &[1]);
    check(&frames, 0, 3, &[1, 5000, 2]);
    check(&frames, 10, 2, &[4991, 2]);
}

#[test]
fn what_is_on_hold_is_not_gathered_until_it_is_released_or_the_connection_is_lost() {
    let encoder = FrameEncoder::new(Framing::Raw, Limits::default());
    let mut queue = SendQueue::new(encoder, QueueOptions::default());
    let push = |queue: &mut SendQueue, length| {
        queue.push_encoded(&Bytes::from(vec![b'.'; length])).unwrap();
    };
    let gathered = |queue: &SendQueue| queue.gather(&mut [IoSlice::new(&[]); 4]);
    queue.hold(true);
    assert!(queue.is_held() && queue.is_awaiting());
    for (length, used) in [(5, 1), (100_000, 2)] {
        push(&mut queue, length);
        assert!(queue.is_held());
        assert_eq!(gathered(&queue), 0);
        // Nothing that is received releases it.
        queue.on_received();
        assert_eq!(gathered(&queue), 0);
        queue.hold(false);
        assert!(!queue.is_held() && !queue.is_awaiting());
        assert_eq!(gathered(&queue), used);
        queue.hold(true);
    }
    queue.on_connection_lost();
    assert_eq!((gathered(&queue), queue.is_held()), (2, false));
    queue.hold(true);
    assert_eq!(queue.take_undelivered().len(), 2);
}
