//! Errors: their texts, and that no text repeats its source.

use std::error::Error;

use ipc_codec::{DecodeError, Delimiter, EncodeError, EncodeWith, FrameCodecError, Oversize};

#[track_caller]
fn check(error: impl Error, expected: &str) {
    let text = error.to_string();
    assert_eq!(text, expected);
    if let Some(source) = error.source() {
        assert!(!text.contains(&source.to_string()));
    }
}

#[test]
fn texts_name_the_limit_and_the_actual_value() {
    let too_large = |policy| DecodeError::FrameTooLarge { limit: 4, seen: 5, policy };
    check(too_large(Oversize::Fail), "frame of at least 5 bytes exceeds the limit of 4 bytes");
    check(
        too_large(Oversize::Skip),
        "frame of at least 5 bytes was skipped: it exceeds the limit of 4 bytes",
    );
    let truncated = DecodeError::Truncated { buffered: 3 };
    check(truncated, "stream ended within a frame, 3 bytes of it buffered");
    check(DecodeError::Dead, "stream was given up after an earlier error");
    let too_large = EncodeError::FrameTooLarge { limit: 4, actual: 5 };
    check(too_large, "frame of 5 bytes exceeds the limit of 4 bytes");
    let contains = EncodeError::ContainsDelimiter { at: 7 };
    check(contains, "frame contains the delimiter at byte 7");
    let shrunk = EncodeError::OutputShrunk { expected: 4, actual: 2 };
    check(shrunk, "output has 2 bytes after writing, expected at least 4");
    check(Delimiter::new("").unwrap_err(), "delimiter is empty");
    check(Delimiter::new([0; 65]).unwrap_err(), "delimiter of 65 bytes is longer than 64 bytes");
}

#[test]
fn errors_of_encode_with_keep_their_source() {
    let contains = EncodeError::ContainsDelimiter { at: 7 };
    let error = EncodeWith::<std::fmt::Error>::from(contains);
    assert_eq!(error.source().unwrap().to_string(), contains.to_string());
    check(error, "frame cannot be sent");
    check(EncodeWith::Write(std::fmt::Error), "frame could not be written");
}

#[test]
fn only_a_skipped_frame_is_not_fatal() {
    let too_large = |policy| DecodeError::FrameTooLarge { limit: 4, seen: 5, policy };
    assert!(!too_large(Oversize::Skip).ends_stream());
    assert!(too_large(Oversize::Fail).ends_stream());
    assert!(DecodeError::Truncated { buffered: 0 }.ends_stream());
    assert!(DecodeError::Dead.ends_stream());
}

#[test]
fn an_error_that_holds_another_has_its_code() {
    let too_large = EncodeError::FrameTooLarge { limit: 4, actual: 5 };
    assert_eq!(EncodeWith::<std::fmt::Error>::from(too_large).code(), "frame_too_large");
    assert_eq!(EncodeWith::Write(std::fmt::Error).code(), "not_encoded");
    assert_eq!(FrameCodecError::from(too_large).code(), "frame_too_large");
    assert_eq!(FrameCodecError::from(DecodeError::Dead).code(), "decoder_failed");
    assert_eq!(FrameCodecError::from(std::io::Error::other("no")).code(), "io");
}
