//! Payloads of every shape, for comparing node-ipc's format with `serde_json` alone.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use ipc_compat::NodeFormat;
use ipc_core::{DecodePayload, EncodePayload, FormatError, MessageFormat};
use serde_json::{Value, json};

/// A payload, and how it is read and written.
#[derive(Debug)]
pub struct Shape {
    /// What the payload is.
    pub name: &'static str,
    payload: Value,
    json: String,
    frame: Bytes,
    format: NodeFormat,
}

impl Shape {
    fn new(name: &'static str, payload: Value) -> Result<Self, FormatError> {
        let format = NodeFormat::v14();
        let mut frame = BytesMut::new();
        format.encode("shape", &payload, &mut frame)?;
        Ok(Self { name, json: payload.to_string(), payload, frame: frame.freeze(), format })
    }

    /// Returns the payload's JSON.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Checks the frame and makes its payload's value, as for a handler of its type.
    ///
    /// # Errors
    ///
    /// None: the frame was encoded by the same format.
    pub fn read(&self) -> Result<Value, FormatError> {
        let mut frame = black_box(self.frame.clone());
        let message = match self.format.presume(&mut frame) {
            Some(message) => message,
            None => self.format.decode(frame)?,
        };
        self.format.decode_payload(&message)
    }

    /// Makes the payload's value with `serde_json`, which has no frame to check.
    ///
    /// # Errors
    ///
    /// None: the JSON was written by `serde_json`.
    pub fn read_alone(&self) -> serde_json::Result<Value> {
        serde_json::from_slice(black_box(self.json.as_bytes()))
    }

    /// Writes the frame into `out`, which is emptied first.
    ///
    /// # Errors
    ///
    /// None: the payload is JSON.
    pub fn write(&self, out: &mut BytesMut) -> Result<(), FormatError> {
        out.clear();
        self.format.encode("shape", black_box(&self.payload), out)
    }

    /// Writes the payload with `serde_json` into `out`, which is emptied first.
    ///
    /// # Errors
    ///
    /// None: the payload is JSON.
    pub fn write_alone(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        out.clear();
        serde_json::to_writer(out, black_box(&self.payload))
    }
}

/// Returns the shapes.
///
/// # Errors
///
/// None: every payload is JSON.
pub fn shapes() -> Result<Vec<Shape>, FormatError> {
    let members = |n: u32| (0..n).map(|i| (format!("key{i}"), json!(i))).collect::<Value>();
    let nested = (0..30).fold(json!(1), |inner, n| json!({ "level": n, "inner": [inner] }));
    let list = |make: fn(u32) -> Value| Value::Array((0..1000).map(make).collect());
    [
        ("number and text", json!({ "seq": 1_000_000, "body": "x".repeat(64) })),
        ("100 members", members(100)),
        ("nested 30 deep", nested),
        ("1000 whole numbers", list(|n| json!(n * 7919))),
        ("1000 fractions", list(|n| json!(f64::from(n) * 0.37))),
        ("1000 short texts", list(|n| json!(n.to_string()))),
        ("text with escapes", json!("a line\n\"quoted\"\t".repeat(256))),
        ("text beyond ASCII", json!("größer, 日本語 ".repeat(256))),
        ("64 KiB of text", json!("x".repeat(64 * 1024))),
    ]
    .into_iter()
    .map(|(name, payload)| Shape::new(name, payload))
    .collect()
}
