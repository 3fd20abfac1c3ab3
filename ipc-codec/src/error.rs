//! The errors of decoding and encoding.

use core::error::Error;
use core::fmt;

use crate::Oversize;

/// Why a byte stream could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// A frame is longer than [`Limits::max_frame`](crate::Limits::max_frame).
    FrameTooLarge {
        /// The longest frame allowed, in bytes.
        limit: usize,
        /// The length in bytes that the frame announced. For a delimited frame, whose length is
        /// not known yet, `limit + 1`: it is at least that long.
        seen: usize,
        /// What happens to the stream: [`Oversize::Fail`] ends it, [`Oversize::Skip`] continues
        /// after this frame.
        policy: Oversize,
    },
    /// The stream ended within a frame.
    Truncated {
        /// How many bytes of the unfinished frame were buffered, its length prefix included.
        buffered: usize,
    },
    /// The decoder has failed before. No further frame can be decoded from this stream.
    Dead,
}

impl DecodeError {
    /// Returns a stable code, for programs: `frame_too_large`, `truncated` or `decoder_failed`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::FrameTooLarge { .. } => "frame_too_large",
            Self::Truncated { .. } => "truncated",
            Self::Dead => "decoder_failed",
        }
    }

    /// Returns whether the stream can yield no further frame.
    ///
    /// Only a frame that was skipped ([`Oversize::Skip`]) leaves the stream alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_codec::{DecodeError, Oversize};
    ///
    /// let skipped = DecodeError::FrameTooLarge { limit: 4, seen: 5, policy: Oversize::Skip };
    /// assert!(!skipped.ends_stream());
    /// assert!(DecodeError::Truncated { buffered: 3 }.ends_stream());
    /// ```
    pub fn ends_stream(&self) -> bool {
        !matches!(self, Self::FrameTooLarge { policy: Oversize::Skip, .. })
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FrameTooLarge { limit, seen, policy } => {
                let what = match policy {
                    Oversize::Fail => "exceeds",
                    Oversize::Skip => "was skipped: it exceeds",
                };
                write!(f, "frame of at least {seen} bytes {what} the limit of {limit} bytes")
            }
            Self::Truncated { buffered } => {
                write!(f, "stream ended within a frame, {buffered} bytes of it buffered")
            }
            Self::Dead => f.write_str("stream was given up after an earlier error"),
        }
    }
}

impl Error for DecodeError {}

/// Why a frame cannot be sent. No byte of it was appended to the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The frame is longer than [`Limits::max_frame`](crate::Limits::max_frame), or than a length
    /// prefix can say (4 GiB - 1).
    FrameTooLarge {
        /// The longest frame allowed, in bytes.
        limit: usize,
        /// The frame's length in bytes.
        actual: usize,
    },
    /// The receiver would see the delimiter too early: it occurs in the frame, or in the frame's
    /// end together with the delimiter that follows.
    ContainsDelimiter {
        /// Where the delimiter begins, in bytes from the frame's start.
        at: usize,
    },
    /// The function given to [`encode_with`](crate::FrameEncoder::encode_with) removed bytes that
    /// were there before it. Those are lost; the rest is unchanged.
    OutputShrunk {
        /// The least number of bytes expected.
        expected: usize,
        /// The number of bytes found.
        actual: usize,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FrameTooLarge { limit, actual } => {
                write!(f, "frame of {actual} bytes exceeds the limit of {limit} bytes")
            }
            Self::ContainsDelimiter { at } => {
                write!(f, "frame contains the delimiter at byte {at}")
            }
            Self::OutputShrunk { expected, actual } => {
                write!(f, "output has {actual} bytes after writing, expected at least {expected}")
            }
        }
    }
}

impl Error for EncodeError {}

impl EncodeError {
    /// Returns a stable code, for programs: `frame_too_large`, `contains_delimiter` or
    /// `output_shrunk`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::FrameTooLarge { .. } => "frame_too_large",
            Self::ContainsDelimiter { .. } => "contains_delimiter",
            Self::OutputShrunk { .. } => "output_shrunk",
        }
    }
}

/// Why [`encode_with`](crate::FrameEncoder::encode_with) appended nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a frame fails while it is written or after; there is no third case"
)]
pub enum EncodeWith<E> {
    /// The frame was written but cannot be sent.
    Encode(EncodeError),
    /// The function that writes the frame returned this error.
    Write(E),
}

impl<E> EncodeWith<E> {
    /// Returns a stable code, for programs: that of the [`EncodeError`], or `not_encoded` if the
    /// function that writes the frame failed, whose own error may have another.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Encode(error) => error.code(),
            Self::Write(_) => "not_encoded",
        }
    }
}

impl<E> From<EncodeError> for EncodeWith<E> {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl<E> fmt::Display for EncodeWith<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(_) => f.write_str("frame cannot be sent"),
            Self::Write(_) => f.write_str("frame could not be written"),
        }
    }
}

impl<E: Error + 'static> Error for EncodeWith<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Encode(error) => Some(error),
            Self::Write(error) => Some(error),
        }
    }
}
