//! `Cursor`: JSON in bytes, eaten token by token.

use super::error::Unread;
use crate::json::scan::{Scan, plain_len};

/// A place in a text, before which all was JSON.
pub(super) struct Cursor<'de> {
    text: &'de str,
    /// What is left of it.
    rest: &'de [u8],
}

impl<'de> Cursor<'de> {
    #[inline]
    pub(super) fn new(text: &'de str) -> Self {
        Self { text, rest: text.as_bytes() }
    }

    /// Returns the text from where it stood when `rest` was left, `len` bytes of it.
    #[inline]
    fn text_at(&self, rest: &[u8], len: usize) -> Option<&'de str> {
        let start = self.text.len() - rest.len();
        self.text.get(start..start + len)
    }

    /// Passes over white space and returns the byte behind it; zero, which begins no token, at the
    /// end.
    #[inline]
    pub(super) fn peek(&mut self) -> u8 {
        match self.rest {
            [byte, ..] if *byte > b' ' => *byte,
            _ => self.peek_behind_space(),
        }
    }

    /// Passes over white space and `token`.
    #[inline]
    pub(super) fn eat(&mut self, token: u8) -> Result<(), Unread> {
        // Most JSON has no white space.
        match self.rest {
            [byte, rest @ ..] if *byte == token => self.rest = rest,
            _ => self.eat_behind_space(token)?,
        }
        Ok(())
    }

    #[cold]
    fn peek_behind_space(&mut self) -> u8 {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.first().copied().unwrap_or_default()
    }

    #[cold]
    fn eat_behind_space(&mut self, token: u8) -> Result<(), Unread> {
        self.peek_behind_space();
        self.rest = self.rest.strip_prefix(&[token]).ok_or(Unread)?;
        Ok(())
    }

    /// Passes over `word`, which begins here.
    #[inline]
    pub(super) fn eat_word(&mut self, word: &[u8]) -> Result<(), Unread> {
        self.rest = self.rest.strip_prefix(word).ok_or(Unread)?;
        Ok(())
    }

    /// Returns whether there is nothing left, not even white space.
    #[inline]
    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Passes over a string and returns its text, if it has no escapes; otherwise it stays.
    #[inline]
    pub(super) fn plain_text(&mut self) -> Option<&'de str> {
        if self.peek() != b'"' {
            return None;
        }
        let text = self.rest.get(1..)?;
        let len = plain_len(text);
        let Some([b'"', rest @ ..]) = text.get(len..) else { return None };
        self.rest = rest;
        self.text_at(text, len)
    }

    /// Passes over white space and a number and returns its sign (whether it is negative) and size,
    /// if it is whole, has few enough digits for any type of 64 bits and is no negative zero;
    /// otherwise it stays.
    #[inline]
    pub(super) fn integer(&mut self) -> Option<(bool, u64)> {
        let negative = self.peek() == b'-';
        let digits = self.rest.get(usize::from(negative)..)?;
        let mut rest = digits;
        let mut size = 0;
        while let [byte @ b'0'..=b'9', behind @ ..] = rest {
            // Wraps only beyond the digits that are allowed.
            size = u64::wrapping_add(u64::wrapping_mul(size, 10), u64::from(*byte - b'0'));
            rest = behind;
        }
        let len = digits.len() - rest.len();
        let ordinary = match digits.first() {
            Some(b'0') => len == 1 && !negative,
            _ => (1..=MAX_DIGITS).contains(&len),
        };
        if !ordinary || matches!(rest.first(), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        self.rest = rest;
        Some((negative, size))
    }

    /// Passes over one value, with the white space before it, and returns its text.
    pub(super) fn value(&mut self) -> Result<&'de str, Unread> {
        let value = Scan::new(self.rest).value().ok_or(Unread)?;
        let before = self.rest.get(value.start..).unwrap_or_default();
        self.rest = self.rest.get(value.end..).unwrap_or_default();
        self.text_at(before, value.len()).ok_or(Unread)
    }
}

/// So many digits fit `i64` and `u64`.
const MAX_DIGITS: usize = 18;
