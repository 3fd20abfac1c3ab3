//! Numbers and other JSON values as bytes, as `Buffer.from([...])` takes them.

use serde_json::Value;

/// Returns the byte of a number: its whole part modulo 256; 0 if it is not finite.
// Wire rule W91
pub(crate) fn byte(number: f64) -> u8 {
    if number.is_finite() { number.trunc().rem_euclid(256.0) as u8 } else { 0 }
}

/// Returns the byte of a JSON value: that of the number JavaScript makes of it.
pub(crate) fn byte_of(value: &Value) -> u8 {
    byte(number_of(value).unwrap_or(f64::NAN))
}

/// Returns the number of a value, or `None` if it is not a number.
fn number_of(mut value: &Value) -> Option<f64> {
    let mut nested = false;
    loop {
        match value {
            Value::Null => return Some(0.0),
            // In a list it is text: `true` is not a number there.
            Value::Bool(_) if nested => return None,
            Value::Bool(truth) => return Some(f64::from(u8::from(*truth))),
            Value::Number(number) => return number.as_f64(),
            Value::String(text) => return number_in(text),
            // A list becomes text, its items joined with commas.
            Value::Array(items) => match items.as_slice() {
                [] => return Some(0.0),
                [only] => (value, nested) = (only, true),
                _ => return None,
            },
            Value::Object(_) => return None,
        }
    }
}

/// Returns the number that a text is for JavaScript.
fn number_in(text: &str) -> Option<f64> {
    let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
    if text.is_empty() {
        return Some(0.0);
    }
    for (radix, prefixes) in [(16, ["0x", "0X"]), (8, ["0o", "0O"]), (2, ["0b", "0B"])] {
        let digits = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix));
        if let Some(digits) = digits {
            return whole(digits, radix);
        }
    }
    if matches!(text.trim_start_matches(['+', '-']), "Infinity") {
        return Some(f64::INFINITY);
    }
    // Rust takes words such as `inf` and `nan`, too.
    let decimal = |byte: u8| byte.is_ascii_digit() || b".eE+-".contains(&byte);
    if text.bytes().all(decimal) { text.parse().ok() } else { None }
}

/// Returns the number of these digits. Exact up to 2^53.
fn whole(digits: &str, radix: u32) -> Option<f64> {
    if digits.is_empty() {
        return None;
    }
    digits.chars().try_fold(0.0, |number, digit| {
        Some(number * f64::from(radix) + f64::from(digit.to_digit(radix)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Tests W91
    #[test]
    fn numbers_are_taken_modulo_256() {
        let bytes = [10.0, 300.0, -1.0, 1.9, -0.5, -1.5, 1e21, f64::NAN, f64::INFINITY].map(byte);
        assert_eq!(bytes, [0x0a, 0x2c, 0xff, 1, 0, 0xff, 0, 0, 0]);
    }

    #[test]
    fn words_that_only_rust_takes_for_numbers_are_none() {
        for text in ["inf", "nan", "infinity", "-inf", "++1", "0x", "0x-1", "1e", ".", "1_0"] {
            assert_eq!(number_in(text), None, "{text}");
        }
    }
}
