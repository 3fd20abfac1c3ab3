//! Where a delimiter can occur in a frame, and how to write the frame without it.

use std::error::Error;
use std::fmt;

use bytes::BytesMut;
use ipc_codec::Delimiter;

/// Where in a frame a delimiter can occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hazard {
    /// Nowhere: JSON never contains one of its bytes.
    Nowhere,
    /// Between tokens, in a payload that was indented before it came here.
    Space,
    /// In the text of a string: JSON contains this character of it nowhere else.
    Strings(char),
    /// Anywhere, as far as this module knows.
    Anywhere,
}

impl Hazard {
    /// Returns where `delimiter` can occur.
    pub(super) fn of(delimiter: &Delimiter) -> Self {
        let bytes = delimiter.as_bytes();
        let Ok(text) = std::str::from_utf8(bytes) else {
            // A frame is UTF-8, so a part that is not UTF-8 can only be a fragment of characters. A
            // delimiter that cannot be one either is harmless.
            let foreign = |byte: &u8| matches!(byte, 0xc0 | 0xc1 | 0xf5..=0xff);
            return if bytes.iter().any(foreign) { Self::Nowhere } else { Self::Anywhere };
        };
        if text.chars().any(|c| c < ' ' && !is_space(c)) {
            Self::Nowhere
        } else if text.chars().any(is_space) {
            Self::Space
        } else {
            text.chars().find(|c| only_in_strings(*c)).map_or(Self::Anywhere, Self::Strings)
        }
    }

    // Wire rule W3
    /// Rewrites the frame from `start` on if it contains `delimiter`, so that it means the same
    /// without it.
    #[inline]
    pub(super) fn avert(self, delimiter: &Delimiter, out: &mut BytesMut, start: usize) {
        if !matches!(self, Self::Nowhere | Self::Anywhere) {
            self.rewrite(delimiter, out, start);
        }
    }

    #[inline(never)]
    fn rewrite(self, delimiter: &Delimiter, out: &mut BytesMut, start: usize) {
        let frame = out.get(start..).unwrap_or_default();
        if !holds(frame, delimiter.as_bytes()) {
            return;
        }
        let rewritten = match self {
            // In strings, JSON has these characters as escapes only.
            Self::Space => frame.iter().copied().filter(|byte| *byte >= b' ').collect(),
            // Every occurrence is replaced, not only those within a delimiter: the letters of an
            // escape could complete another one.
            Self::Strings(c) => String::from_utf8_lossy(frame).replace(c, &escape(c)).into_bytes(),
            Self::Nowhere | Self::Anywhere => return,
        };
        out.truncate(start);
        out.extend_from_slice(&rewritten);
    }
}

/// A delimiter that may occur anywhere in a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsafeDelimiter {
    delimiter: Delimiter,
}

impl UnsafeDelimiter {
    pub(super) fn new(delimiter: Delimiter) -> Self {
        Self { delimiter }
    }

    /// Returns the delimiter.
    #[must_use]
    pub fn delimiter(&self) -> &Delimiter {
        &self.delimiter
    }

    /// Returns a short name of the error that never changes, as [`IpcError::code`](crate::IpcError::code) does.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        crate::codes::CONFIG
    }
}

impl fmt::Display for UnsafeDelimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "delimiter \"{}\" can be a part of the JSON it should end", self.delimiter)
    }
}

impl Error for UnsafeDelimiter {}

/// Returns whether `c` is a control character that JSON allows between tokens.
fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r')
}

/// Returns whether JSON has `c` in strings only, and never as a part of an escape.
fn only_in_strings(c: char) -> bool {
    let punctuation = matches!(c, '{' | '}' | '[' | ']' | ':' | ',' | '"' | ' ');
    let number = matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
    let literal = matches!(c, 't' | 'r' | 'u' | 'f' | 'a' | 'l' | 's' | 'n');
    let escape =
        matches!(c, '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u' | 'a'..='f' | 'A'..='F');
    !(punctuation || number || literal || escape)
}

/// Returns the escape of `c` in a string.
fn escape(c: char) -> String {
    let mut units = [0; 2];
    c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn holds(frame: &[u8], delimiter: &[u8]) -> bool {
    // Such delimiters are rare and frames mostly short: a simple search is enough.
    frame.windows(delimiter.len().max(1)).any(|window| window == delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(delimiter: &str, expected: Hazard) {
        assert_eq!(Hazard::of(&Delimiter::new(delimiter).unwrap()), expected, "{delimiter:?}");
    }

    #[test]
    fn control_characters_are_no_hazard() {
        check("\u{c}", Hazard::Nowhere);
        check("\0", Hazard::Nowhere);
        check(",\u{1e}", Hazard::Nowhere);
    }

    #[test]
    fn line_ends_can_be_white_space() {
        check("\n", Hazard::Space);
        check("\r", Hazard::Space);
        check("\r\n", Hazard::Space);
        check(",\n", Hazard::Space);
    }

    #[test]
    fn text_can_be_in_strings() {
        check("--END--", Hazard::Strings('N'));
        check("|", Hazard::Strings('|'));
        check("\u{7f}", Hazard::Strings('\u{7f}'));
        check("é", Hazard::Strings('é'));
        check("\u{a0}", Hazard::Strings('\u{a0}'));
    }

    #[test]
    fn json_is_anywhere() {
        for delimiter in [",", "\"", "}", "}{", " ", "0", "e", "true", "null", "\\u00", "/", "Face"]
        {
            check(delimiter, Hazard::Anywhere);
        }
    }

    #[test]
    fn bytes_of_no_text_are_no_hazard() {
        assert_eq!(Hazard::of(&Delimiter::new([0xff]).unwrap()), Hazard::Nowhere);
        assert_eq!(Hazard::of(&Delimiter::new([0xa9]).unwrap()), Hazard::Anywhere);
    }

    #[test]
    fn characters_beyond_the_first_plane_are_two_escapes() {
        assert_eq!(escape('😀'), "\\ud83d\\ude00");
        assert_eq!(escape('|'), "\\u007c");
    }
}
