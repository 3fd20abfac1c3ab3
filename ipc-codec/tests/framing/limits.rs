//! Limits: just below, at and above the longest frame, and what the next call says.

use bytes::{BufMut, Bytes};
use ipc_codec::{DecodeError, FrameDecoder, Framing, Limits, Oversize};

use crate::support::{Item, by, decode, drain, fill, frames, limits};

const LIMIT: usize = 10;

/// Returns one frame of this length on the wire.
fn wire(framing: &Framing, len: usize) -> Vec<u8> {
    let frame = vec![b'x'; len];
    match framing {
        Framing::Delimited(delimiter) => [&frame, delimiter.as_bytes()].concat(),
        _ => [&u32::try_from(len).unwrap().to_be_bytes(), frame.as_slice()].concat(),
    }
}

fn framings() -> [Framing; 4] {
    [by("\x0c"), by("\r\n"), by("<-end->"), Framing::LengthPrefixed]
}

#[test]
fn frames_up_to_the_limit_pass() {
    for framing in framings() {
        for len in [0, LIMIT - 1, LIMIT] {
            let items = decode(&framing, limits(LIMIT, Oversize::Fail), [&*wire(&framing, len)]);
            assert_eq!(items, frames([vec![b'x'; len]]), "{framing:?}");
        }
    }
}

#[test]
fn frame_above_the_limit_ends_the_stream_after_the_frames_before_it() {
    for framing in framings() {
        let mut decoder = FrameDecoder::new(framing.clone(), limits(LIMIT, Oversize::Fail));
        decoder.extend(&[wire(&framing, 3), wire(&framing, LIMIT + 1), wire(&framing, 3)].concat());
        assert_eq!(decoder.next_frame(), Ok(Some(Bytes::from("xxx"))));
        let error = decoder.next_frame().unwrap_err();
        let (limit, seen, policy) = (LIMIT, LIMIT + 1, Oversize::Fail);
        assert_eq!(error, DecodeError::FrameTooLarge { limit, seen, policy });
        assert!(error.ends_stream());

        assert!(decoder.is_dead() && !decoder.is_mid_frame());
        assert_eq!(decoder.next_frame(), Err(DecodeError::Dead));
        decoder.extend(&wire(&framing, 3));
        assert_eq!(decoder.buffered(), 0);
        decoder.spare(100).put_slice(&wire(&framing, 3));
        assert_eq!(decoder.buffered(), 0);
        assert_eq!(decoder.next_frame(), Err(DecodeError::Dead));
        assert_eq!(decoder.finish(), Err(DecodeError::Dead));

        decoder.reset();
        decoder.extend(&wire(&framing, 3));
        assert_eq!(decoder.next_frame(), Ok(Some(Bytes::from("xxx"))));
    }
}

#[test]
fn frame_above_the_limit_is_skipped_and_reported_once() {
    for framing in framings() {
        for len in [LIMIT + 1, LIMIT + 2, 3 * LIMIT, 100 * LIMIT] {
            let stream = [wire(&framing, 2), wire(&framing, len), wire(&framing, LIMIT)].concat();
            let seen = if framing == Framing::LengthPrefixed { len } else { LIMIT + 1 };
            let expected =
                [Item::Frame(b"xx".to_vec()), Item::TooLarge(seen), Item::Frame(vec![b'x'; LIMIT])];
            for size in [1, 2, 3, 7, LIMIT, stream.len()] {
                let chunks = stream.chunks(size);
                let items = decode(&framing, limits(LIMIT, Oversize::Skip), chunks);
                assert_eq!(items, expected, "{framing:?} {len} in chunks of {size}");
            }
        }
    }
}

#[test]
fn skipped_frame_is_not_fatal() {
    let mut decoder = FrameDecoder::new(by("\n"), limits(0, Oversize::Skip));
    decoder.extend(b"x");
    assert!(!decoder.next_frame().unwrap_err().ends_stream());
    assert!(decoder.is_mid_frame() && !decoder.is_dead());
    decoder.extend(b"y\n\n");
    assert_eq!(decoder.next_frame(), Ok(Some(Bytes::new())));
}

#[test]
fn skipped_frame_is_not_buffered() {
    for framing in framings() {
        let mut decoder = FrameDecoder::new(framing.clone(), limits(LIMIT, Oversize::Skip));
        let overhead = wire(&framing, 0).len();
        let mut items = Vec::new();
        for chunk in wire(&framing, 100_000).chunks(1000) {
            decoder.extend(chunk);
            drain(&mut decoder, &mut items);
            assert!(decoder.buffered() < overhead, "{} {framing:?}", decoder.buffered());
        }
        assert_eq!(items.len(), 1);
        assert!(!decoder.is_mid_frame());
    }
}

#[test]
fn stream_that_ends_within_a_skipped_frame_is_truncated() {
    for framing in framings() {
        let stream = wire(&framing, 2 * LIMIT);
        let torn = &stream[..stream.len() - 1];
        let items = decode(&framing, limits(LIMIT, Oversize::Skip), [torn]);
        assert!(matches!(items[..], [Item::TooLarge(_), Item::Truncated(_)]), "{items:?}");
    }
}

#[test]
fn too_long_a_frame_is_found_out_before_it_is_buffered() {
    let mut decoder = FrameDecoder::new(Framing::LengthPrefixed, limits(LIMIT, Oversize::Fail));
    decoder.extend(&[0xff; 4]);
    let (limit, seen, policy) = (LIMIT, u32::MAX as usize, Oversize::Fail);
    let expected = DecodeError::FrameTooLarge { limit, seen, policy };
    assert_eq!(decoder.next_frame(), Err(expected));

    let mut decoder = FrameDecoder::new(by("<->"), limits(LIMIT, Oversize::Fail));
    // The delimiter may still follow at once...
    decoder.extend(b"0123456789<-");
    assert_eq!(decoder.next_frame(), Ok(None));
    // ...and now it cannot.
    decoder.extend(b"-");
    let expected = DecodeError::FrameTooLarge { limit, seen: LIMIT + 1, policy };
    assert_eq!(decoder.next_frame(), Err(expected));
}

#[test]
fn buffer_holds_one_frame_and_one_chunk_at_most() {
    for framing in framings() {
        let overhead = wire(&framing, 0).len();
        for chunk in [1, 3, 16, 64] {
            let mut decoder = FrameDecoder::new(framing.clone(), limits(LIMIT, Oversize::Skip));
            let mut most = 0;
            for len in (0..3 * LIMIT).rev() {
                for piece in wire(&framing, len).chunks(chunk) {
                    decoder.extend(piece);
                    most = most.max(decoder.buffered());
                    drain(&mut decoder, &mut Vec::new());
                    assert!(decoder.buffered() < LIMIT + overhead);
                }
            }
            assert!(most < LIMIT + overhead + chunk, "{most} {framing:?} {chunk}");
        }
    }
}

#[test]
fn unbounded_takes_what_the_default_refuses() {
    let framing = by("\x0c");
    let stream = wire(&framing, Limits::DEFAULT_MAX_FRAME + 1);
    for (limits, expected) in [
        (Limits::UNBOUNDED, frames([&stream[..stream.len() - 1]])),
        (Limits::default(), vec![Item::TooLarge(Limits::DEFAULT_MAX_FRAME + 1)]),
    ] {
        let mut decoder = FrameDecoder::new(framing.clone(), limits);
        let mut items = Vec::new();
        fill(&mut decoder, &stream, 65_536, &mut items);
        assert!(items == expected);
    }
}
