#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod format;
mod message;

pub use format::{DecodePayload, EncodePayload, FormatError, MessageFormat};
pub use message::Message;
