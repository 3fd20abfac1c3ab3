//! `FrameCodec`: the framing as a `tokio_util::codec`.

use core::error::Error;
use core::fmt;
use std::io;

use bytes::{Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use crate::splitter::Splitter;
use crate::{DecodeError, EncodeError, FrameEncoder, Framing, Limits};

/// The framing as [`Decoder`] and [`Encoder`] of tokio-util.
///
/// Frames and errors are those of [`FrameDecoder`](crate::FrameDecoder) and
/// [`FrameEncoder`](crate::FrameEncoder). The buffer is tokio-util's own, so its size is bounded by
/// the limits, but not freed while a connection is idle.
///
/// A stream of tokio-util yields `None` once after each error. With
/// [`Oversize::Skip`](crate::Oversize::Skip), a frame that was skipped therefore looks like the end;
/// ask [`DecodeError::ends_stream`], and continue to poll if it is not. A codec serves one stream.
#[derive(Debug, Clone)]
pub struct FrameCodec {
    splitter: Splitter,
    encoder: FrameEncoder,
}

impl FrameCodec {
    /// Returns a codec whose limits are the same in both directions.
    pub fn new(framing: Framing, limits: Limits) -> Self {
        Self {
            splitter: Splitter::new(&framing, limits),
            encoder: FrameEncoder::new(framing, limits),
        }
    }
}

impl Decoder for FrameCodec {
    type Item = Bytes;
    type Error = FrameCodecError;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Bytes>, FrameCodecError> {
        Ok(self.splitter.next(src)?)
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Bytes>, FrameCodecError> {
        match self.splitter.next(src)? {
            None => Ok(self.splitter.finish(src).map(|()| None)?),
            frame => Ok(frame),
        }
    }
}

impl<T: AsRef<[u8]>> Encoder<T> for FrameCodec {
    type Error = FrameCodecError;

    fn encode(&mut self, frame: T, dst: &mut BytesMut) -> Result<(), FrameCodecError> {
        Ok(self.encoder.encode(frame.as_ref(), dst)?)
    }
}

/// Why a [`FrameCodec`] failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum FrameCodecError {
    /// Reading or writing failed.
    Io(io::Error),
    /// The received bytes could not be decoded.
    Decode(DecodeError),
    /// A frame could not be sent.
    Encode(EncodeError),
}

impl fmt::Display for FrameCodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(_) => f.write_str("stream could not be read or written"),
            Self::Decode(_) => f.write_str("received bytes cannot be decoded"),
            Self::Encode(_) => f.write_str("frame cannot be sent"),
        }
    }
}

impl Error for FrameCodecError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Decode(error) => Some(error),
            Self::Encode(error) => Some(error),
        }
    }
}

impl FrameCodecError {
    /// Returns a stable code, for programs: `io`, or that of the [`DecodeError`] or [`EncodeError`].
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "io",
            Self::Decode(error) => error.code(),
            Self::Encode(error) => error.code(),
        }
    }
}

impl From<io::Error> for FrameCodecError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<DecodeError> for FrameCodecError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<EncodeError> for FrameCodecError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}
