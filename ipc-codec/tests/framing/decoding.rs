//! Decoding: what the three answers of `next_frame` mean, and the end of a stream.

use bytes::{BufMut, Bytes};
use ipc_codec::{DecodeError, FrameDecoder, Framing, Limits};

use crate::support::{by, decode, frames};

#[track_caller]
fn check(framing: Framing, chunks: &[&str], expected: &[&str]) {
    let chunks = chunks.iter().map(|chunk| chunk.as_bytes());
    assert_eq!(decode(&framing, Limits::default(), chunks), frames(expected));
}

#[test]
fn one_chunk_with_several_frames() {
    check(by("\x0c"), &["one\x0ctwo\x0cthree\x0c"], &["one", "two", "three"]);
}

#[test]
fn a_whole_frame_is_delivered_although_half_of_the_next_one_follows() {
    let mut decoder = FrameDecoder::new(by("\x0c"), Limits::default());
    decoder.extend(b"whole\x0cha");
    assert_eq!(decoder.next_frame(), Ok(Some(Bytes::from("whole"))));
    assert_eq!(decoder.next_frame(), Ok(None));
    assert_eq!(decoder.buffered(), 2);
    decoder.extend(b"lf\x0c");
    assert_eq!(decoder.next_frame(), Ok(Some(Bytes::from("half"))));
}

#[test]
fn delimiter_split_over_three_chunks() {
    check(by("<->"), &["one<", "-", ">two<-", ">"], &["one", "two"]);
}

#[test]
fn half_a_delimiter_is_part_of_the_frame() {
    check(by("\r\n"), &["a\rb\r", "\n", "\n\r", "\r\n"], &["a\rb", "\n\r"]);
}

#[test]
fn the_leftmost_delimiter_ends_the_frame_if_it_overlaps_itself() {
    check(by("aa"), &["xaaa", "aaa", "a", "xaa"], &["x", "", "", "ax"]);
}

#[test]
fn empty_frames() {
    check(by("\n"), &["\n\n", "\n"], &["", "", ""]);
    check(Framing::LengthPrefixed, &["\0\0\0\0\0\0", "\0\0"], &["", ""]);
}

#[test]
fn empty_chunks_change_nothing() {
    check(by("\n"), &["", "a", "", "b\n", ""], &["ab"]);
}

#[test]
fn length_prefix_split_over_chunks() {
    check(Framing::LengthPrefixed, &["\0", "\0\0", "\x03a", "b", "c\0\0\0\x01d"], &["abc", "d"]);
}

#[test]
fn raw_bytes_come_as_one_chunk_however_many_were_received() {
    let mut decoder = FrameDecoder::new(Framing::Raw, Limits::default().with_max_frame(1));
    assert_eq!(decoder.next_frame(), Ok(None));
    decoder.extend(b"one ");
    decoder.extend(b"two");
    assert!(!decoder.is_mid_frame());
    assert_eq!(decoder.next_frame(), Ok(Some(Bytes::from("one two"))));
    assert_eq!(decoder.next_frame(), Ok(None));
    assert_eq!(decoder.finish(), Ok(()));
}

#[test]
fn what_is_written_into_the_room_counts_as_received() {
    let mut decoder = FrameDecoder::new(by("\n"), Limits::default());
    decoder.spare(100).put_slice(b"first\nsec");
    assert_eq!(decoder.next_frame(), Ok(Some(Bytes::from("first"))));
    assert_eq!(decoder.next_frame(), Ok(None));
    decoder.spare(4).put_slice(b"ond\n");
    assert_eq!(decoder.next_frame(), Ok(Some(Bytes::from("second"))));
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn room_is_at_least_one_byte_and_at_most_what_was_asked_for() {
    let mut decoder = FrameDecoder::new(by("\n"), Limits::UNBOUNDED);
    assert_eq!(decoder.spare(0).remaining_mut(), 1);
    for max in [1, 2, 7, 4096, 65_536] {
        let room = decoder.spare(max).remaining_mut();
        assert!((max.div_ceil(2)..=max).contains(&room), "{room} of {max}");
    }
    assert_eq!(decoder.spare(usize::MAX).remaining_mut(), 1024 * 1024);
}

#[test]
fn stream_may_end_between_frames_only() {
    let mut decoder = FrameDecoder::new(by("\n"), Limits::default());
    assert_eq!(decoder.finish(), Ok(()));
    decoder.extend(b"whole\n");
    assert!(decoder.next_frame().unwrap().is_some());
    assert!(!decoder.is_mid_frame());
    assert_eq!(decoder.finish(), Ok(()));

    decoder.extend(b"torn");
    assert_eq!(decoder.next_frame(), Ok(None));
    assert!(decoder.is_mid_frame());
    assert_eq!(decoder.finish(), Err(DecodeError::Truncated { buffered: 4 }));
}

#[test]
fn finish_and_reset_begin_a_new_stream() {
    let mut decoder = FrameDecoder::new(Framing::LengthPrefixed, Limits::default());
    decoder.extend(b"\0\0\0\x09torn");
    assert_eq!(decoder.next_frame(), Ok(None));
    assert_eq!(decoder.finish(), Err(DecodeError::Truncated { buffered: 8 }));
    assert_eq!(decoder.finish(), Ok(()));

    decoder.extend(b"\0\0");
    decoder.reset();
    assert_eq!(decoder.buffered(), 0);
    decoder.extend(b"\0\0\0\x01x");
    assert_eq!(decoder.next_frame(), Ok(Some(Bytes::from("x"))));
}

#[test]
fn a_new_stream_is_searched_from_its_start() {
    for finishes in [false, true] {
        let mut decoder = FrameDecoder::new(by("\n"), Limits::default());
        decoder.extend(b"unfinished");
        assert_eq!(decoder.next_frame(), Ok(None));
        if finishes {
            assert_eq!(decoder.finish(), Err(DecodeError::Truncated { buffered: 10 }));
        } else {
            decoder.reset();
        }
        decoder.extend(b"ab\n");
        assert_eq!(decoder.next_frame(), Ok(Some(Bytes::from("ab"))));
    }
}

#[test]
fn release_in_the_middle_of_a_frame_loses_nothing() {
    for framing in [by("<->"), Framing::LengthPrefixed] {
        let mut decoder = FrameDecoder::new(framing.clone(), Limits::default());
        let stream: &[u8] = match framing {
            Framing::LengthPrefixed => b"\0\0\0\x05hello",
            _ => b"hello<->",
        };
        let (last, before) = stream.split_last().unwrap();
        for byte in before {
            decoder.spare(65_536).put_u8(*byte);
            assert_eq!(decoder.next_frame(), Ok(None));
            decoder.release();
        }
        decoder.extend(&[*last]);
        assert_eq!(decoder.next_frame(), Ok(Some(Bytes::from("hello"))));
    }
}
