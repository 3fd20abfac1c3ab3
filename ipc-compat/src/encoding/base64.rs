//! Base64, read as leniently as in Node. The crates for it are stricter.

use super::low_byte;

/// How base64 is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// With `+` and `/`, padded with `=`.
    Padded,
    /// With `-` and `_`, not padded.
    Url,
}

/// Returns the bytes: characters of neither alphabet are skipped, `=` ends the text, and an incomplete
/// last byte is dropped.
pub(super) fn bytes(units: impl Iterator<Item = u16>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(units.size_hint().0 / 4 * 3);
    // The last bits, of which the lowest `count` are not a byte yet. Others are old.
    let (mut bits, mut count) = (0_u32, 0);
    for byte in units.map(low_byte).take_while(|byte| *byte != b'=') {
        let Some(value) = value(byte) else { continue };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

/// Returns the text of the bytes.
pub(super) fn text(bytes: &[u8], style: Style) -> String {
    let (last_two, pad) = match style {
        Style::Padded => ([b'+', b'/'], true),
        Style::Url => ([b'-', b'_'], false),
    };
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        // One character more than there are bytes has bits of them.
        for at in 0..=group.len() {
            text.push(character((bits >> (18 - 6 * at) & 63) as u8, last_two));
        }
        if pad {
            (group.len()..3).for_each(|_| text.push('='));
        }
    }
    text
}

fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn character(value: u8, last_two: [u8; 2]) -> char {
    char::from(match value {
        0..=25 => b'A' + value,
        26..=51 => b'a' + value - 26,
        52..=61 => b'0' + value - 52,
        62 => last_two[0],
        _ => last_two[1],
    })
}
