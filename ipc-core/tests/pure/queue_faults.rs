//! `SendQueue` when encoding fails or panics, with one message in flight, and its memory.

use std::io::IoSlice;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::{BufMut, Bytes};
use ipc_codec::{Delimiter, EncodeError, FrameEncoder, Framing, Limits};
use ipc_core::FormatError;
use ipc_core::queue::{PushError, Pushed, QueueLimits, QueueOptions, Release, SendQueue};

fn queue(framing: Framing, release: Release) -> SendQueue {
    let encoder = FrameEncoder::new(framing, Limits::default().with_max_frame(5000));
    let limits = QueueLimits::default().with_max_bytes(10_000);
    SendQueue::new(encoder, QueueOptions::default().with_limits(limits).with_release(release))
}

fn lines(release: Release) -> SendQueue {
    queue(Framing::Delimited(Delimiter::new("\n").unwrap()), release)
}

fn push(queue: &mut SendQueue, text: &str) {
    let pushed = queue.push(|out| {
        out.put_slice(text.as_bytes());
        Ok(())
    });
    assert_eq!(pushed, Ok(Pushed::Queued));
}

/// Writes everything that can be written now, `at_once` bytes a time, and compares it.
#[track_caller]
fn check(queue: &mut SendQueue, at_once: usize, expected: &str) {
    let mut wire = Vec::new();
    loop {
        let mut slices = [IoSlice::new(&[]); 4];
        let used = queue.gather(&mut slices);
        let ready: Vec<u8> = slices[..used].iter().flat_map(|slice| slice.to_vec()).collect();
        let part = &ready[..ready.len().min(at_once)];
        wire.extend_from_slice(part);
        if part.is_empty() {
            break;
        }
        queue.advance(part.len());
    }
    assert_eq!(String::from_utf8(wire).unwrap(), expected);
}

#[test]
fn an_encoding_that_fails_leaves_no_trace() {
    let mut queue = lines(Release::Freely);
    push(&mut queue, "one");
    let error = FormatError::new("ERR_REFUSED", "refused");
    let refused = queue.push(|out| {
        out.put_slice(b"half");
        Err(error.clone())
    });
    assert_eq!(refused, Err(PushError::Format(error)));
    push(&mut queue, "two");
    assert_eq!((queue.len(), queue.tally().accepted), (2, 2));
    check(&mut queue, 100, "one\ntwo\n");
}

#[test]
fn an_encoding_that_panics_leaves_no_trace() {
    let mut queue = lines(Release::Freely);
    push(&mut queue, "one");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _ = queue.push(|out| {
            out.put_slice(b"half");
            panic!("a payload that cannot be encoded");
        });
    }));
    assert!(panicked.is_err());
    assert_eq!((queue.len(), queue.bytes(), queue.tally().accepted), (1, 4, 1));
    assert_eq!(queue.push_encoded(&Bytes::from_static(b"two\n")), Ok(Pushed::Queued));
    push(&mut queue, "three");
    check(&mut queue, 100, "one\ntwo\nthree\n");
}

#[test]
fn a_frame_that_cannot_be_framed_leaves_no_trace() {
    let mut queue = lines(Release::Freely);
    let refused = queue.push(|out| {
        out.put_slice(b"two\nlines");
        Ok(())
    });
    let contains = EncodeError::ContainsDelimiter { at: 3 };
    assert_eq!(refused, Err(PushError::Encode(contains)));
    let refused = queue.push(|out| {
        out.put_bytes(b'x', 5001);
        Ok(())
    });
    let too_large = EncodeError::FrameTooLarge { limit: 5000, actual: 5001 };
    assert_eq!(refused, Err(PushError::Encode(too_large)));
    push(&mut queue, "fine");
    check(&mut queue, 100, "fine\n");
}

#[test]
fn one_in_flight_waits_for_an_answer() {
    let mut queue = lines(Release::OneInFlight);
    push(&mut queue, "one");
    push(&mut queue, "two");
    check(&mut queue, 2, "one\n");
    assert!(queue.is_held());
    check(&mut queue, 100, "");
    queue.on_received();
    assert!(!queue.is_held());
    check(&mut queue, 100, "two\n");
    // Answered before the next one is there: it goes at once.
    queue.on_received();
    push(&mut queue, "three");
    check(&mut queue, 100, "three\n");
}

