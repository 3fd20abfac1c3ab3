//! The limits of `SendQueue` at one less, exact and one more, for each policy.

use bytes::{BufMut, Bytes};
use ipc_codec::{Delimiter, FrameEncoder, Framing, Limits};
use ipc_core::queue::{
    OverflowPolicy, PushError, Pushed, QueueLimit, QueueLimits, QueueOptions, SendQueue,
};

fn queue(limits: QueueLimits, overflow: OverflowPolicy) -> SendQueue {
    let framing = Framing::Delimited(Delimiter::FORM_FEED);
    let encoder = FrameEncoder::new(framing, Limits::default());
    let options = QueueOptions::default().with_limits(limits).with_overflow(overflow);
    SendQueue::new(encoder, options)
}

/// Pushes a frame of this many bytes, the delimiter included; it begins with `tag`.
fn push(queue: &mut SendQueue, tag: u8, length: usize) -> Result<Pushed, PushError> {
    queue.push(|out| {
        out.put_u8(tag);
        out.put_bytes(b'.', length - 2);
        Ok(())
    })
}

/// Fills a queue of 100 bytes with 60 (`a`) and 30 (`b`), pushes `length` more (`c`), and compares
/// what it says and what waits then.
#[track_caller]
fn check(
    overflow: OverflowPolicy,
    length: usize,
    expected: Result<Pushed, PushError>,
    waiting: &str,
) {
    let mut encoded = vec![b'c'; 1];
    encoded.resize(length - 1, b'.');
    encoded.push(0x0C);
    for push_encoded in [false, true] {
        let mut queue = queue(QueueLimits::default().with_max_bytes(100), overflow);
        push(&mut queue, b'a', 60).unwrap();
        push(&mut queue, b'b', 30).unwrap();
        let pushed = if push_encoded {
            queue.push_encoded(&Bytes::copy_from_slice(&encoded))
        } else {
            push(&mut queue, b'c', length)
        };
        assert_eq!(pushed, expected, "{overflow:?} {length}");
        let tally = queue.tally();
        assert_eq!(tally.accepted, tally.dropped + queue.len() as u64);
        let tags: Vec<u8> = queue.take_undelivered().iter().map(|frame| frame[0]).collect();
        assert_eq!(String::from_utf8(tags).unwrap(), waiting, "{overflow:?} {length}");
    }
}

fn full(actual: usize) -> Result<Pushed, PushError> {
    Err(PushError::Full(QueueLimit::Bytes { limit: 100, actual }))
}

const ALL: [OverflowPolicy; 5] = [
    OverflowPolicy::Block,
    OverflowPolicy::Error,
    OverflowPolicy::DropNewest,
    OverflowPolicy::DropOldest,
    OverflowPolicy::Disconnect,
];

#[test]
fn a_byte_below_the_limit_fits() {
    ALL.into_iter().for_each(|policy| check(policy, 9, Ok(Pushed::Queued), "abc"));
}

#[test]
fn the_limit_itself_fits() {
    ALL.into_iter().for_each(|policy| check(policy, 10, Ok(Pushed::Queued), "abc"));
}

#[test]
fn a_byte_over_the_limit_is_an_error() {
    for policy in [OverflowPolicy::Block, OverflowPolicy::Error, OverflowPolicy::Disconnect] {
        check(policy, 11, full(101), "ab");
    }
}

#[test]
fn drop_newest_drops_the_new_one() {
    check(OverflowPolicy::DropNewest, 11, Ok(Pushed::Dropped), "ab");
}

#[test]
fn drop_oldest_drops_no_more_than_it_must() {
    check(OverflowPolicy::DropOldest, 11, Ok(Pushed::Queued), "bc");
    check(OverflowPolicy::DropOldest, 70, Ok(Pushed::Queued), "bc");
    check(OverflowPolicy::DropOldest, 71, Ok(Pushed::Queued), "c");
    check(OverflowPolicy::DropOldest, 100, Ok(Pushed::Queued), "c");
}

