//! JSON strings, written several times faster than byte by byte.

use bytes::BytesMut;

use super::words::{BLOCK, any_byte, first_special, is_special, whole_blocks};
use crate::format::{PIECE, append};

/// Appends `text` as a JSON string, exactly as `serde_json` writes it.
#[inline]
pub(super) fn write(text: &str, out: &mut BytesMut) {
    out.extend_from_slice(b"\"");
    write_text(text, out);
    out.extend_from_slice(b"\"");
}

/// Appends `before`, then `key` as a JSON string, then a colon.
#[inline]
pub(super) fn write_key(before: u8, key: &str, out: &mut BytesMut) {
    out.extend_from_slice(&[before, b'"']);
    write_text(key, out);
    out.extend_from_slice(b"\":");
}

/// Appends `text` as it stands between a JSON string's quotes.
#[inline]
pub(crate) fn write_text(text: &str, out: &mut BytesMut) {
    let text = text.as_bytes();
    let plain = plain(text);
    if plain == text.len() && plain <= PIECE {
        out.extend_from_slice(text);
    } else {
        write_in_pieces(text, plain, out);
    }
}

/// Appends a text that is long or has others than the so many plain bytes it begins with.
#[inline(never)]
fn write_in_pieces(text: &[u8], plain_len: usize, out: &mut BytesMut) {
    let (mut rest, mut len) = (text, plain_len);
    while let Some((before, behind)) = rest.split_at_checked(len) {
        append(before, out);
        if behind.is_empty() {
            return;
        }
        let (chunk, behind) = behind.split_at(behind.len().min(CHUNK));
        write_chunk(chunk, out);
        rest = behind;
        len = plain(rest);
    }
}

/// Returns a number of plain bytes that `text` begins with: all of them if all are plain, otherwise
/// some.
#[inline]
fn plain(text: &[u8]) -> usize {
    if text.len() >= CHUNK {
        long_plain(text)
    } else if is_plain(text) {
        text.len()
    } else {
        0
    }
}

#[inline(never)]
fn long_plain(text: &[u8]) -> usize {
    let blocks = if text.len() < BLOCK { 0 } else { whole_blocks(text, is_special) };
    let mut rest = text.get(blocks..).unwrap_or_default();
    while let Some((chunk, behind)) = rest.split_first_chunk::<CHUNK>() {
        if any_byte(chunk, is_special) {
            return text.len() - rest.len();
        }
        rest = behind;
    }
    match text.last_chunk::<CHUNK>() {
        Some(end) if !rest.is_empty() && any_byte(end, is_special) => text.len() - rest.len(),
        _ => text.len(),
    }
}

/// Returns whether all of a text shorter than a chunk is plain: two looks at a time, which overlap.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    if let (Some(start), Some(end)) = (text.first_chunk::<16>(), text.last_chunk::<16>()) {
        !any_byte(start, is_special) & !any_byte(end, is_special)
    } else if let (Some(start), Some(end)) = (text.first_chunk(), text.last_chunk()) {
        let plain = |word: &[u8; 8]| first_special(u64::from_le_bytes(*word)).is_none();
        plain(start) & plain(end)
    } else if let (Some(start), Some(end)) = (text.first_chunk(), text.last_chunk()) {
        let half = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
        first_special(half(start) | half(end) << 32).is_none()
    } else {
        !text.iter().any(|byte| is_special(*byte))
    }
}

/// Appends a chunk byte by byte, by way of an array: to append each costs more.
fn write_chunk(chunk: &[u8], out: &mut BytesMut) {
    let mut buffer = [0; CHUNK * ESCAPE];
    let mut length = 0;
    let mut push = |byte| {
        if let Some(place) = buffer.get_mut(length) {
            *place = byte;
            length += 1;
        }
    };
    for byte in chunk {
        if !is_special(*byte) {
            push(*byte);
            continue;
        }
        push(b'\\');
        match byte {
            b'"' | b'\\' => push(*byte),
            0x08 => push(b'b'),
            b'\t' => push(b't'),
            b'\n' => push(b'n'),
            0x0c => push(b'f'),
            b'\r' => push(b'r'),
            _ => {
                // A control character, so the first digits are known.
                let last = b"0123456789abcdef".get(usize::from(byte & 15));
                [b'u', b'0', b'0', b'0' + (byte >> 4)].into_iter().for_each(&mut push);
                push(last.copied().unwrap_or(b'0'));
            }
        }
    }
    out.extend_from_slice(buffer.get(..length).unwrap_or_default());
}

/// The longest escape: `\u001f`.
const ESCAPE: usize = 6;

/// Bytes looked at together: two of the narrowest vector registers.
const CHUNK: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str) {
        let mut out = BytesMut::from("before");
        write(text, &mut out);
        let expected = format!("before{}", serde_json::to_string(text).unwrap());
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn every_character_of_one_byte_at_every_place() {
        for byte in 0..0x80 {
            for before in 0..150 {
                let text = format!("{}{}{}", "x".repeat(before), char::from(byte), "é".repeat(20));
                check(&text);
            }
        }
    }

    #[test]
    fn lengths_around_a_chunk() {
        for length in 0..300 {
            check(&"x".repeat(length));
            check(&"\"".repeat(length));
            check(&"日".repeat(length));
        }
    }

    #[test]
    fn lengths_around_pieces() {
        for length in [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 5 * PIECE + 7] {
            let text = "日x".repeat(length / 4) + &"y".repeat(length % 4);
            assert_eq!(text.len(), length);
            check(&text);
            for at in [0, 4, length / 8 * 4] {
                let mut text = text.clone();
                text.insert(at, '\n');
                check(&text);
                check(&(text + "\""));
            }
        }
    }

    proptest! {
        #[test]
        fn any_text(text in any::<String>()) {
            check(&text);
        }

        #[test]
        fn text_with_many_escapes(text in "[a\"\\\\\n\u{0}\u{1f}\u{7f}\u{2028}😀]{0,120}") {
            check(&text);
        }
    }
}
