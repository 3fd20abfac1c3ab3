//! The vectors of `docs/protocol.md`, which implementations in other languages test against: ours
//! does what they say.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

use bytes::BytesMut;
use ipc_codec::{Delimiter, FrameDecoder, Limits};
use ipc_compat::paths::{pipe_name, socket_path};
use ipc_compat::{Encoding, NoData, NodeFormat, RawData};
use ipc_core::{DecodePayload, EncodePayload, MessageFormat};
use serde_json::{Value, json};

const VECTORS: &str = include_str!("../../docs/vectors.jsonl");

// Tests W1, W2, W3, W5, W6, W8, W9, W10, W11, W15
#[test]
fn ours_does_what_the_vectors_say() {
    let mut count = [0; 4];
    for line in VECTORS.lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let kind = match vector["vector"].as_str().unwrap() {
            "decode" => decode(&vector),
            "encode" => encode(&vector),
            "path" => path(&vector),
            "raw" => raw(&vector),
            other => panic!("{other} is no kind of vector"),
        };
        count[kind] += 1;
    }
    assert!(count.iter().all(|count| *count >= 4), "{count:?}");
}

fn text<'a>(vector: &'a Value, member: &str) -> &'a str {
    vector[member].as_str().unwrap_or_else(|| panic!("{vector} has no {member}"))
}

fn format(dialect: NodeFormat, vector: &Value) -> NodeFormat {
    let delimiter: Option<Delimiter> = vector["delimiter"].as_str().map(|it| it.parse().unwrap());
    delimiter.map_or_else(|| dialect.clone(), |it| dialect.clone().with_delimiter(it).unwrap())
}

fn decode(vector: &Value) -> usize {
    let stream = match vector["hex"].as_str() {
        Some(hex) => Encoding::Hex.to_bytes(hex),
        None => text(vector, "stream").as_bytes().to_vec(),
    };
    for dialect in [NodeFormat::classic(), NodeFormat::v14()] {
        let format = format(dialect, vector);
        for size in [stream.len(), 1, 3] {
            let mut decoder = FrameDecoder::new(format.framing(), Limits::default());
            let mut events = Vec::new();
            for chunk in stream.chunks(size) {
                decoder.extend(chunk);
                while let Some(frame) = decoder.next_frame().unwrap() {
                    events.push(event(&format, frame));
                }
            }
            assert_eq!(Value::from(events), vector["events"], "{vector}");
        }
    }
    0
}

fn event(format: &NodeFormat, frame: bytes::Bytes) -> Value {
    match format.decode(frame) {
        Err(error) => json!({"error": error.code()}),
        Ok(message) if message.payload().is_none() => json!({"type": message.event()}),
        Ok(message) => {
            let data: Value = format.decode_payload(&message).unwrap();
            json!({"type": message.event(), "data": data})
        }
    }
}

fn encode(vector: &Value) -> usize {
    for (dialect, expected) in [(NodeFormat::classic(), "classic"), (NodeFormat::v14(), "v14")] {
        let format = format(dialect, vector);
        let mut frame = BytesMut::new();
        match vector.get("data") {
            Some(data) => format.encode(text(vector, "type"), data, &mut frame).unwrap(),
            None => format.encode(text(vector, "type"), &NoData, &mut frame).unwrap(),
        }
        let delimiter = vector["delimiter"].as_str().unwrap_or("\x0c");
        frame.extend_from_slice(delimiter.as_bytes());
        assert_eq!(std::str::from_utf8(&frame).unwrap(), text(vector, expected), "{vector}");
    }
    1
}

// Tests W30, W33
fn path(vector: &Value) -> usize {
    let (root, appspace) = (text(vector, "socketRoot"), text(vector, "appspace"));
    let path = socket_path(root, appspace, text(vector, "id"));
    let path = path.to_str().unwrap();
    assert_eq!((path, &*pipe_name(path)), (text(vector, "path"), text(vector, "pipe")));
    2
}

// Tests W90, W91
fn raw(vector: &Value) -> usize {
    let encoding: Encoding = text(vector, "encoding").parse().unwrap();
    let given = vector.get("text").or_else(|| vector.get("numbers")).unwrap();
    let bytes = RawData::try_from(given).unwrap().to_bytes(encoding).into_owned();
    assert_eq!(Encoding::Hex.to_text(&bytes), text(vector, "hex"), "{vector}");
    3
}