#[test]
fn a_message_larger_than_the_queue_is_refused_by_every_policy() {
    let refused = PushError::TooLarge { limit: 100, actual: 101 };
    ALL.into_iter().for_each(|policy| check(policy, 101, Err(refused.clone()), "ab"));
}

#[test]
fn drop_oldest_keeps_what_is_half_written() {
    let limits = QueueLimits::default().with_max_bytes(100);
    let mut queue = queue(limits, OverflowPolicy::DropOldest);
    push(&mut queue, b'a', 60).unwrap();
    push(&mut queue, b'b', 30).unwrap();
    queue.advance(1);
    // 59 of `a` are still to be written; with 41 more the queue is full.
    assert_eq!(push(&mut queue, b'c', 41), Ok(Pushed::Queued));
    let tags: Vec<u8> = queue.take_undelivered().iter().map(|frame| frame[0]).collect();
    assert_eq!(tags, b"ac");
}

#[test]
fn drop_oldest_drops_nothing_if_that_does_not_help() {
    let limits = QueueLimits::default().with_max_bytes(100);
    let mut queue = queue(limits, OverflowPolicy::DropOldest);
    push(&mut queue, b'a', 60).unwrap();
    push(&mut queue, b'b', 30).unwrap();
    queue.advance(1);
    // Even without `b`, 42 more would be one too many: the queue is as it was before.
    assert_eq!(push(&mut queue, b'c', 42), full(131));
    assert_eq!((queue.len(), queue.bytes(), queue.tally().dropped), (2, 89, 0));
}

#[test]
fn messages_are_counted_too() {
    for (messages, fits) in [(2, false), (3, true), (4, true)] {
        let limits = QueueLimits::default().with_max_messages(messages);
        let mut queue = queue(limits, OverflowPolicy::Error);
        push(&mut queue, b'a', 5).unwrap();
        push(&mut queue, b'b', 5).unwrap();
        let full = PushError::Full(QueueLimit::Messages { limit: 2, actual: 3 });
        let expected = if fits { Ok(Pushed::Queued) } else { Err(full) };
        assert_eq!(push(&mut queue, b'c', 5), expected);
    }
}

#[test]
fn no_message_at_all_may_wait() {
    let mut queue = queue(QueueLimits::default().with_max_messages(0), OverflowPolicy::DropOldest);
    let full = PushError::Full(QueueLimit::Messages { limit: 0, actual: 1 });
    assert_eq!(push(&mut queue, b'a', 5), Err(full));
}

#[test]
fn a_resent_frame_counts_whole_again() {
    let mut queue = queue(QueueLimits::default().with_max_bytes(100), OverflowPolicy::Error);
    push(&mut queue, b'a', 60).unwrap();
    queue.advance(50);
    push(&mut queue, b'b', 90).unwrap();
    queue.on_connection_lost();
    // More than the limit waits now, and nothing of it is given up.
    assert_eq!((queue.len(), queue.bytes()), (2, 150));
    assert_eq!(push(&mut queue, b'c', 5), full(155));
}

#[test]
fn is_full_for_says_whether_waiting_helps() {
    let mut queue = queue(QueueLimits::default().with_max_bytes(100), OverflowPolicy::Block);
    push(&mut queue, b'a', 60).unwrap();
    for (length, full) in [(40, false), (41, true), (100, true), (101, false)] {
        assert_eq!(queue.is_full_for(length), full, "{length}");
    }
}

#[test]
fn unbounded_takes_anything() {
    let mut queue = queue(QueueLimits::UNBOUNDED, OverflowPolicy::Error);
    for _ in 0..100 {
        assert_eq!(push(&mut queue, b'a', 1024 * 1024), Ok(Pushed::Queued));
    }
}

#[test]
fn the_defaults_are_8_mib_and_a_million_messages() {
    let limits = QueueLimits::default();
    assert_eq!((limits.max_bytes(), limits.max_messages()), (8 * 1024 * 1024, 1024 * 1024));
    assert_eq!(OverflowPolicy::default(), OverflowPolicy::Block);
}
