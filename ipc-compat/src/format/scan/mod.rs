//! `Scan`: checks JSON in one pass over bytes, without recursion, allocation or values.

use std::ops::Range;

/// A place in bytes, before which all was JSON.
///
/// It knows the grammar that `serde_json` skips values by: numbers of any size and escapes of half
/// a surrogate pair are right, since they hurt only those who ask for what they stand for. It says
/// no by mistake only where values are nested more than [`MAX_DEPTH`] deep: whoever gets a no asks
/// `serde_json`, which then also says what is wrong.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    bytes: &'a [u8],
    /// Invariant: `at <= bytes.len()`.
    at: usize,
    /// Whether all strings so far are ASCII.
    ascii: bool,
}

impl<'a> Scan<'a> {
    /// Returns a scan of `bytes` from `at` on.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at: at.min(bytes.len()), ascii: true }
    }

    /// Returns the range of a string's text, if it has no escapes and `bytes` go on with `then`,
    /// and passes over both.
    #[inline]
    pub(super) fn plain_text(&mut self, then: &[u8]) -> Option<Range<usize>> {
        let start = self.at;
        self.skip_short();
        if self.peek() != b'"' {
            let (len, ascii) = plain(self.bytes.get(self.at..)?);
            self.at += len;
            self.ascii &= ascii;
        }
        let end = self.at;
        self.expect(then)?;
        Some(start..end)
    }

    /// Passes over one value, with the white space before it, and returns its range.
    pub(super) fn value(&mut self) -> Option<Range<usize>> {
        self.peek_token();
        let start = self.at;
        // One bit for each list and object that is open, the innermost last: 1 is an object.
        let (mut open, mut depth) = (0_u64, 0);
        loop {
            match self.peek_token() {
                b'"' => self.string()?,
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.expect(b"true")?,
                b'f' => self.expect(b"false")?,
                b'n' => self.expect(b"null")?,
                bracket @ (b'[' | b'{') => {
                    self.at += 1;
                    // The closing bracket stands two places behind the opening one in ASCII.
                    if self.peek_token() == bracket + 2 {
                        self.at += 1;
                    } else {
                        let object = bracket == b'{';
                        if depth == MAX_DEPTH {
                            return None;
                        }
                        depth += 1;
                        open = open << 1 | u64::from(object);
                        if object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                _ => return None,
            }
            // A value has ended.
            loop {
                if depth == 0 {
                    return Some(start..self.at);
                }
                let object = open & 1 == 1;
                match self.peek_token() {
                    b',' => {
                        self.at += 1;
                        if object {
                            self.key()?;
                        }
                        break;
                    }
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return None,
                }
                self.at += 1;
                depth -= 1;
                open >>= 1;
            }
        }
    }

    /// Passes over white space and `last`, and returns whether the bytes end there and are UTF-8.
    pub(super) fn ends_with(&mut self, last: &[u8]) -> bool {
        self.peek_token();
        self.expect(last).is_some()
            && self.at == self.bytes.len()
            && (self.ascii || std::str::from_utf8(self.bytes).is_ok())
    }

    /// Passes over white space and returns the byte behind it; zero, which begins no token, at the
    /// end.
    #[inline]
    fn peek_token(&mut self) -> u8 {
        loop {
            match self.peek() {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return byte,
            }
        }
    }

    #[inline]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or_default()
    }

    #[inline]
    fn expect(&mut self, token: &[u8]) -> Option<()> {
        if !self.bytes.get(self.at..)?.starts_with(token) {
            return None;
        }
        self.at += token.len();
        Some(())
    }

    /// Passes over a member's key and its colon.
    fn key(&mut self) -> Option<()> {
        if self.peek_token() != b'"' {
            return None;
        }
        self.string()?;
        if self.peek_token() != b':' {
            return None;
        }
        self.at += 1;
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        if self.peek() == b'-' {
            self.at += 1;
        }
        // A digit behind a leading zero is no token that could follow a number.
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// Passes over one digit or more.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// Passes over a string, at whose quote it stands.
    #[inline]
    fn string(&mut self) -> Option<()> {
        self.at += 1;
        self.skip_short();
        if self.peek() != b'"' {
            return self.long_string();
        }
        self.at += 1;
        Some(())
    }

    /// Passes over the rest of a string.
    #[inline(never)]
    fn long_string(&mut self) -> Option<()> {
        loop {
            let (len, ascii) = plain(self.bytes.get(self.at..)?);
            self.at += len;
            self.ascii &= ascii;
            match self.bytes.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    /// Passes over a string's plain text if it ends within eight bytes, as most do.
    #[inline]
    fn skip_short(&mut self) {
        let word = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<WORD>());
        let Some(word) = word.map(|word| u64::from_le_bytes(*word)) else { return };
        if let Some(end) = first_special(word) {
            self.ascii &= word & HIGHS == 0;
            self.at += end;
        }
    }

    fn escape(&mut self) -> Option<()> {
        match self.bytes.get(self.at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
            b'u' => {
                let digits = self.bytes.get(self.at + 2..self.at + 6)?;
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                self.at += 6;
            }
            _ => return None,
        }
        Some(())
    }
}

/// Returns how many bytes of plain text `text` begins with, and whether they are ASCII.
///
/// What stands a few bytes behind them counts for the latter, too. It does no harm: what is not
/// ASCII stands in a string, or the bytes are no JSON.
#[inline(never)]
fn plain(text: &[u8]) -> (usize, bool) {
    let (mut rest, mut len, mut high) = (text, 0, 0);
    let odd = |byte: u8| !byte.is_ascii() | is_special(byte);
    loop {
        while let Some((chunk, behind)) = rest.split_first_chunk::<WIDE>() {
            if any_byte(chunk, odd) {
                break;
            }
            len += WIDE;
            rest = behind;
            if rest.len() >= BLOCK {
                let plain = whole_blocks(rest, odd);
                len += plain;
                rest = rest.get(plain..).unwrap_or_default();
            }
        }
        for _ in 0..WIDE / WORD {
            let Some((word, behind)) = rest.split_first_chunk::<WORD>() else {
                let end = rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len());
                return (len + end, high & HIGHS == 0 && rest.is_ascii());
            };
            let word = u64::from_le_bytes(*word);
            high |= word;
            if let Some(end) = first_special(word) {
                return (len + end, high & HIGHS == 0);
            }
            len += WORD;
            rest = behind;
        }
    }
}

/// Returns whether `bytes` are one JSON value in UTF-8, if no value is nested too deep.
#[cfg(any(test, fuzzing))]
pub(crate) fn is_json(bytes: &[u8]) -> bool {
    let mut scan = Scan::new(bytes, 0);
    scan.value().is_some() && scan.ends_with(b"")
}

/// Returns how many bytes there are in the blocks `text` begins with in which none is like that.
#[inline(never)]
pub(super) fn whole_blocks(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    let mut len = 0;
    while let Some(block) = text.get(len..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        if any_byte(block, &is) {
            break;
        }
        len += BLOCK;
    }
    len
}

/// Returns whether one of the bytes is like that. It looks at all of them, without stopping early, so
/// that the compiler uses wide registers.
#[inline]
pub(super) fn any_byte<const N: usize>(bytes: &[u8; N], is: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(false, |found, byte| found | is(*byte))
}

/// Returns whether a string's plain text ends at `byte`.
pub(super) fn is_special(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

/// Returns where in the word, the lowest byte first, the first special byte is.
///
/// By Mycroft's way: bits above the lowest one that is found can be wrong.
#[inline]
fn first_special(word: u64) -> Option<usize> {
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = zeros(word ^ (ONES * u64::from(b'"')));
    let backslash = zeros(word ^ (ONES * u64::from(b'\\')));
    let found = (control | quote | backslash) & HIGHS;
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

/// How many values may be open within each other: as many as a word has bits. serde stops at 127,
/// and what people send is flat.
pub(crate) const MAX_DEPTH: usize = 64;

/// Bytes looked at together in very long strings: twice as fast as a few at a time.
pub(super) const BLOCK: usize = 128;

/// Bytes looked at together in long strings: two of the narrowest vector registers.
const WIDE: usize = 32;

const WORD: usize = size_of::<u64>();

const ONES: u64 = u64::MAX / 255;
const HIGHS: u64 = ONES << 7;

#[cfg(test)]
mod tests;
