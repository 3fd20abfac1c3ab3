//! JSON strings, written several times faster than byte by byte.

use std::io::{self, Write};

use bytes::BytesMut;

use super::encode::Appender;
use super::scan::{BLOCK, any_byte, is_special, whole_blocks};

/// Appends `text` as a JSON string, exactly as `serde_json` writes it.
pub(super) fn write(text: &str, out: &mut BytesMut) {
    out.reserve(text.len() + 2);
    // A buffer takes whatever comes.
    let _ = write_to(text.as_bytes(), &mut Appender(out));
}

/// Writes `text`, which is UTF-8, as a JSON string.
///
/// # Errors
///
/// The writer's.
#[inline]
pub(super) fn write_to<W: Write + ?Sized>(text: &[u8], out: &mut W) -> io::Result<()> {
    out.write_all(b"\"")?;
    let mut plain = text;
    let mut looked_at = if text.len() < BLOCK { 0 } else { whole_blocks(text, is_special) };
    for chunk in text.get(looked_at..).unwrap_or_default().chunks(CHUNK) {
        if has_special(chunk) {
            let (before, rest) = plain.split_at(looked_at);
            out.write_all(before)?;
            write_escaped(chunk, out)?;
            plain = rest.get(chunk.len()..).unwrap_or_default();
            looked_at = 0;
        } else {
            looked_at += chunk.len();
        }
    }
    out.write_all(plain)?;
    out.write_all(b"\"")
}

/// Writes a chunk byte by byte, by way of an array: to write to `out` each time costs more.
fn write_escaped<W: Write + ?Sized>(chunk: &[u8], out: &mut W) -> io::Result<()> {
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
    out.write_all(buffer.get(..length).unwrap_or_default())
}

fn has_special(chunk: &[u8]) -> bool {
    match chunk.first_chunk::<CHUNK>() {
        Some(whole) => any_byte(whole, is_special),
        None => chunk.iter().any(|byte| is_special(*byte)),
    }
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
