//! Finds the byte that ends plain text or a number, many bytes at a time.
//!
//! It is done by SWAR, "SIMD within a register": eight bytes are one `u64`, and one operation on it works on all
//! eight. That no byte affects its neighbours is a matter of arithmetic. For a zero byte, say, subtract one from each
//! byte: only a byte that was zero borrows, so its highest bit becomes set. A byte equal to `"` is a zero byte after
//! an XOR with eight of `"`, and a control character is a byte from which 0x20 cannot be subtracted without borrowing.
//! A borrow spoils the bytes above it, so only the lowest byte that is found counts, which is the first one where the
//! word was read with its lowest byte first. Where loops look at [`WIDE`] or [`BLOCK`] bytes, they are written without
//! early exits instead, and the compiler makes them instructions on vector registers. Neither needs `unsafe`.

/// Returns how many bytes of plain text `text` begins with, and bits of which none of [`HIGHS`] is
/// set if they are ASCII.
///
/// The bits may include a few bytes after the plain text. That is harmless: bytes that are not ASCII
/// are in a string, or the bytes are not JSON.
#[inline(always)]
pub(super) fn plain(text: &[u8]) -> (usize, u64) {
    let (mut rest, mut len, mut bits) = (text, 0, 0);
    // Special or not ASCII: as a signed number, what is not ASCII is below the space, too.
    let odd = |byte: u8| ((byte as i8) < b' ' as i8) | is_quote_or_backslash(byte);
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
                for byte in rest {
                    if let ..b' ' | b'"' | b'\\' = byte {
                        break;
                    }
                    bits |= u64::from(*byte);
                    len += 1;
                }
                return (len, bits);
            };
            let word = u64::from_le_bytes(*word);
            bits |= word;
            if let Some(end) = first_special(word) {
                return (len + end, bits);
            }
            len += WORD;
            rest = behind;
        }
    }
}

/// Returns the length of the blocks at the beginning of `text` that contain no byte for which `is`
/// holds.
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

/// Returns whether `is` holds for one of the bytes. It checks all of them, without an early exit, so
/// that the compiler uses wide registers.
#[inline]
pub(super) fn any_byte<const N: usize>(bytes: &[u8; N], is: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(false, |found, byte| found | is(*byte))
}

/// Returns whether a string's plain text ends at `byte`.
#[inline]
pub(super) fn is_special(byte: u8) -> bool {
    (byte < b' ') | is_quote_or_backslash(byte)
}

/// In vector registers the two comparisons would be made apart; a minimum is one instruction.
#[inline]
fn is_quote_or_backslash(byte: u8) -> bool {
    (byte ^ b'"').min(byte ^ b'\\') == 0
}

/// Returns where in the word, the lowest byte first, the first special byte is.
///
/// By Mycroft's way: bits above the lowest one that is found can be wrong.
#[inline]
pub(super) fn first_special(word: u64) -> Option<usize> {
    let control = word.wrapping_sub(ONES * 0x20);
    let quote = (word ^ (ONES * u64::from(b'"'))).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
    first_high((control | quote | backslash) & !word)
}

/// Returns where in the word, the lowest byte first, the first byte is that is not a digit.
///
/// Bits above the lowest one that is found can be wrong here, too.
#[inline]
pub(super) fn first_other_than_digit(word: u64) -> Option<usize> {
    let values = word ^ (ONES * u64::from(b'0'));
    first_high(values | values.wrapping_add(ONES * (0x80 - 10)))
}

/// Returns the lowest byte of the word that has its highest bit set.
#[inline]
fn first_high(word: u64) -> Option<usize> {
    let found = word & HIGHS;
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

/// Bytes looked at together in very long strings: twice as fast as a few at a time.
pub(super) const BLOCK: usize = 128;

/// Bytes looked at together in long strings: two of the narrowest vector registers.
const WIDE: usize = 32;

pub(super) const WORD: usize = size_of::<u64>();

/// Returns the first eight bytes as a word, the first byte lowest; fewer are followed by zeros, which are special.
#[inline]
pub(super) fn word(bytes: &[u8]) -> u64 {
    if let Some(word) = bytes.first_chunk() {
        return u64::from_le_bytes(*word);
    }
    if let (Some(start), Some(end)) = (bytes.first_chunk(), bytes.last_chunk()) {
        // Two looks that overlap, where they say the same.
        let half = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
        return half(start) | half(end) << (8 * (bytes.len() - 4));
    }
    match *bytes {
        [] => 0,
        [one] => u64::from(one),
        [one, two] => u64::from(one) | u64::from(two) << 8,
        [one, two, three, ..] => u64::from(one) | u64::from(two) << 8 | u64::from(three) << 16,
    }
}

const ONES: u64 = u64::MAX / 255;
pub(super) const HIGHS: u64 = ONES << 7;
