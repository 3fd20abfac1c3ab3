//! Exhaustive: every short stream over {a, delimiter bytes}, cut in every possible way.
//!
//! Streams of up to 6 bytes here, through the public interface. Up to 8 bytes by induction over the
//! decoder's inner state: `src/splitter/tests.rs`.

use ipc_codec::{Framing, Limits, Oversize};

use crate::support::{by, decode, expected, limits};

const LONGEST: usize = 6;

/// Checks every stream over the alphabet, in every cutting.
fn check(framing: Framing, alphabet: &[u8], limits: Limits) {
    let mut stream = Vec::new();
    // Counts in base `alphabet.len()`, for each length.
    for len in 0..=LONGEST {
        let streams = alphabet.len().pow(u32::try_from(len).unwrap());
        for mut number in 0..streams {
            stream.clear();
            for _ in 0..len {
                stream.push(alphabet[number % alphabet.len()]);
                number /= alphabet.len();
            }
            let expected = expected(&framing, limits, &stream);
            // Bit i says whether there is a cut before byte i + 1.
            for cuts in 0..1_u32 << len.saturating_sub(1) {
                let items = decode(&framing, limits, chunks(&stream, cuts));
                assert_eq!(items, expected, "{framing:?} {limits:?} {stream:?} {cuts:b}");
            }
        }
    }
}

fn chunks(stream: &[u8], cuts: u32) -> impl Iterator<Item = &[u8]> {
    let mut begin = 0;
    (1..=stream.len()).filter_map(move |end| {
        let cut = end == stream.len() || cuts & (1 << (end - 1)) != 0;
        cut.then(|| &stream[std::mem::replace(&mut begin, end)..end])
    })
}

#[test]
fn one_byte_delimiter() {
    for max_frame in [0, 1, 2, usize::MAX] {
        check(by("\x0c"), b"a\x0c", limits(max_frame, Oversize::Fail));
        check(by("\x0c"), b"a\x0c", limits(max_frame, Oversize::Skip));
    }
}

#[test]
fn two_byte_delimiter() {
    check(by("\r\n"), b"a\r\n", Limits::default());
    check(by("\r\n"), b"a\r\n", limits(1, Oversize::Skip));
}

#[test]
fn two_byte_delimiter_that_overlaps_itself() {
    for max_frame in [0, 1, 2, usize::MAX] {
        check(by("dd"), b"ad", limits(max_frame, Oversize::Fail));
        check(by("dd"), b"ad", limits(max_frame, Oversize::Skip));
    }
}

#[test]
fn length_prefix() {
    check(Framing::LengthPrefixed, &[0, 1, 2], limits(1, Oversize::Skip));
    check(Framing::LengthPrefixed, &[0, 1], limits(0, Oversize::Fail));
}
