//! One member of an object, found without parsing the others.

use std::ops::Range;

use super::Scan;

/// Returns where the value of the last member `name` lies in `json`, which is one JSON value:
/// `Some(None)` if that is not an object or has no such member, and `None` if only a parser can
/// decide, since a key has an escape or a value is nested too deep.
pub(crate) fn last_member(json: &[u8], name: &[u8]) -> Option<Option<Range<usize>>> {
    let mut scan = Scan::new(json);
    let (first, behind) = scan.token()?;
    if first != b'{' {
        return Some(None);
    }
    scan.rest = behind;
    if scan.peek_token() == b'}' {
        return Some(None);
    }
    let mut found = None;
    loop {
        scan.pass(b'"')?;
        let key = scan.plain_text(b"\"")?;
        scan.pass(b':')?;
        let value = scan.next_value()?;
        if json.get(key)? == name {
            found = Some(value);
        }
        let (byte, behind) = scan.token()?;
        scan.rest = behind;
        match byte {
            b',' => {}
            b'}' => return Some(found),
            _ => return None,
        }
    }
}

/// Returns the range of the value of `json` that begins at `start`.
pub(crate) fn value_at(json: &[u8], start: usize) -> Option<Range<usize>> {
    let value = Scan::new(json.get(start..)?).next_value()?;
    Some(start + value.start..start + value.end)
}

impl Scan<'_> {
    /// Passes over white space and this byte, if it follows.
    pub(crate) fn pass(&mut self, byte: u8) -> Option<()> {
        self.peek_token();
        self.expect(&[byte])
    }

    /// Passes over one value, as [`value`](Self::value) does, but not inlined.
    #[inline(never)]
    pub(crate) fn next_value(&mut self) -> Option<Range<usize>> {
        self.value()
    }

    /// Passes over one value and returns its range, if it is no longer than `most` bytes.
    pub(crate) fn short_value(&mut self, most: usize) -> Option<Range<usize>> {
        self.peek_token();
        let start = self.at();
        let mut scan = Scan::new(self.rest.get(..most).unwrap_or(self.rest));
        let len = scan.next_value()?.end;
        self.rest = self.rest.get(len..)?;
        Some(start..start + len)
    }
}
