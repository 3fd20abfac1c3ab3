//! The message that every measurement sends.

use serde::{Deserialize, Serialize};

/// The payload, as it is sent: a number and some text.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Body<'a> {
    /// The message's number.
    pub seq: u64,
    /// The text.
    pub body: &'a str,
}

/// The payload, as it is received.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OwnedBody {
    /// The message's number.
    pub seq: u64,
    /// The text.
    pub body: String,
}

impl Body<'static> {
    /// The text of the smallest message: 64 bytes.
    pub const TEXT: &'static str =
        "The quick brown fox jumps over the lazy dog; 0123456789 times.  ";

    /// Returns the payload of the message with this number and 64 bytes of text.
    #[must_use]
    pub fn new(seq: u64) -> Self {
        Self { seq, body: Self::TEXT }
    }
}

impl<'a> Body<'a> {
    /// Returns the payload with this number and this text.
    #[must_use]
    pub fn with(seq: u64, body: &'a str) -> Self {
        Self { seq, body }
    }
}

impl OwnedBody {
    /// Returns the payload with this number and this text.
    #[must_use]
    pub fn with(seq: u64, body: String) -> Self {
        Self { seq, body }
    }
}

/// Returns a text of so many bytes.
#[must_use]
pub fn text(bytes: usize) -> String {
    Body::TEXT.chars().cycle().take(bytes).collect()
}

/// Returns the frame of the message with this number and 64 bytes of text, delimiter included, as
/// it is on the wire.
#[must_use]
pub fn frame(event: &str, seq: u64) -> Vec<u8> {
    frame_with(event, seq, Body::TEXT)
}

/// Returns the frame of the message with this number and this text.
#[must_use]
pub fn frame_with(event: &str, seq: u64, body: &str) -> Vec<u8> {
    format!("{{\"type\":\"{event}\",\"data\":{{\"seq\":{seq},\"body\":\"{body}\"}}}}\u{c}").into()
}

/// The first message's number. From here on nine million numbers have as many digits, so all
/// frames have one length.
pub const FIRST_SEQ: u64 = 1_000_000;
