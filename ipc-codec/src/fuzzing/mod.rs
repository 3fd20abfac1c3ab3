//! The bodies of the fuzz targets: each takes any bytes and panics if a property does not hold.
//!
//! They are ordinary functions, so that the unit tests can run them on every prefix of every seed.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "test code on inputs of a few kilobytes: a panic is a finding"
)]

mod input;
mod reference;

use std::vec::Vec;

use bytes::{BufMut, BytesMut};

use crate::splitter::Splitter;
use crate::{DecodeError, EncodeError, FrameDecoder, FrameEncoder, Framing};
use input::{Input, cut};
use reference::Item;

/// Decodes a delimited stream: the same frames and errors as the reference finds, a bounded buffer,
/// and no byte searched twice but for a delimiter's length.
pub fn decode_delimited(data: &[u8]) {
    let Some(input) = Input::parse(data) else { return };
    let Framing::Delimited(delimiter) = &input.framing else { return };
    let expected = reference::delimited(
        input.stream,
        delimiter.as_bytes(),
        input.limits.max_frame(),
        input.skips(),
    );
    assert_eq!(decode(&input, input.cutting), expected, "{input:?}");
}

/// Decodes a length-prefixed stream: the same frames and errors as the reference finds, and a
/// bounded buffer.
pub fn decode_length(data: &[u8]) {
    let Some(input) = Input::parse(data) else { return };
    if input.framing != Framing::LengthPrefixed {
        return;
    }
    let expected =
        reference::length_prefixed(input.stream, input.limits.max_frame(), input.skips());
    assert_eq!(decode(&input, input.cutting), expected, "{input:?}");
}

/// Decodes a stream in two cuttings and three ways to feed them: all yield the same.
pub fn cut_anywhere(data: &[u8]) {
    let Some(input) = Input::parse(data) else { return };
    let whole = decode(&input, 0);
    let cut = decode(&input, input.cutting);
    if input.framing == Framing::Raw {
        // The chunks of a raw stream are arbitrary; only the bytes count.
        assert_eq!(joined(&whole), input.stream);
        assert_eq!(joined(&cut), input.stream);
    } else {
        assert_eq!(cut, whole, "{input:?}");
        assert_eq!(decode_foreign_buffer(&input), whole, "{input:?}");
    }
}

/// Encodes frames and decodes them again: what the encoder accepts comes back, what it refuses
/// leaves the output unchanged and would not have come back.
///
/// The stream is taken as frames, each after one byte that says its length.
pub fn roundtrip(data: &[u8]) {
    let Some(input) = Input::parse(data) else { return };
    let encoder = FrameEncoder::new(input.framing.clone(), input.limits);
    let mut out = BytesMut::new();
    let mut accepted = Vec::new();
    let mut rest = input.stream;
    while let [len, after @ ..] = rest {
        let (frame, after) = after.split_at(usize::from(*len).min(after.len()));
        rest = after;
        let before = out.clone();
        let result = encoder.encode(frame, &mut out);
        let mut in_place = before.clone();
        let written = encoder.encode_with(&mut in_place, |buffer| {
            buffer.extend_from_slice(frame);
            Ok::<(), ()>(())
        });
        assert_eq!(result.is_ok(), written.is_ok(), "{input:?} {frame:?}");
        assert_eq!(in_place, out, "{input:?} {frame:?}");
        match result {
            Ok(()) => accepted.push(Item::Frame(frame.to_vec())),
            Err(error) => {
                assert_eq!(out, before, "{input:?} {frame:?}");
                assert!(is_justified(error, frame, &input), "{error} {input:?} {frame:?}");
            }
        }
    }
    let input = Input { stream: &out, ..input };
    let decoded = decode(&input, input.cutting);
    if input.framing == Framing::Raw {
        assert_eq!(joined(&decoded), joined(&accepted));
    } else {
        assert_eq!(decoded, accepted, "{input:?}");
    }
}

/// Returns whether the receiver could not have read `frame` back.
fn is_justified(error: EncodeError, frame: &[u8], input: &Input<'_>) -> bool {
    match (error, &input.framing) {
        (EncodeError::FrameTooLarge { limit, actual }, _) => {
            limit == input.limits.max_frame() && actual == frame.len() && actual > limit
        }
        (EncodeError::ContainsDelimiter { at }, Framing::Delimited(delimiter)) => {
            let sent = [frame, delimiter.as_bytes()].concat();
            let read = reference::delimited(&sent, delimiter.as_bytes(), usize::MAX, false);
            at < frame.len() && read.first() == Some(&Item::Frame(frame[..at].to_vec()))
        }
        _ => false,
    }
}

