//! Turns a fuzzer's bytes into a framing, limits, a way of cutting, and a stream.

use std::vec::Vec;

use crate::{Delimiter, Framing, Limits, Oversize};

/// What a fuzz target works on.
///
/// Layout of the input: one byte chooses the framing (its lower three bits, see [`DELIMITERS`]) and
/// the policy (bit 3), one the limit in bytes (255 for none), one the way of cutting; the rest is
/// the stream.
#[derive(Debug)]
pub(super) struct Input<'a> {
    pub(super) framing: Framing,
    pub(super) limits: Limits,
    pub(super) cutting: u8,
    pub(super) stream: &'a [u8],
}

impl<'a> Input<'a> {
    /// Returns the input in `data`, unless it is too short to hold one.
    pub(super) fn parse(data: &'a [u8]) -> Option<Self> {
        let [choice, limit, cutting, stream @ ..] = data else { return None };
        let framing = match DELIMITERS.get(usize::from(choice & 7)) {
            Some(delimiter) => Framing::Delimited(Delimiter::new(delimiter).ok()?),
            None if choice & 1 == 0 => Framing::LengthPrefixed,
            None => Framing::Raw,
        };
        let limits = match limit {
            255 => Limits::UNBOUNDED,
            limit => Limits::default().with_max_frame(usize::from(*limit)),
        };
        let oversize = if choice & 8 == 0 { Oversize::Fail } else { Oversize::Skip };
        Some(Self { framing, limits: limits.with_oversize(oversize), cutting: *cutting, stream })
    }

    pub(super) fn skips(&self) -> bool {
        self.limits.oversize() == Oversize::Skip
    }
}

/// The delimiters by number. Six is the length prefix and seven raw.
const DELIMITERS: [&[u8]; 6] = [b"\x0c", b"\n", b"\r\n", b"aa", b"aba", b"<-end->"];

/// Cuts `stream` into chunks in a way that `cutting` chooses: 0 not at all, 1 into single bytes,
/// others into pieces of different lengths.
pub(super) fn cut(stream: &[u8], cutting: u8) -> Vec<&[u8]> {
    let mut chunks = Vec::new();
    let mut rest = stream;
    // A xorshift: good enough to vary lengths, and the same on every machine.
    let mut random = u32::from(cutting) | 0x100;
    while !rest.is_empty() {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        let len = match cutting {
            0 => rest.len(),
            1 => 1,
            _ => 1 + random as usize % (usize::from(cutting) * 2),
        };
        let (chunk, after) = rest.split_at(len.min(rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    chunks
}
