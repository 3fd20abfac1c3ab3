//! `Framing`: how a byte stream is cut into frames.

use crate::Delimiter;

/// A rule that cuts a byte stream into frames. Both ends have to use the same one.
///
/// # Defaults
///
/// None: which framing is spoken is the protocol's business.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// Each frame is followed by a delimiter, which does not occur inside it.
    Delimited(Delimiter),
    /// Each frame follows its length in bytes: four bytes, big-endian.
    LengthPrefixed,
    /// There are no frames. Bytes are handed on as they come, in chunks without meaning.
    Raw,
}

impl From<Delimiter> for Framing {
    fn from(delimiter: Delimiter) -> Self {
        Self::Delimited(delimiter)
    }
}
