#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(feature = "tokio-util"),
    allow(rustdoc::broken_intra_doc_links, reason = "the guide links to what this feature adds")
)]
#![forbid(unsafe_code)]
#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod allocation;
mod capacity;
#[cfg(feature = "tokio-util")]
mod codec;
mod decoder;
mod delimiter;
mod encoder;
mod error;
mod framing;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod limits;
mod rule;
mod search;
mod splitter;

#[cfg(feature = "tokio-util")]
pub use codec::{FrameCodec, FrameCodecError};
pub use decoder::FrameDecoder;
pub use delimiter::{Delimiter, DelimiterError};
pub use encoder::FrameEncoder;
pub use error::{DecodeError, EncodeError, EncodeWith};
pub use framing::Framing;
pub use limits::{Limits, Oversize};
