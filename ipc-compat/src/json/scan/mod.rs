//! `Scan`: checks JSON in one pass over bytes, without recursion, allocation or values.

mod member;

use std::ops::Range;

use super::words::{HIGHS, WORD, first_other_than_digit, first_special, plain};

pub(crate) use member::{last_member, value_at};

/// A position in bytes, before which all was JSON.
///
/// It accepts the grammar by which `serde_json` skips values: numbers of any size and escapes of half
/// a surrogate pair are valid, since they matter only to a program that decodes them. It refuses valid
/// JSON only where values are nested more than [`MAX_DEPTH`] deep: after a refusal the caller asks
/// `serde_json`, which also says what is wrong.
#[derive(Debug, Clone)]
pub(crate) struct Scan<'a> {
    bytes: &'a [u8],
    /// Invariant: an end of `bytes`. A slice that shrinks is checked once for each step, an index
    /// for each look.
    rest: &'a [u8],
    /// The bits of all strings so far. Those of [`HIGHS`] are zero if all are ASCII.
    bits: u64,
}

impl<'a> Scan<'a> {
    /// Returns a scan at the beginning of `bytes`.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, rest: bytes, bits: 0 }
    }

    /// Returns the range of a string's text, if it has no escapes and `bytes` go on with `then`,
    /// and passes over both.
    #[inline]
    pub(crate) fn plain_text(&mut self, then: &[u8]) -> Option<Range<usize>> {
        let start = self.at();
        let len = match self.short_text() {
            Some(len) => len,
            None => {
                let (len, bits) = long_plain(self.rest);
                self.bits |= bits;
                len
            }
        };
        self.rest = self.rest.get(len..)?;
        self.expect(then)?;
        Some(start..start + len)
    }

    /// Returns the whole number that is next, if it has up to 16 digits, and passes over it.
    #[inline]
    pub(crate) fn whole_number(&mut self) -> Option<u64> {
        let (mut number, mut rest) = (0_u64, self.rest);
        while let [digit @ b'0'..=b'9', behind @ ..] = rest {
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            rest = behind;
        }
        let len = self.rest.len() - rest.len();
        let leads_with_zero = len > 1 && self.rest.first() == Some(&b'0');
        if !(1..=16).contains(&len) || leads_with_zero {
            return None;
        }
        self.rest = rest;
        Some(number)
    }

    /// Passes over one value, with the white space before it, and returns its range.
    // Inlined into its two callers: a scan that is kept in memory between calls takes a tenth longer
    // for a small message.
    #[inline(always)]
    pub(crate) fn value(&mut self) -> Option<Range<usize>> {
        // The compiler keeps a copy in registers.
        let mut scan = self.clone();
        scan.peek_token();
        let start = scan.at();
        // One bit for each list and object that is open, the innermost last: 1 is an object.
        let (mut open, mut depth) = (0_u64, 0);
        'values: loop {
            if open & 1 == 1 {
                scan.key()?;
            }
            let (byte, behind) = scan.token()?;
            match byte {
                b'"' => scan.string(behind)?,
                b'0'..=b'9' => scan.unsigned(byte, behind)?,
                b'-' => scan.number()?,
                b't' => scan.expect(b"true")?,
                b'f' => scan.expect(b"false")?,
                b'n' => scan.expect(b"null")?,
                b'[' | b'{' => {
                    scan.rest = behind;
                    let (next, behind) = scan.token()?;
                    // In ASCII the closing bracket comes two after the opening one.
                    if next != byte + 2 {
                        if depth == MAX_DEPTH {
                            return None;
                        }
                        depth += 1;
                        open = open << 1 | u64::from(byte == b'{');
                        continue;
                    }
                    scan.rest = behind;
                }
                _ => return None,
            }
            // A value has ended.
            while depth > 0 {
                let (byte, behind) = scan.token()?;
                scan.rest = behind;
                if byte == b',' {
                    continue 'values;
                }
                if byte != if open & 1 == 1 { b'}' } else { b']' } {
                    return None;
                }
                depth -= 1;
                open >>= 1;
            }
            *self = scan;
            return Some(start..self.at());
        }
    }

    /// Passes over white space and `last`, and returns whether the bytes end there and are UTF-8.
    #[inline]
    pub(crate) fn ends_with(&mut self, last: &[u8]) -> bool {
        self.peek_token();
        self.expect(last).is_some()
            && self.rest.is_empty()
            && (self.bits & HIGHS == 0 || std::str::from_utf8(self.bytes).is_ok())
    }

    /// Returns the range of what follows, if `last` ends it, there is no white space around what is between and
    /// all strings so far are ASCII.
    #[inline]
    pub(crate) fn rest_before(&self, last: &[u8]) -> Option<Range<usize>> {
        let rest = self.rest.strip_suffix(last)?;
        let fits = *rest.first()? > b' ' && *rest.last()? > b' ';
        (fits && self.bits & HIGHS == 0).then(|| self.at()..self.bytes.len() - last.len())
    }

    /// Returns how many bytes lie before this place.
    #[inline]
    fn at(&self) -> usize {
        self.bytes.len() - self.rest.len()
    }

    /// Passes over white space and returns the next byte; zero, which begins no token, at the end.
    #[inline]
    pub(crate) fn peek_token(&mut self) -> u8 {
        self.token().map_or(0, |(byte, _)| byte)
    }

    /// Passes over white space and returns the next byte, with what follows it.
    #[inline]
    fn token(&mut self) -> Option<(u8, &'a [u8])> {
        let (mut byte, mut behind) = self.rest.split_first()?;
        if *byte <= b' ' {
            self.rest = behind_space(self.rest);
            (byte, behind) = self.rest.split_first()?;
        }
        Some((*byte, behind))
    }

    /// Passes over `token`, if it is next.
    #[inline]
    pub(crate) fn expect(&mut self, token: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(token)?;
        Some(())
    }

    /// Passes over a member's key and its colon.
    #[inline(always)]
    fn key(&mut self) -> Option<()> {
        let (b'"', text) = self.token()? else { return None };
        self.rest = text;
        if let Some(len) = self.short_text() {
            // The usual way, without white space.
            if let [b'"', b':', behind @ ..] = text.get(len..)? {
                self.rest = behind;
                return Some(());
            }
        }
        self.long_string()?;
        let (b':', behind) = self.token()? else { return None };
        self.rest = behind;
        Some(())
    }

    /// Passes over a number.
    #[inline]
    fn number(&mut self) -> Option<()> {
        match self.rest {
            [b'-', first, behind @ ..] | [first, behind @ ..] => self.unsigned(*first, behind),
            [] => None,
        }
    }

    /// Passes over a number without a sign, whose first digit is `first`.
    #[inline]
    fn unsigned(&mut self, first: u8, behind: &'a [u8]) -> Option<()> {
        self.rest = match first {
            // A digit after a leading zero is not a token that may follow a number.
            b'0' => behind,
            b'1'..=b'9' => behind_digits(behind),
            _ => return None,
        };
        if let Some(b'.' | b'e' | b'E') = self.rest.first() {
            self.rest = behind_fraction(self.rest)?;
        }
        Some(())
    }

    /// Passes over a string, whose quote `text` follows.
    #[inline(always)]
    fn string(&mut self, text: &'a [u8]) -> Option<()> {
        self.rest = text;
        if let Some(len) = self.short_text() {
            if let [b'"', behind @ ..] = text.get(len..)? {
                self.rest = behind;
                return Some(());
            }
        }
        self.long_string()
    }

    /// Passes over a string that is not short, after its quote.
    #[inline(always)]
    fn long_string(&mut self) -> Option<()> {
        let (behind, bits) = behind_text(self.rest)?;
        self.rest = behind;
        self.bits |= bits;
        Some(())
    }

    /// Returns how long a string's plain text is here, if it ends within eight bytes, as most do.
    #[inline]
    fn short_text(&mut self) -> Option<usize> {
        let word = u64::from_le_bytes(*self.rest.first_chunk::<WORD>()?);
        self.bits |= word;
        first_special(word)
    }
}