/// Feeds the decoder and returns what it yields, checking its promises on the way.
fn decode(input: &Input<'_>, cutting: u8) -> Vec<Item> {
    let mut decoder = FrameDecoder::new(input.framing.clone(), input.limits);
    let overhead = match &input.framing {
        Framing::Delimited(delimiter) => delimiter.as_bytes().len(),
        _ => 4,
    };
    let bound = input.limits.max_frame().saturating_add(overhead);
    let mut items = Vec::new();
    let mut searches = 1;
    for (number, mut chunk) in cut(input.stream, cutting).into_iter().enumerate() {
        while !chunk.is_empty() {
            let fed = if number % 2 == 0 { chunk.len() } else { spare(&mut decoder, chunk) };
            if number % 2 == 0 {
                decoder.extend(chunk);
            }
            chunk = &chunk[fed..];
            assert!(decoder.buffered() <= bound.saturating_add(fed));
            drain(&mut items, || decoder.next_frame());
            assert!(decoder.buffered() < bound, "{input:?}");
            if number % 3 == 0 {
                decoder.release();
            }
            searches += 1;
        }
    }
    let searches = searches + items.len();
    assert!(decoder.searched() <= (input.stream.len() + 2 * searches * overhead) as u64);
    let dead = decoder.is_dead();
    match decoder.finish() {
        Err(DecodeError::Truncated { buffered }) => items.push(Item::Truncated(buffered)),
        Err(error) => assert!(dead && error == DecodeError::Dead),
        Ok(()) => assert!(!dead),
    }
    items
}

/// Fills the decoder's spare capacity from `chunk`. Returns how many bytes fitted.
fn spare(decoder: &mut FrameDecoder, chunk: &[u8]) -> usize {
    let mut room = decoder.spare(chunk.len());
    assert!((1..=chunk.len()).contains(&room.remaining_mut()));
    let len = room.remaining_mut();
    room.put_slice(&chunk[..len]);
    len
}

/// Decodes out of a buffer that is not the decoder's own, as under tokio-util.
fn decode_foreign_buffer(input: &Input<'_>) -> Vec<Item> {
    let mut splitter = Splitter::new(&input.framing, input.limits);
    let mut buffer = BytesMut::new();
    let mut items = Vec::new();
    for chunk in cut(input.stream, input.cutting) {
        buffer.extend_from_slice(chunk);
        drain(&mut items, || splitter.next(&mut buffer));
    }
    if let Err(DecodeError::Truncated { buffered }) = splitter.finish(&mut buffer) {
        items.push(Item::Truncated(buffered));
    }
    items
}

/// Takes what there is until more bytes are needed or the stream is dead.
fn drain(
    items: &mut Vec<Item>,
    mut next: impl FnMut() -> Result<Option<bytes::Bytes>, DecodeError>,
) {
    loop {
        match next() {
            Ok(Some(frame)) => items.push(Item::Frame(frame.to_vec())),
            Ok(None) | Err(DecodeError::Dead) => return,
            Err(DecodeError::FrameTooLarge { seen, .. }) => items.push(Item::TooLarge(seen)),
            Err(error) => panic!("next_frame returned {error:?}"),
        }
    }
}

/// Returns the bytes of all frames.
fn joined(items: &[Item]) -> Vec<u8> {
    let frames = items.iter().map(|item| match item {
        Item::Frame(frame) => frame.as_slice(),
        _ => &[],
    });
    frames.flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[track_caller]
    fn run_on_every_prefix_of_every_seed(target: &str, body: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
        let mut seeds = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let seed = fs::read(entry.unwrap().path()).unwrap();
            for len in 0..=seed.len() {
                body(&seed[..len]);
            }
            seeds += 1;
        }
        assert!(seeds >= 5, "{target} has {seeds} seeds");
    }

    #[test]
    fn decode_delimited() {
        run_on_every_prefix_of_every_seed("decode_delimited", super::decode_delimited);
    }

    #[test]
    fn decode_length() {
        run_on_every_prefix_of_every_seed("decode_length", super::decode_length);
    }

    #[test]
    fn cut_anywhere() {
        run_on_every_prefix_of_every_seed("cut_anywhere", super::cut_anywhere);
    }

    #[test]
    fn roundtrip() {
        run_on_every_prefix_of_every_seed("roundtrip", super::roundtrip);
    }
}
