//! Properties with an oracle, on random frames, streams and cuttings.

use bytes::BytesMut;
use ipc_codec::{EncodeError, FrameDecoder, FrameEncoder, Framing, Limits, Oversize};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{Item, by, decode, drain, expected, fill, finish, frames};

fn any_framing() -> impl Strategy<Value = Framing> {
    prop_oneof![
        select(vec!["\x0c", "\n", "\r\n", "aa", "aba", "<-end->"]).prop_map(by),
        vec(select(b"ab".as_slice()), 1..6).prop_map(by),
        Just(Framing::LengthPrefixed),
        Just(Framing::Raw),
    ]
}

fn any_limits() -> impl Strategy<Value = Limits> {
    let max_frame = prop_oneof![0..20_usize, 20..400_usize, Just(usize::MAX)];
    (max_frame, select(vec![Oversize::Fail, Oversize::Skip])).prop_map(|(max_frame, oversize)| {
        Limits::default().with_max_frame(max_frame).with_oversize(oversize)
    })
}

/// Bytes in which delimiters, parts of delimiters and small lengths are frequent.
fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        3 => vec(any::<u8>(), 0..30),
        3 => vec(select(b"ab\r\n\x0c<-end->".as_slice()), 0..12),
        2 => select(vec!["\x0c", "\n", "\r\n", "<-end->"]).prop_map(|piece| piece.into()),
        2 => (0..40_u8).prop_map(|len| [vec![0, 0, 0, len], vec![b'x'; len.into()]].concat()),
    ];
    vec(pieces, 0..20).prop_map(|pieces| pieces.concat())
}

/// Lengths of chunks, used over and over.
fn any_cutting() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![Just(vec![1]), vec(1..9_usize, 1..8), vec(1..300_usize, 1..8)]
}

fn cut<'a>(mut rest: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    for len in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, after) = rest.split_at(rest.len().min(*len));
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

/// Joins frames of a raw stream, where the cutting shows.
fn normal(framing: &Framing, items: Vec<Item>) -> Vec<Item> {
    if *framing != Framing::Raw {
        return items;
    }
    let bytes = items.into_iter().map(|item| match item {
        Item::Frame(bytes) => bytes,
        item => panic!("raw stream yields {item:?}"),
    });
    frames([bytes.collect::<Vec<_>>().concat()])
}

proptest! {
    #[test]
    fn any_cutting_yields_what_the_reference_finds(
        framing in any_framing(),
        limits in any_limits(),
        stream in any_stream(),
        cutting in any_cutting(),
    ) {
        let items = decode(&framing, limits, cut(&stream, &cutting));
        prop_assert_eq!(normal(&framing, items), expected(&framing, limits, &stream));
    }

    #[test]
    fn room_and_release_change_nothing(
        framing in any_framing(),
        limits in any_limits(),
        stream in any_stream(),
        cutting in any_cutting(),
        max in 1..200_usize,
    ) {
        let mut decoder = FrameDecoder::new(framing.clone(), limits);
        let mut items = Vec::new();
        for chunk in cut(&stream, &cutting) {
            fill(&mut decoder, chunk, max, &mut items);
            decoder.release();
        }
        finish(&mut decoder, &mut items);
        prop_assert_eq!(normal(&framing, items), expected(&framing, limits, &stream));
    }

    #[test]
    fn buffered_bytes_are_bounded(
        framing in any_framing(),
        limits in any_limits(),
        stream in any_stream(),
        cutting in any_cutting(),
    ) {
        let overhead = match &framing {
            Framing::Delimited(delimiter) => delimiter.as_bytes().len(),
            _ => 4,
        };
        let bound = limits.max_frame().saturating_add(overhead);
        let mut decoder = FrameDecoder::new(framing, limits);
        for chunk in cut(&stream, &cutting) {
            decoder.extend(chunk);
            prop_assert!(decoder.buffered() < bound.saturating_add(chunk.len()));
            drain(&mut decoder, &mut Vec::new());
            prop_assert!(decoder.buffered() < bound);
        }
    }

    #[test]
    fn decoding_undoes_encoding(
        framing in any_framing(),
        limits in any_limits(),
        given in vec(any_stream(), 0..6),
        cutting in any_cutting(),
    ) {
        let encoder = FrameEncoder::new(framing.clone(), limits);
        let mut out = BytesMut::new();
        let mut accepted = Vec::new();
        for frame in given {
            let before = out.clone();
            match encoder.encode(&frame, &mut out) {
                Ok(()) => accepted.push(frame),
                Err(EncodeError::FrameTooLarge { .. }) => {
                    prop_assert!(frame.len() > limits.max_frame());
                    prop_assert_eq!(&out, &before);
                }
                Err(EncodeError::ContainsDelimiter { at }) => {
                    // The stream would have been cut there.
                    let Framing::Delimited(delimiter) = &framing else { panic!("{framing:?}") };
                    let sent = [&*frame, delimiter.as_bytes()].concat();
                    let read = expected(&framing, Limits::UNBOUNDED, &sent);
                    prop_assert_eq!(&read[0], &Item::Frame(frame[..at].to_vec()));
                    prop_assert!(at < frame.len());
                    prop_assert_eq!(&out, &before);
                }
                Err(error) => panic!("{error}"),
            }
        }
        let items = decode(&framing, limits, cut(&out, &cutting));
        prop_assert_eq!(normal(&framing, items), normal(&framing, frames(accepted)));
    }

    #[test]
    fn writing_in_place_equals_encoding(
        framing in any_framing(),
        limits in any_limits(),
        before in vec(any::<u8>(), 0..20),
        frame in any_stream(),
    ) {
        let encoder = FrameEncoder::new(framing, limits);
        let mut copied = BytesMut::from(&*before);
        let mut written = copied.clone();
        let encoded = encoder.encode(&frame, &mut copied);
        let in_place = encoder.encode_with(&mut written, |out| {
            out.extend_from_slice(&frame);
            Ok::<(), ()>(())
        });
        prop_assert_eq!(encoded.map_err(Into::into), in_place);
        prop_assert_eq!(copied, written);
    }
}