/// Returns what follows the string whose first quote `text` follows, and bits as [`plain`] does.
#[inline(never)]
fn behind_text(text: &[u8]) -> Option<(&[u8], u64)> {
    let (len, bits) = plain(text);
    match text.get(len..)? {
        [b'"', behind @ ..] => Some((behind, bits)),
        // Out of line, so that a text without escapes does not pay for the loop.
        [b'\\', escape @ ..] => behind_escaped_text(escape, bits),
        _ => None,
    }
}

/// Does the same for a string from its first escape on, whose backslash `escape` follows.
#[inline(never)]
fn behind_escaped_text(escape: &[u8], bits: u64) -> Option<(&[u8], u64)> {
    let (mut rest, mut all) = (behind_escape(escape)?, bits);
    loop {
        // Escapes often follow each other closely.
        let word = rest.first_chunk::<WORD>().map(|word| u64::from_le_bytes(*word));
        let (len, bits) = match word.and_then(first_special) {
            Some(len) => (len, word.unwrap_or_default()),
            None => long_plain(rest),
        };
        all |= bits;
        match rest.get(len..)? {
            [b'"', behind @ ..] => return Some((behind, all)),
            [b'\\', escape @ ..] => rest = behind_escape(escape)?,
            _ => return None,
        }
    }
}

