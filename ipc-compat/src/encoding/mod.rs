//! `Encoding`: how text becomes bytes and bytes text, as Node's `Buffer` does it.

mod base64;
mod hex;
pub(crate) mod numbers;

use std::fmt;
use std::str::FromStr;

use crate::UnknownName;

/// A way to write bytes as text, for raw mode. Frames are always UTF-8.
///
/// Both directions are exactly Node's: [`to_bytes`](Self::to_bytes) is
/// `Buffer.from(text, encoding)`, [`to_text`](Self::to_text) is `buffer.toString(encoding)`.
/// Neither ever fails; invalid input is skipped, cut off or replaced, as said below.
///
/// # Examples
///
/// ```
/// use ipc_compat::Encoding;
///
/// assert_eq!(Encoding::Hex.to_bytes("0a0b0"), [0x0a, 0x0b]);
/// assert_eq!(Encoding::Base64.to_bytes("-_ +/"), Encoding::Base64.to_bytes("+/+/"));
/// assert_eq!(Encoding::Ascii.to_bytes("é"), [0xe9]);
/// assert_eq!(Encoding::Ascii.to_text(&[0xe9]), "i");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Encoding {
    /// Bytes from text as in [`Latin1`](Self::Latin1); text from bytes drops the top bit of each.
    Ascii,
    /// UTF-8. Invalid bytes become U+FFFD, one for each maximal part of a character.
    #[default]
    Utf8,
    /// UTF-16, the low byte first; Node's `ucs2` is the same. An odd last byte
    /// is dropped.
    Utf16Le,
    /// Base64. Both alphabets are read, mixed too; other characters are skipped, `=` ends the text,
    /// and bits that do not make a whole byte are dropped.
    Base64,
    /// As [`Base64`](Self::Base64), but text is written with `-` and `_` and without `=`.
    Base64Url,
    /// Two hexadecimal digits a byte. The first pair that is not hexadecimal ends the text.
    Hex,
    /// One byte a UTF-16 code unit, its low one; text has the first 256 characters of Unicode.
    /// Node's `binary` is the same.
    Latin1,
}

impl Encoding {
    /// Every encoding, by the name it is shown with.
    const ALL: [(Self, &'static str); 7] = [
        (Self::Utf8, "utf8"),
        (Self::Ascii, "ascii"),
        (Self::Latin1, "latin1"),
        (Self::Utf16Le, "utf16le"),
        (Self::Base64, "base64"),
        (Self::Base64Url, "base64url"),
        (Self::Hex, "hex"),
    ];

    // Wire rule W90
    /// Returns the bytes of `text`: Node's `Buffer.from(text, encoding)`.
    #[must_use]
    pub fn to_bytes(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            // The units of text that is all ASCII are its bytes.
            _ if text.is_ascii() => self.bytes_of(text.bytes().map(u16::from)),
            _ => self.bytes_of(text.encode_utf16()),
        }
    }

    /// Returns the bytes of text in UTF-16, which may have half surrogate pairs as JavaScript's
    /// strings do; in UTF-8 each is U+FFFD.
    #[must_use]
    pub fn to_bytes_utf16(self, text: &[u16]) -> Vec<u8> {
        match self {
            Self::Utf8 => String::from_utf16_lossy(text).into_bytes(),
            _ => self.bytes_of(text.iter().copied()),
        }
    }

    // Wire rule W93
    /// Returns the text of `bytes`: Node's `buffer.toString(encoding)`. Half surrogate pairs, which
    /// only UTF-16 can yield, become U+FFFD.
    #[must_use]
    pub fn to_text(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Ascii => bytes.iter().map(|byte| char::from(byte & 0x7f)).collect(),
            Self::Latin1 => bytes.iter().copied().map(char::from).collect(),
            Self::Utf16Le => {
                let units = bytes.chunks_exact(2).filter_map(|pair| pair.first_chunk());
                let units = units.map(|pair| u16::from_le_bytes(*pair));
                let text = char::decode_utf16(units);
                text.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
            Self::Hex => hex::text(bytes),
            Self::Base64 => base64::text(bytes, base64::Style::Padded),
            Self::Base64Url => base64::text(bytes, base64::Style::Url),
        }
    }

    fn bytes_of(self, units: impl Iterator<Item = u16>) -> Vec<u8> {
        match self {
            Self::Utf8 => {
                let text = char::decode_utf16(units);
                let text = text.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
                text.collect::<String>().into_bytes()
            }
            Self::Ascii | Self::Latin1 => units.map(low_byte).collect(),
            Self::Utf16Le => units.flat_map(u16::to_le_bytes).collect(),
            Self::Hex => hex::bytes(units),
            Self::Base64 | Self::Base64Url => base64::bytes(units),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = Self::ALL.iter().find(|(encoding, _)| encoding == self);
        f.pad(found.map_or("", |(_, name)| name))
    }
}

/// Accepts the names that Node accepts, in any case.
impl FromStr for Encoding {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "utf-8" => return Ok(Self::Utf8),
            "utf-16le" | "ucs2" | "ucs-2" => return Ok(Self::Utf16Le),
            "binary" => return Ok(Self::Latin1),
            _ => {}
        }
        let found = Self::ALL.into_iter().find(|(_, known)| *known == lower);
        found.map(|(encoding, _)| encoding).ok_or_else(|| {
            let known = "utf8, ascii, latin1 (binary), utf16le (ucs2), base64, base64url, hex";
            UnknownName::new("encoding", name, known)
        })
    }
}

/// Returns the low byte of a code unit. Node does the same in hex and base64: `İ`
/// (U+0130) passes for the digit 0 (0x30).
fn low_byte(unit: u16) -> u8 {
    let [low, _] = unit.to_le_bytes();
    low
}
