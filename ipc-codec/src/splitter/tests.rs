//! Tests of what only the inside shows: every cutting leads to the same state, and no byte is
//! searched twice.

use std::vec;
use std::vec::Vec;

use bytes::BytesMut;

use super::{Splitter, State};
use crate::{DecodeError, Delimiter, FrameDecoder, Framing, Limits, Oversize};

/// Everything a splitter knows, and everything it has said.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Snapshot {
    state: State,
    buffer: Vec<u8>,
    said: Vec<Result<Vec<u8>, DecodeError>>,
}

/// Feeds one chunk to a splitter in the state `before`.
fn feed(splitter: &Splitter, before: &Snapshot, chunk: &[u8]) -> Snapshot {
    let mut splitter = splitter.clone();
    splitter.state = before.state;
    let mut buffer = BytesMut::from(&*before.buffer);
    buffer.extend_from_slice(chunk);
    let mut said = before.said.clone();
    loop {
        match splitter.next(&mut buffer) {
            Ok(Some(frame)) => said.push(Ok(frame.to_vec())),
            Ok(None) | Err(DecodeError::Dead) => break,
            Err(error) => said.push(Err(error)),
        }
    }
    Snapshot { state: splitter.state, buffer: buffer.to_vec(), said }
}

/// Shows for all streams of up to eight bytes over `alphabet` that every cutting ends in the same
/// state with the same frames and errors.
///
/// By induction: if all cuttings of a shorter stream end in the same state, then a cutting of this
/// stream is decided by its last chunk alone, and every last chunk is tried here.
fn check(framing: &Framing, alphabet: &[u8], limits: Limits) {
    let splitter = Splitter::new(framing, limits);
    let start = Snapshot { state: State::START, buffer: vec![], said: vec![] };
    // The streams of one length, each with the snapshots after each of its beginnings.
    let mut streams = vec![(vec![], vec![start])];
    for _ in 1..=8 {
        let mut longer = Vec::with_capacity(streams.len() * alphabet.len());
        for (stream, snapshots) in streams {
            for byte in alphabet {
                let mut stream: Vec<u8> = stream.clone();
                stream.push(*byte);
                let mut snapshots: Vec<Snapshot> = snapshots.clone();
                let whole = feed(&splitter, &snapshots[0], &stream);
                for (at, before) in snapshots.iter().enumerate().skip(1) {
                    let cut = feed(&splitter, before, &stream[at..]);
                    assert_eq!(cut, whole, "{framing:?} {limits:?} {stream:?} cut at {at}");
                }
                snapshots.push(whole);
                longer.push((stream, snapshots));
            }
        }
        streams = longer;
    }
}

fn check_limits(framing: &Framing, alphabet: &[u8]) {
    check(framing, alphabet, Limits::default());
    for oversize in [Oversize::Fail, Oversize::Skip] {
        for max_frame in [0, 1, 3] {
            check(
                framing,
                alphabet,
                Limits::default().with_max_frame(max_frame).with_oversize(oversize),
            );
        }
    }
}

fn by(delimiter: &[u8]) -> Framing {
    Framing::Delimited(Delimiter::new(delimiter).unwrap())
}

#[test]
fn every_cutting_ends_alike_with_one_byte() {
    check_limits(&by(b"d"), b"ad");
}

#[test]
fn every_cutting_ends_alike_with_two_equal_bytes() {
    check_limits(&by(b"dd"), b"ad");
}

#[test]
fn every_cutting_ends_alike_with_two_different_bytes() {
    check(&by(b"de"), b"ade", Limits::default().with_max_frame(2).with_oversize(Oversize::Skip));
}

#[test]
fn every_cutting_ends_alike_with_three_bytes_that_overlap() {
    check_limits(&by(b"ded"), b"de");
}

#[test]
fn every_cutting_ends_alike_with_a_length_prefix() {
    check_limits(&Framing::LengthPrefixed, &[0, 1]);
}

/// Feeds chunks of one size and returns how many bytes were searched.
fn searched(framing: Framing, limits: Limits, stream: &[u8], size: usize) -> u64 {
    let mut decoder = FrameDecoder::new(framing, limits);
    for chunk in stream.chunks(size) {
        decoder.extend(chunk);
        while decoder.next_frame() != Ok(None) {}
    }
    decoder.searched()
}

#[test]
fn bytes_are_searched_once_with_a_delimiter_of_one_byte() {
    let unfinished = vec![b'a'; 100_000];
    let small_frames = b"abc\n".repeat(25_000);
    for stream in [unfinished, small_frames] {
        for size in [1, 10, 1000, 100_000] {
            let searched = searched(by(b"\n"), Limits::UNBOUNDED, &stream, size);
            assert_eq!(searched, stream.len() as u64, "chunks of {size}");
        }
    }
}

#[test]
fn only_what_may_be_half_a_delimiter_is_searched_again() {
    let stream = vec![b'<'; 50_000];
    for size in [1, 10, 1000, 50_000] {
        let searched = searched(by(b"<-end->"), Limits::UNBOUNDED, &stream, size);
        let chunks = stream.len().div_ceil(size) as u64;
        assert!(searched <= stream.len() as u64 + 6 * chunks, "{searched} in {chunks} chunks");
    }
}

#[test]
fn skipped_bytes_are_searched_once() {
    let stream = vec![b'a'; 100_000];
    let skipping = Limits::default().with_max_frame(1000).with_oversize(Oversize::Skip);
    for size in [1, 10, 1000, 100_000] {
        let searched = searched(by(b"\n"), skipping, &stream, size);
        assert!(searched <= stream.len() as u64 + 1, "{searched} in chunks of {size}");
    }
}