/// Returns what follows the white space that `text` begins with.
#[cold]
fn behind_space(text: &[u8]) -> &[u8] {
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let len = text.iter().take_while(|byte| space(byte)).count();
    text.get(len..).unwrap_or_default()
}

/// Returns what follows the digits that `text` begins with.
#[inline]
fn behind_digits(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some((word, behind)) = rest.split_first_chunk::<WORD>() {
        if let Some(len) = first_other_than_digit(u64::from_le_bytes(*word)) {
            return rest.get(len..).unwrap_or_default();
        }
        rest = behind;
    }
    while let [b'0'..=b'9', behind @ ..] = rest {
        rest = behind;
    }
    rest
}

/// Returns what follows a number's fraction and exponent, of which `text` begins with one.
#[inline(never)]
fn behind_fraction(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    if let [b'.', behind @ ..] = rest {
        let [b'0'..=b'9', behind @ ..] = behind else { return None };
        rest = behind_digits(behind);
    }
    if let [b'e' | b'E', b'+' | b'-', behind @ ..] | [b'e' | b'E', behind @ ..] = rest {
        let [b'0'..=b'9', behind @ ..] = behind else { return None };
        rest = behind_digits(behind);
    }
    Some(rest)
}

/// Returns what follows an escape, whose backslash `text` follows.
#[inline]
fn behind_escape(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', behind @ ..] => Some(behind),
        [b'u', behind @ ..] => {
            let (digits, behind) = behind.split_first_chunk::<4>()?;
            digits.iter().all(u8::is_ascii_hexdigit).then_some(behind)
        }
        _ => None,
    }
}

/// Does what [`plain`] does, but not inlined.
#[inline(never)]
fn long_plain(text: &[u8]) -> (usize, u64) {
    plain(text)
}

/// Returns whether `bytes` are one JSON value in UTF-8, if no value is nested too deep.
pub(crate) fn is_json(bytes: &[u8]) -> bool {
    let mut scan = Scan::new(bytes);
    scan.next_value().is_some() && scan.ends_with(b"")
}

/// How deep values may be nested: as deep as a word has bits. serde stops at 127, and most messages
/// are flat.
pub(crate) const MAX_DEPTH: usize = 64;

#[cfg(test)]
mod tests;
