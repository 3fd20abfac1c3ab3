//! `Reader`: where values lie in MessagePack, without copying, recursion or trust in lengths.

use std::ops::Range;

/// Reads values one by one. Every method returns `None` where the bytes end too early or are no
/// MessagePack.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A value, and where it lies.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) head: Head,
    /// All of it.
    pub(super) whole: Range<usize>,
    /// What follows its head: the bytes of a text.
    pub(super) body: Range<usize>,
}

/// What the first bytes of a value say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Head {
    Nil,
    Bool(bool),
    /// An integer of any width that is not negative.
    Integer(u64),
    /// The same, below zero.
    Negative,
    Float(f64),
    /// Text of so many bytes.
    Text(usize),
    /// Other bytes, of an extension with its type.
    Bytes(usize),
    Array(u32),
    Map(u32),
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Reads the next value, with all that is in it.
    pub(super) fn value(&mut self) -> Option<Value> {
        let start = self.at;
        let head = self.head()?;
        let body = self.at;
        self.skip_body(head)?;
        Some(Value { head, whole: start..self.at, body: body..self.at })
    }

    /// Reads the head of the next value.
    pub(super) fn head(&mut self) -> Option<Head> {
        let marker = self.take::<1>()?[0];
        let low = usize::from(marker);
        Some(match marker {
            0x00..=0x7f => Head::Integer(marker.into()),
            0x80..=0x8f => Head::Map(u32::from(marker & 0x0f)),
            0x90..=0x9f => Head::Array(u32::from(marker & 0x0f)),
            0xa0..=0xbf => Head::Text(low & 0x1f),
            0xc0 => Head::Nil,
            0xc1 => return None,
            0xc2 => Head::Bool(false),
            0xc3 => Head::Bool(true),
            0xc4..=0xc6 => Head::Bytes(self.length(marker - 0xc4)?),
            0xc7..=0xc9 => Head::Bytes(self.length(marker - 0xc7)?.checked_add(1)?),
            0xca => Head::Float(f32::from_be_bytes(self.take()?).into()),
            0xcb => Head::Float(f64::from_be_bytes(self.take()?)),
            0xcc..=0xcf => Head::Integer(self.unsigned(marker - 0xcc)?),
            0xd0 => signed(i8::from_be_bytes(self.take()?).into()),
            0xd1 => signed(i16::from_be_bytes(self.take()?).into()),
            0xd2 => signed(i32::from_be_bytes(self.take()?).into()),
            0xd3 => signed(i64::from_be_bytes(self.take()?)),
            0xd4..=0xd8 => Head::Bytes((1 << (low - 0xd4)) + 1),
            0xd9..=0xdb => Head::Text(self.length(marker - 0xd9)?),
            0xdc => Head::Array(u16::from_be_bytes(self.take()?).into()),
            0xdd => Head::Array(u32::from_be_bytes(self.take()?)),
            0xde => Head::Map(u16::from_be_bytes(self.take()?).into()),
            0xdf => Head::Map(u32::from_be_bytes(self.take()?)),
            0xe0..=0xff => Head::Negative,
        })
    }

    /// Returns whether all was read.
    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Skips what follows a head. A loop with a count of the values to come, so that no nesting is too
    /// deep; each of them has at least a byte, so that no declared length costs more than the frame.
    fn skip_body(&mut self, head: Head) -> Option<()> {
        let mut pending = self.skip_one(head)?;
        while pending > 0 {
            if pending > u64::try_from(self.bytes.len() - self.at).ok()? {
                return None;
            }
            let head = self.head()?;
            pending = pending - 1 + self.skip_one(head)?;
        }
        Some(())
    }

    /// Skips the bytes of a value, and returns how many values are in it.
    fn skip_one(&mut self, head: Head) -> Option<u64> {
        match head {
            Head::Text(length) | Head::Bytes(length) => {
                let end = self.at.checked_add(length)?;
                self.bytes.get(self.at..end)?;
                self.at = end;
                Some(0)
            }
            Head::Array(items) => Some(items.into()),
            Head::Map(members) => Some(2 * u64::from(members)),
            Head::Nil | Head::Bool(_) | Head::Integer(_) | Head::Negative | Head::Float(_) => {
                Some(0)
            }
        }
    }

    /// Reads an integer of 1, 2, 4 or 8 bytes.
    fn unsigned(&mut self, width: u8) -> Option<u64> {
        Some(match width {
            0 => u8::from_be_bytes(self.take()?).into(),
            1 => u16::from_be_bytes(self.take()?).into(),
            2 => u32::from_be_bytes(self.take()?).into(),
            _ => u64::from_be_bytes(self.take()?),
        })
    }

    fn length(&mut self, width: u8) -> Option<usize> {
        usize::try_from(self.unsigned(width)?).ok()
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = *self.bytes.get(self.at..)?.first_chunk()?;
        self.at += N;
        Some(taken)
    }
}

fn signed(integer: i64) -> Head {
    u64::try_from(integer).map_or(Head::Negative, Head::Integer)
}

/// Returns the members of a map with these keys, and what is wrong with the map: it is none, it is cut
/// off, something follows it, or a key occurs twice. What was read until then is returned, too.
///
/// Other keys are ignored, whatever they are.
pub(super) fn members<const N: usize>(
    map: &[u8],
    keys: [&str; N],
) -> ([Option<Value>; N], Result<(), &'static str>) {
    let mut values = [const { None }; N];
    let read = read_members(map, keys, &mut values);
    (values, read)
}

fn read_members<const N: usize>(
    map: &[u8],
    keys: [&str; N],
    values: &mut [Option<Value>; N],
) -> Result<(), &'static str> {
    let mut reader = Reader::new(map);
    let Some(Head::Map(count)) = reader.head() else { return Err("not a map") };
    for _ in 0..count {
        let key = reader.value().ok_or(CUT_OFF)?;
        let value = reader.value().ok_or(CUT_OFF)?;
        let name = match key.head {
            Head::Text(_) => map.get(key.body),
            _ => None,
        };
        let mut known = keys.iter().zip(values.iter_mut());
        match known.find(|(key, _)| name == Some(key.as_bytes())) {
            Some((_, Some(_))) => return Err("a member occurs twice"),
            Some((_, slot)) => *slot = Some(value),
            None => {}
        }
    }
    if reader.is_at_end() { Ok(()) } else { Err("more follows the map") }
}

const CUT_OFF: &str = "the map is not whole";
