//! Encoding: what goes out, what is refused, and that a refused frame leaves no trace.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::{BufMut, BytesMut};
use ipc_codec::{EncodeError, EncodeWith, FrameEncoder, Framing, Limits};

use crate::support::by;

const BEFORE: &[u8] = b"before";

/// Encodes in both ways and expects these bytes or this error, and nothing else in the output.
#[track_caller]
fn check(framing: Framing, max_frame: usize, frame: &str, expected: Result<&str, EncodeError>) {
    let encoder = FrameEncoder::new(framing, Limits::default().with_max_frame(max_frame));
    let appended = expected.unwrap_or_default().as_bytes();

    let mut out = BytesMut::from(BEFORE);
    assert_eq!(encoder.encode(frame.as_bytes(), &mut out), expected.map(|_| ()));
    assert_eq!(out, [BEFORE, appended].concat());

    let mut out = BytesMut::from(BEFORE);
    let result = encoder.encode_with(&mut out, |out| {
        out.put_slice(frame.as_bytes());
        Ok::<(), ()>(())
    });
    assert_eq!(result, expected.map(|_| ()).map_err(EncodeWith::Encode));
    assert_eq!(out, [BEFORE, appended].concat());

    if expected.is_ok() {
        let whole = out.split_off(BEFORE.len()).freeze();
        assert_eq!(encoder.strip(whole), frame);
    }
}

fn contains(at: usize) -> Result<&'static str, EncodeError> {
    Err(EncodeError::ContainsDelimiter { at })
}

#[test]
fn delimited() {
    check(by("\x0c"), 100, "frame", Ok("frame\x0c"));
    check(by("\r\n"), 100, "frame", Ok("frame\r\n"));
    check(by("\r\n"), 100, "a\rb\n\r", Ok("a\rb\n\r\r\n"));
}

#[test]
fn length_prefixed() {
    check(Framing::LengthPrefixed, 100, "frame", Ok("\0\0\0\x05frame"));
    check(
        Framing::LengthPrefixed,
        1000,
        &"x".repeat(258),
        Ok(&format!("\0\0\x01\x02{:x<258}", "")),
    );
}

#[test]
fn raw_is_appended_as_it_is() {
    check(Framing::Raw, 1, "any\x0c bytes", Ok("any\x0c bytes"));
}

#[test]
fn empty_frames_are_legal() {
    check(by("\n"), 0, "", Ok("\n"));
    check(Framing::LengthPrefixed, 0, "", Ok("\0\0\0\0"));
    check(Framing::Raw, 0, "", Ok(""));
}

#[test]
fn longest_frame() {
    for framing in [by("\n"), Framing::LengthPrefixed] {
        let wire = if framing == Framing::LengthPrefixed { "\0\0\0\x03abc" } else { "abc\n" };
        check(framing.clone(), 4, "abc", Ok(wire));
        check(framing.clone(), 3, "abc", Ok(wire));
        check(framing, 2, "abc", Err(EncodeError::FrameTooLarge { limit: 2, actual: 3 }));
    }
}

#[test]
fn delimiter_in_the_frame_is_refused() {
    check(by("\n"), 100, "a\nb\nc", contains(1));
    check(by("\n"), 100, "\n", contains(0));
    check(by("<->"), 100, "ab<->", contains(2));
}

#[test]
fn delimiter_that_begins_in_the_frame_and_ends_in_the_delimiter_is_refused() {
    check(by("aa"), 100, "xa", contains(1));
    check(by("aa"), 100, "ax", Ok("axaa"));
    check(by("aba"), 100, "xab", contains(1));
    check(by("aba"), 100, "xa", Ok("xaaba"));
    check(by("xyxyx"), 100, "xy", contains(0));
    check(by("xyxyx"), 100, "yxyx", Ok("yxyxxyxyx"));
}

#[test]
fn error_of_the_writing_function_takes_back_what_it_wrote() {
    for framing in [by("\n"), Framing::LengthPrefixed, Framing::Raw] {
        let encoder = FrameEncoder::new(framing, Limits::default());
        let mut out = BytesMut::from(BEFORE);
        let result = encoder.encode_with(&mut out, |out| {
            out.put_slice(&[b'x'; 1000]);
            Err("no more")
        });
        assert_eq!(result, Err(EncodeWith::Write("no more")));
        assert_eq!(out, BEFORE);
    }
}

#[test]
fn panic_of_the_writing_function_takes_back_what_it_wrote() {
    let encoder = FrameEncoder::new(Framing::LengthPrefixed, Limits::default());
    let mut out = BytesMut::from(BEFORE);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        encoder.encode_with(&mut out, |out| -> Result<(), ()> {
            out.put_slice(b"half");
            // Unwinds like a panic, without its message on the test's output.
            std::panic::resume_unwind(Box::new(()))
        })
    }));
    assert!(unwound.is_err());
    assert_eq!(out, BEFORE);
}

#[test]
fn writing_function_that_removes_bytes_is_found_out() {
    let encoder = FrameEncoder::new(Framing::LengthPrefixed, Limits::default());
    let mut out = BytesMut::from(BEFORE);
    let result = encoder.encode_with(&mut out, |out| {
        out.truncate(2);
        Ok::<(), ()>(())
    });
    let (expected, actual) = (BEFORE.len() + 4, 2);
    assert_eq!(result, Err(EncodeWith::Encode(EncodeError::OutputShrunk { expected, actual })));
    assert_eq!(out, BEFORE[..2]);
}

#[test]
fn frame_that_is_too_long_is_refused_before_it_is_copied() {
    let mut out = BytesMut::from(BEFORE);
    let capacity = out.capacity();
    let encoder = FrameEncoder::new(by("\n"), Limits::default().with_max_frame(1000));
    encoder.encode(&[b'x'; 1001], &mut out).unwrap_err();
    assert_eq!(out.capacity(), capacity);
}

#[test]
fn refused_frame_between_others_does_not_harm_them() {
    let encoder = FrameEncoder::new(by("\n"), Limits::default().with_max_frame(5));
    let mut out = BytesMut::new();
    let mut results = Vec::new();
    for frame in ["one", "t\nwo", "three", "too long", ""] {
        results.push(encoder.encode(frame.as_bytes(), &mut out).is_ok());
    }
    assert_eq!(results, [true, false, true, false, true]);
    assert_eq!(out, "one\nthree\n\n");
}

#[test]
fn room_is_made_once_for_the_frame_and_what_is_added_to_it() {
    let frame = [b'x'; 1000];
    for framing in [by("\n"), by("<-end->"), Framing::LengthPrefixed, Framing::Raw] {
        let encoder = FrameEncoder::new(framing, Limits::default());
        let mut out = BytesMut::new();
        encoder.encode(&frame, &mut out).unwrap();
        assert_eq!(out.capacity(), out.len());
    }
}
