//! Golden vectors: bytes that real node-ipc clients sent, and the frames node-ipc's own parser
//! reads from them. See `testdata/README.md`.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::BytesMut;
use ipc_codec::{FrameEncoder, Framing, Limits};

use crate::support::{by, decode, frames};

struct Vector {
    name: PathBuf,
    framing: Framing,
    stream: Vec<u8>,
    frames: Vec<Vec<u8>>,
}

/// Reads every vector recorded from this version.
#[track_caller]
fn vectors(version: &str) -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(version);
    let mut vectors = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().path();
        if name.extension().is_none_or(|extension| extension != "bin") {
            continue;
        }
        let stream = fs::read(&name).unwrap();
        let text = fs::read(name.with_extension("frames")).unwrap();
        let lines = text.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n');
        let mut lines = lines.map(<[u8]>::to_vec);
        let head = String::from_utf8(lines.next().unwrap()).unwrap();
        let framing = by(unhex(head.strip_prefix("delimiter ").unwrap()));
        vectors.push(Vector { name, framing, stream, frames: lines.collect() });
    }
    assert!(vectors.len() >= 9, "{} vectors in {}", vectors.len(), folder.display());
    vectors
}

fn unhex(digits: &str) -> Vec<u8> {
    let pairs = (0..digits.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// Decodes every vector in chunks of every size.
fn check_decoding(version: &str) {
    for Vector { name, framing, stream, frames: expected } in vectors(version) {
        let expected = frames(&expected);
        // Beyond the longest delimiter, sizes differ only in where they cut: a prime step visits
        // the rest of them fast enough for a debug build.
        let sizes = (1..=64).chain((65..stream.len()).step_by(89)).chain([stream.len()]);
        for size in sizes {
            let items = decode(&framing, Limits::default(), stream.chunks(size));
            assert_eq!(items, expected, "{} in chunks of {size}", name.display());
        }
        // One cut at every place.
        for at in 0..=stream.len() {
            let (first, second) = stream.split_at(at);
            let items = decode(&framing, Limits::default(), [first, second]);
            assert_eq!(items, expected, "{} cut at {at}", name.display());
        }
    }
}

/// Encodes the frames of every vector: the same bytes come out.
fn check_encoding(version: &str) {
    for Vector { name, framing, stream, frames } in vectors(version) {
        let encoder = FrameEncoder::new(framing, Limits::default());
        let mut out = BytesMut::new();
        for frame in frames {
            encoder.encode(&frame, &mut out).unwrap();
        }
        assert!(out == stream, "{}", name.display());
    }
}

#[test]
fn node_ipc_9_2_1_is_decoded() {
    check_decoding("node-ipc-9.2.1");
}

#[test]
fn node_ipc_14_0_0_is_decoded() {
    check_decoding("node-ipc-14.0.0");
}

#[test]
fn node_ipc_9_2_1_is_encoded() {
    check_encoding("node-ipc-9.2.1");
}

#[test]
fn node_ipc_14_0_0_is_encoded() {
    check_encoding("node-ipc-14.0.0");
}
