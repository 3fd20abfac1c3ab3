//! `Delimiter`: the bytes that end a frame, checked once when they are made.

use core::error::Error;
use core::fmt;
use core::str::FromStr;

/// A delimiter: one or more bytes that end a frame.
///
/// It is held inline, so a clone costs a copy of 65 bytes and never an allocation.
///
/// # Examples
///
/// ```
/// use ipc_codec::{Delimiter, DelimiterError};
///
/// let crlf: Delimiter = "\r\n".parse()?;
/// assert_eq!(crlf.as_bytes(), b"\r\n");
/// assert_eq!(Delimiter::new([0x0c])?, Delimiter::FORM_FEED);
/// assert_eq!(Delimiter::new(""), Err(DelimiterError::Empty));
/// # Ok::<(), DelimiterError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Delimiter {
    /// Invariant: zero from `len` on, so that derived equality compares delimiters.
    bytes: [u8; Self::MAX_LEN],
    /// Invariant: `1 <= len <= MAX_LEN`.
    len: u8,
}

impl Delimiter {
    /// The greatest length of a delimiter: 64 bytes.
    ///
    /// Each read searches up to a delimiter's length of old bytes again, so the length bounds the
    /// work a peer causes with one-byte writes. The longest seen in use has seven bytes.
    pub const MAX_LEN: usize = 64;

    /// The form feed `0x0C`, the delimiter node-ipc uses by default.
    pub const FORM_FEED: Self = Self::from_byte(0x0c);

    /// The line feed `0x0A`.
    pub const LINE_FEED: Self = Self::from_byte(b'\n');

    /// Returns the delimiter that consists of `bytes`, which need not be UTF-8.
    ///
    /// # Errors
    ///
    /// [`DelimiterError::Empty`] if there are no bytes, [`DelimiterError::TooLong`] if there are
    /// more than [`Delimiter::MAX_LEN`].
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, DelimiterError> {
        let given = bytes.as_ref();
        if given.is_empty() {
            return Err(DelimiterError::Empty);
        }
        let too_long = DelimiterError::TooLong { limit: Self::MAX_LEN, actual: given.len() };
        let mut bytes = [0; Self::MAX_LEN];
        bytes.get_mut(..given.len()).ok_or(too_long)?.copy_from_slice(given);
        let len = u8::try_from(given.len()).map_err(|_| too_long)?;
        Ok(Self { bytes, len })
    }

    /// Returns the delimiter that consists of one byte.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_codec::Delimiter;
    ///
    /// const TAB: Delimiter = Delimiter::from_byte(b'\t');
    /// assert_eq!(TAB.as_bytes(), b"\t");
    /// ```
    pub const fn from_byte(byte: u8) -> Self {
        let mut bytes = [0; Self::MAX_LEN];
        bytes[0] = byte;
        Self { bytes, len: 1 }
    }

    /// Returns the delimiter's bytes: at least one.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&self.bytes)
    }

    /// Returns whether this delimiter may occur within JSON text as encoders write it: UTF-8,
    /// compact (no white space between tokens), control characters in strings escaped.
    ///
    /// `false` is certain: such a frame can always be sent, and no byte inside it is taken for its
    /// end. `true` is a warning: there are, or may be, values whose text contains the delimiter, and
    /// [`FrameEncoder`](crate::FrameEncoder) would refuse those one by one, at run time.
    ///
    /// A delimiter is safe if it holds at least one byte that such text never holds: a control
    /// character (`0x00..=0x1F`), or a byte that is in no UTF-8 text (`0xC0`, `0xC1`,
    /// `0xF5..=0xFF`). `\f`, `\n` and `\r\n` are safe; `,` and `--end--` are not. A peer that
    /// indents its JSON sends line feeds between tokens, so it needs another delimiter than `\n`.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_codec::Delimiter;
    ///
    /// assert!(!Delimiter::FORM_FEED.may_occur_in_json());
    /// assert!(!Delimiter::new("-\r-")?.may_occur_in_json());
    /// assert!(Delimiter::new("--end--")?.may_occur_in_json());
    /// # Ok::<(), ipc_codec::DelimiterError>(())
    /// ```
    pub fn may_occur_in_json(&self) -> bool {
        let never = |byte: &u8| matches!(byte, 0x00..=0x1f | 0xc0 | 0xc1 | 0xf5..=0xff);
        !self.as_bytes().iter().any(never)
    }
}

impl fmt::Debug for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Delimiter(b\"{self}\")")
    }
}

/// Writes the bytes as ASCII, escaped like a Rust byte string: `\x0c`.
impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_bytes().escape_ascii(), f)
    }
}

impl AsRef<[u8]> for Delimiter {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl From<u8> for Delimiter {
    fn from(byte: u8) -> Self {
        Self::from_byte(byte)
    }
}

impl TryFrom<&str> for Delimiter {
    type Error = DelimiterError;

    fn try_from(text: &str) -> Result<Self, DelimiterError> {
        Self::new(text)
    }
}

impl TryFrom<&[u8]> for Delimiter {
    type Error = DelimiterError;

    fn try_from(bytes: &[u8]) -> Result<Self, DelimiterError> {
        Self::new(bytes)
    }
}

/// Takes the text's UTF-8 bytes as they are; escapes such as `\f` are not interpreted.
impl FromStr for Delimiter {
    type Err = DelimiterError;

    fn from_str(text: &str) -> Result<Self, DelimiterError> {
        Self::new(text)
    }
}

/// Why bytes cannot be a delimiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DelimiterError {
    /// A delimiter needs at least one byte.
    Empty,
    /// The delimiter is longer than [`Delimiter::MAX_LEN`].
    TooLong {
        /// The greatest length allowed, in bytes.
        limit: usize,
        /// The length that was given, in bytes.
        actual: usize,
    },
}

impl fmt::Display for DelimiterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("delimiter is empty"),
            Self::TooLong { limit, actual } => {
                write!(f, "delimiter of {actual} bytes is longer than {limit} bytes")
            }
        }
    }
}

impl Error for DelimiterError {}

impl DelimiterError {
    /// Returns a stable code, for programs: `invalid_delimiter`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "invalid_delimiter"
    }
}
