//! `Framing`: how a byte stream is split into frames.

use crate::Delimiter;

/// A rule that splits a byte stream into frames. Both ends have to use the same one.
///
/// # Defaults
///
/// None: the protocol decides.
///
/// # Examples
///
/// ```
/// use ipc_codec::{Delimiter, Framing};
///
/// let lines = Framing::from(Delimiter::LINE_FEED);
/// assert_eq!(lines, Framing::Delimited("\n".parse()?));
/// # Ok::<(), ipc_codec::DelimiterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// Each frame is followed by a delimiter, which does not occur inside it.
    Delimited(Delimiter),
    /// Each frame follows its length in bytes: four bytes, big-endian.
    LengthPrefixed,
    /// There are no frames. Bytes are passed on as they arrive, in arbitrary chunks.
    Raw,
}

impl From<Delimiter> for Framing {
    fn from(delimiter: Delimiter) -> Self {
        Self::Delimited(delimiter)
    }
}
