//! What several tests need: the reference decoder, and ways to feed the real one.

use bytes::BufMut;
use ipc_codec::{DecodeError, Delimiter, FrameDecoder, Framing, Limits, Oversize};

#[path = "../../src/fuzzing/reference.rs"]
mod reference;

pub(crate) use reference::{Item, delimited, length_prefixed};

/// Returns a delimited framing.
#[track_caller]
pub(crate) fn by(delimiter: impl AsRef<[u8]>) -> Framing {
    Framing::Delimited(Delimiter::new(delimiter).unwrap())
}

/// Returns limits with this longest frame and policy.
pub(crate) fn limits(max_frame: usize, oversize: Oversize) -> Limits {
    Limits::default().with_max_frame(max_frame).with_oversize(oversize)
}

/// Returns what the reference makes of a whole stream. A raw stream is one frame.
pub(crate) fn expected(framing: &Framing, limits: Limits, stream: &[u8]) -> Vec<Item> {
    let skip = limits.oversize() == Oversize::Skip;
    match framing {
        Framing::Delimited(delimiter) => {
            delimited(stream, delimiter.as_bytes(), limits.max_frame(), skip)
        }
        Framing::LengthPrefixed => length_prefixed(stream, limits.max_frame(), skip),
        _ => vec![Item::Frame(stream.to_vec())],
    }
}

/// Returns what a decoder makes of a stream that comes in these chunks, then ends.
pub(crate) fn decode<'a>(
    framing: &Framing,
    limits: Limits,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<Item> {
    let mut decoder = FrameDecoder::new(framing.clone(), limits);
    let mut items = Vec::new();
    for chunk in chunks {
        decoder.extend(chunk);
        drain(&mut decoder, &mut items);
    }
    finish(&mut decoder, &mut items);
    items
}

/// Gives a chunk to the decoder through its spare capacity, `max` bytes at a time.
pub(crate) fn fill(
    decoder: &mut FrameDecoder,
    mut chunk: &[u8],
    max: usize,
    items: &mut Vec<Item>,
) {
    while !chunk.is_empty() {
        let mut room = decoder.spare(max);
        let (now, later) = chunk.split_at(chunk.len().min(room.remaining_mut()));
        room.put_slice(now);
        chunk = later;
        drain(decoder, items);
    }
}

/// Takes all that the decoder has, until it needs more bytes or is dead.
#[track_caller]
pub(crate) fn drain(decoder: &mut FrameDecoder, items: &mut Vec<Item>) {
    loop {
        match decoder.next_frame() {
            Ok(Some(frame)) => items.push(Item::Frame(frame.to_vec())),
            Ok(None) | Err(DecodeError::Dead) => return,
            Err(DecodeError::FrameTooLarge { seen, .. }) => items.push(Item::TooLarge(seen)),
            Err(error) => panic!("next_frame returned {error:?}"),
        }
    }
}

/// Ends the stream.
#[track_caller]
pub(crate) fn finish(decoder: &mut FrameDecoder, items: &mut Vec<Item>) {
    let dead = decoder.is_dead();
    match decoder.finish() {
        Err(DecodeError::Truncated { buffered }) => items.push(Item::Truncated(buffered)),
        Err(error) => assert!(dead && error == DecodeError::Dead, "finish returned {error:?}"),
        Ok(()) => assert!(!dead),
    }
}

/// Returns frames as items.
pub(crate) fn frames<T: AsRef<[u8]>>(frames: impl IntoIterator<Item = T>) -> Vec<Item> {
    frames.into_iter().map(|frame| Item::Frame(frame.as_ref().to_vec())).collect()
}
