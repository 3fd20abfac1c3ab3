//! Tests of framing through the public interface, one file per promise.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

mod decoding;
mod delimiters;
mod encoding;
mod errors;
mod exhaustive;
mod limits;
mod properties;
mod support;
#[cfg(feature = "tokio-util")]
mod tokio_codec;
mod vectors;
