//! JSON strings, written several times faster than byte by byte.

use bytes::BytesMut;

use super::append::{PIECE, append};
use super::words::{BLOCK, WORD, any_byte, first_special, is_special, whole_blocks, word};

/// Appends `text` as a JSON string, exactly as `serde_json` writes it.
#[inline]
pub(crate) fn write(text: &str, out: &mut BytesMut) {
    if text.len() < CHUNK {
        return write_short(text.as_bytes(), out);
    }
    out.extend_from_slice(b"\"");
    write_text(text, out);
    out.extend_from_slice(b"\"");
}

/// Appends a short text as a JSON string.
// Not inlined, so that longer texts do not pay for it.
#[inline(never)]
fn write_short(text: &[u8], out: &mut BytesMut) {
    if let Some((bytes, len)) = shortest(text) {
        return append_first(&bytes, len, out);
    }
    out.extend_from_slice(b"\"");
    if is_plain(text) {
        out.extend_from_slice(text);
    } else {
        write_escaped(text, out);
    }
    out.extend_from_slice(b"\"");
}

/// Appends the first `len` of `bytes`. Appending a constant number of bytes and truncating takes a few
/// instructions; appending a variable number calls the C library.
#[inline]
fn append_first<const N: usize>(bytes: &[u8; N], len: usize, out: &mut BytesMut) {
    let end = out.len() + len;
    out.extend_from_slice(bytes);
    out.truncate(end);
}

/// Appends `before`, then `key` as a JSON string, then a colon.
#[inline]
pub(crate) fn write_key(before: u8, key: &str, out: &mut BytesMut) {
    out.extend_from_slice(&[before, b'"']);
    write_text(key, out);
    out.extend_from_slice(b"\":");
}

/// Appends the escaped `text`, without quotes.
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

/// Appends a text that is long, or has bytes to escape after the given number of plain ones.
#[inline(never)]
fn write_in_pieces(text: &[u8], plain_len: usize, out: &mut BytesMut) {
    // At once: a buffer that grows by pieces doubles several times, and leaves as much memory unused behind it.
    out.reserve(text.len());
    let (mut rest, mut len) = (text, plain_len);
    while let Some((before, behind)) = rest.split_at_checked(len) {
        if !before.is_empty() {
            append(before, out);
        }
        if behind.is_empty() {
            return;
        }
        rest = write_escaped(behind, out);
        len = plain(rest);
    }
}

/// Returns the number of plain bytes at the beginning of `text`: exact if all are plain, otherwise a
/// lower bound.
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

/// Returns whether a text shorter than a chunk is plain, by two loads that overlap.
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

/// Returns a very short and plain text in quotes, and how many of the bytes that is.
#[inline]
fn shortest(text: &[u8]) -> Option<([u8; 16], usize)> {
    let len = text.len();
    if len > SHORTEST {
        return None;
    }
    let first = word(text);
    let all = match text.last_chunk() {
        Some(last) => {
            let last = u64::from_le_bytes(*last);
            if first_special(first).is_some() || first_special(last).is_some() {
                return None;
            }
            // Where the two overlap they are equal.
            u128::from(first) | u128::from(last) << (8 * (len - WORD))
        }
        None if first_special(first) == Some(len) => u128::from(first),
        None => return None,
    };
    let quote = u128::from(b'"');
    Some(((quote | all << 8 | quote << (8 * (len + 1))).to_le_bytes(), len + 2))
}

/// Appends the beginning of a text that has escapes, through an array, and returns the rest: empty, or what follows
/// many plain bytes.
#[inline(never)]
fn write_escaped<'a>(text: &'a [u8], out: &mut BytesMut) -> &'a [u8] {
    let mut buffer = [0; BUFFER];
    let (mut rest, mut length, mut plain) = (text, 0, 0);
    while let Some((byte, behind)) = rest.split_first() {
        if length > BUFFER - WORD {
            out.extend_from_slice(buffer.get(..length).unwrap_or_default());
            length = 0;
        }
        let Some(place) = buffer.get_mut(length..).and_then(|room| room.first_chunk_mut()) else {
            break;
        };
        // Always a whole word, which is cheaper to copy than a part of it.
        let (bytes, len) = escape(*byte);
        match rest.first_chunk() {
            Some(word) if len == 1 => {
                if plain >= MANY_PLAIN {
                    break;
                }
                let len = first_special(u64::from_le_bytes(*word)).unwrap_or(WORD);
                *place = *word;
                length += len;
                plain += len;
                rest = rest.get(len..).unwrap_or_default();
            }
            _ => {
                *place = bytes;
                length += len;
                plain = 0;
                rest = behind;
            }
        }
    }
    out.extend_from_slice(buffer.get(..length).unwrap_or_default());
    rest
}

/// Returns how a byte is written, and the length of that.
#[inline]
fn escape(byte: u8) -> ([u8; WORD], usize) {
    let escape = ESCAPES.get(usize::from(byte)).copied().unwrap_or_default();
    (escape.to_le_bytes(), (escape >> 56) as usize)
}

/// For each byte how it is written, and in the last byte the length of that: one if it is plain.
const ESCAPES: [u64; 256] = {
    let mut all = [0; 256];
    let mut plain = 0;
    while plain < all.len() {
        all[plain] = 1 << 56 | plain as u64;
        plain += 1;
    }
    let mut byte = 0;
    while byte < b' ' {
        let (high, low) = (b'0' + (byte >> 4), b"0123456789abcdef"[(byte & 15) as usize]);
        all[byte as usize] = u64::from_le_bytes([b'\\', b'u', b'0', b'0', high, low, 0, 6]);
        byte += 1;
    }
    let letters = b"\"\"\\\\\x08b\tt\nn\x0cf\rr";
    let mut at = 0;
    while at < letters.len() {
        let (byte, letter) = (letters[at] as usize, letters[at + 1]);
        all[byte] = u64::from_le_bytes([b'\\', letter, 0, 0, 0, 0, 0, 2]);
        at += 2;
    }
    all
};

/// The longest text that fits 16 bytes with its quotes.
const SHORTEST: usize = 14;

/// Space for a few escapes and the text between them.
const BUFFER: usize = 128;

/// After this many plain bytes more are likely; they are written in longer pieces.
const MANY_PLAIN: usize = 64;

/// Bytes looked at together: two of the narrowest vector registers.
const CHUNK: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::writing_agrees as check;

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
    fn every_byte_at_every_place_of_a_short_text() {
        for byte in 0..0x80 {
            for length in 1..40 {
                for at in 0..length {
                    let mut text = "x".repeat(length);
                    text.replace_range(at..=at, &char::from(byte).to_string());
                    check(&text);
                }
            }
        }
    }

    #[test]
    fn escapes_as_often_as_there_is_room_for() {
        for period in 1..140 {
            for escape in ["\"", "\u{0}"] {
                let text = (escape.to_owned() + &"x".repeat(period - 1)).repeat(600 / period);
                check(&text);
                check(text.get(1..).unwrap_or_default());
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
        fn short_text(text in "[a-z\\x00-\\x1f\"\\\\é日]{0,16}") {
            check(&text);
        }

        #[test]
        fn text_with_few_escapes(parts in prop::collection::vec("[a-zé日😀]{0,90}[\n\u{1}\"]?", 0..6)) {
            check(&parts.concat());
        }

        #[test]
        fn text_with_many_escapes(text in "[a\"\\\\\n\u{0}\u{1f}\u{7f}\u{2028}😀]{0,120}") {
            check(&text);
        }
    }
}
