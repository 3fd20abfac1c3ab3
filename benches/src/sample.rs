//! The message that every measurement sends.

use serde::{Deserialize, Serialize};

/// The payload, as it is sent: a number and 64 bytes of text.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Body {
    /// The message's number.
    pub seq: u64,
    /// The text.
    pub body: &'static str,
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

impl Body {
    /// The text: 64 bytes.
    pub const TEXT: &str = "The quick brown fox jumps over the lazy dog; 0123456789 times.  ";

    /// Returns the payload of the message with this number.
    #[must_use]
    pub fn new(seq: u64) -> Self {
        Self { seq, body: Self::TEXT }
    }
}

/// Returns the frame of the message with this number, delimiter included, as it is on the wire.
#[must_use]
pub fn frame(event: &str, seq: u64) -> Vec<u8> {
    let body = Body::TEXT;
    format!("{{\"type\":\"{event}\",\"data\":{{\"seq\":{seq},\"body\":\"{body}\"}}}}\u{c}").into()
}

/// The first message's number. From here on nine million numbers have as many digits, so all
/// frames have one length.
pub const FIRST_SEQ: u64 = 1_000_000;
