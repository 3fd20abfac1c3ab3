//! Hexadecimal digits, as Node reads and writes them.

use super::low_byte;

/// Returns the bytes of pairs of digits, up to the first pair that is not hexadecimal.
pub(super) fn bytes(mut units: impl Iterator<Item = u16>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(units.size_hint().0 / 2);
    let mut digit = || char::from(low_byte(units.next()?)).to_digit(16);
    while let (Some(high), Some(low)) = (digit(), digit()) {
        // Two digits of four bits each: always a byte.
        bytes.push((high << 4 | low) as u8);
    }
    bytes
}

/// Returns two lower-case digits for each byte.
pub(super) fn text(bytes: &[u8]) -> String {
    let digit = |bits: u8| char::from_digit(u32::from(bits), 16).unwrap_or('0');
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}
