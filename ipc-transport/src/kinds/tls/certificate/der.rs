//! The little of DER that has to be read here: one value after another, with its tag.
//!
//! webpki reads certificates, but not those of version 1, and does not report the kind of a key;
//! parsers that do bring a dozen crates along.

/// Values one after the other.
#[derive(Clone, Copy, Debug)]
pub(in crate::kinds::tls) struct Values<'a>(&'a [u8]);

/// One value.
#[derive(Clone, Copy, Debug)]
pub(in crate::kinds::tls) struct Value<'a> {
    pub(in crate::kinds::tls) tag: u8,
    /// Its bytes with tag and length.
    pub(in crate::kinds::tls) whole: &'a [u8],
    pub(in crate::kinds::tls) content: &'a [u8],
}

impl<'a> Value<'a> {
    /// Reads a sequence that is all of `bytes`.
    pub(in crate::kinds::tls) fn sequence(bytes: &'a [u8]) -> Option<Values<'a>> {
        let mut values = Values(bytes);
        let value = values.take(SEQUENCE)?;
        values.0.is_empty().then_some(value.within())
    }

    /// Returns the values it is made of.
    pub(in crate::kinds::tls) const fn within(self) -> Values<'a> {
        Values(self.content)
    }

    /// Returns how many bits a positive integer has.
    pub(in crate::kinds::tls) fn bits(self) -> usize {
        let digits = self.content.iter().position(|byte| *byte != 0);
        let digits = digits.and_then(|first| self.content.get(first..)).unwrap_or_default();
        let unused = digits.first().map_or(0, |first| first.leading_zeros() as usize);
        (digits.len() * 8).saturating_sub(unused)
    }
}

impl<'a> Values<'a> {
    /// Takes the next value if it has this tag.
    pub(in crate::kinds::tls) fn take(&mut self, tag: u8) -> Option<Value<'a>> {
        let (value, rest) = split(self.0)?;
        (value.tag == tag).then(|| {
            self.0 = rest;
            value
        })
    }

    /// Counts the values; `None` if they are broken.
    pub(in crate::kinds::tls) fn count(mut self) -> Option<usize> {
        let mut count = 0;
        while !self.0.is_empty() {
            (_, self.0) = split(self.0)?;
            count += 1;
        }
        Some(count)
    }
}

fn split(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        // A length of more than four bytes is that of no certificate.
        long @ 0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len() - rest.len())?;
    Some((Value { tag: *tag, whole, content }, rest))
}

pub(in crate::kinds::tls) const INTEGER: u8 = 0x02;
pub(in crate::kinds::tls) const BIT_STRING: u8 = 0x03;
pub(in crate::kinds::tls) const OCTET_STRING: u8 = 0x04;
pub(in crate::kinds::tls) const OBJECT_ID: u8 = 0x06;
pub(in crate::kinds::tls) const SEQUENCE: u8 = 0x30;
/// A member with the number 0.
pub(in crate::kinds::tls) const MEMBER_0: u8 = 0xa0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_every_form_are_read() {
        for (bytes, content) in [
            (vec![0x30, 0], 0),
            (vec![0x30, 2, 5, 0], 2),
            ([vec![0x30, 0x81, 0x80], vec![0; 0x80]].concat(), 0x80),
            ([vec![0x30, 0x82, 1, 0], vec![0; 0x100]].concat(), 0x100),
        ] {
            assert_eq!(Value::sequence(&bytes).map(|values| values.0.len()), Some(content));
            // One byte less, or one more, is something else.
            assert!(Value::sequence(&bytes[..bytes.len() - 1]).is_none());
            assert!(Value::sequence(&[&bytes[..], &[0]].concat()).is_none());
        }
        for broken in
            [&[0x30][..], &[], &[0x31, 0], &[0x30, 0x80, 0, 0], &[0x30, 0x85, 0, 0, 0, 0, 0]]
        {
            assert!(Value::sequence(broken).is_none(), "{broken:?}");
        }
    }

    #[test]
    fn bits_are_counted_without_leading_zeros() {
        let bits = |content| Value { tag: INTEGER, whole: &[], content }.bits();
        assert_eq!((bits(&[]), bits(&[0]), bits(&[0, 0x80]), bits(&[1, 0])), (0, 0, 8, 9));
    }
}