#[test]
fn one_in_flight_finishes_what_it_began_before_the_answer() {
    let mut queue = lines(Release::OneInFlight);
    push(&mut queue, "one");
    queue.advance(2);
    queue.on_received();
    push(&mut queue, "two");
    check(&mut queue, 100, "e\n");
}

#[test]
fn one_in_flight_goes_on_with_a_new_connection() {
    let mut queue = lines(Release::OneInFlight);
    push(&mut queue, "one");
    push(&mut queue, "two");
    check(&mut queue, 100, "one\n");
    queue.on_connection_lost();
    check(&mut queue, 100, "two\n");
}

#[test]
fn a_new_connection_starts_with_the_half_written_frame() {
    let mut queue = lines(Release::Freely);
    push(&mut queue, "one");
    push(&mut queue, "two");
    queue.advance(6);
    assert_eq!((queue.len(), queue.bytes(), queue.tally().written), (1, 2, 1));
    queue.on_connection_lost();
    assert_eq!((queue.len(), queue.bytes()), (1, 4));
    check(&mut queue, 1, "two\n");
}

#[test]
fn an_empty_raw_message_is_written_as_soon_as_it_is_pushed() {
    let mut queue = queue(Framing::Raw, Release::Freely);
    push(&mut queue, "");
    assert_eq!(queue.push_encoded(&Bytes::new()), Ok(Pushed::Queued));
    assert!(queue.is_empty(), "it has no byte that a write could bring away");
    let tally = queue.tally();
    assert_eq!((tally.accepted, tally.written), (2, 2));
    push(&mut queue, "raw");
    check(&mut queue, 100, "raw");
}

#[test]
fn an_empty_frame_still_has_its_delimiter() {
    let mut queue = lines(Release::Freely);
    push(&mut queue, "");
    check(&mut queue, 100, "\n");
}

#[test]
fn release_changes_nothing_that_can_be_seen() {
    let mut queue = lines(Release::Freely);
    for _ in 0..3 {
        push(&mut queue, "before");
        assert_eq!(queue.release(1024).capacity(), 0, "little is kept");
        push(&mut queue, &"x".repeat(4500));
        check(&mut queue, 1000, &format!("before\n{}\n", "x".repeat(4500)));
        assert_eq!(queue.release(usize::MAX).capacity(), 0);
        let buffer = queue.release(1024);
        assert!(buffer.capacity() >= 4500);
        assert_eq!(queue.wants_buffer(), Some(buffer.capacity()));
        queue.lend(buffer);
        assert_eq!(queue.wants_buffer(), None);
    }
    assert_eq!((queue.bytes(), queue.tally().written), (0, 6));
}

#[test]
fn a_buffer_without_memory_gets_as_much_as_was_in_use() {
    const MOST: usize = 128 * 1024;
    let framing = Framing::Delimited(Delimiter::new("\n").unwrap());
    let encoder = FrameEncoder::new(framing, Limits::default());
    let mut queue = SendQueue::new(encoder, QueueOptions::default());
    for (frames, written) in [(1, 1), (1000, 1), (1000, 300), (1310, 1), (1311, 7), (3, 1)] {
        let frame = Bytes::from(vec![b'x'; 100]);
        for _ in 0..frames {
            assert_eq!(queue.push_encoded(&frame), Ok(Pushed::Queued));
        }
        while !queue.is_empty() {
            queue.advance(queue.bytes().div_ceil(written));
        }
        drop(queue.release(0));
        assert!(queue.wants_buffer().is_some());
        queue.lend(bytes::BytesMut::new());
        let buffer = queue.release(0);
        let wanted = (frames * 100).min(MOST);
        assert_eq!(buffer.capacity(), wanted, "{frames} frames, {written} writes");
        queue.lend(buffer);
    }
}

#[test]
fn a_queue_with_something_in_it_keeps_its_buffer() {
    let mut queue = lines(Release::Freely);
    push(&mut queue, &"x".repeat(4500));
    assert_eq!((queue.release(0).capacity(), queue.wants_buffer()), (0, None));
    // What is lent to it is not taken.
    queue.lend(bytes::BytesMut::with_capacity(10));
    check(&mut queue, 1000, &format!("{}\n", "x".repeat(4500)));
}
