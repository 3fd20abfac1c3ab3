//! Escapes in `--delimiter`: `\n` for a line feed, as JavaScript's strings have them.

use std::iter::Peekable;
use std::str::Chars;

/// Returns `text` with its escapes replaced by what they stand for.
///
/// They are those of JavaScript, in which node-ipc's config is written: `\n`, `\r`, `\t`, `\f`,
/// `\v`, `\b`, `\0`, `\\`, `\xHH`, `\uHHHH` and `\u{H...}`. So `\xe9` is the character é, which
/// is two bytes on the wire.
///
/// # Errors
///
/// A message for people if an escape is not one of these.
pub(crate) fn unescape(text: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' { escape(&mut chars)? } else { c });
    }
    Ok(plain)
}

fn escape(chars: &mut Peekable<Chars<'_>>) -> Result<char, String> {
    Ok(match chars.next() {
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('f') => '\u{c}',
        Some('v') => '\u{b}',
        Some('b') => '\u{8}',
        Some('0') => '\0',
        Some('\\') => '\\',
        Some('x') => character(&digits(chars, 2)?)?,
        Some('u') if chars.next_if_eq(&'{').is_some() => {
            let mut hex = String::new();
            loop {
                match chars.next() {
                    Some('}') => break character(&hex)?,
                    Some(c) => hex.push(c),
                    None => return Err("\\u{ has no }".into()),
                }
            }
        }
        Some('u') => character(&digits(chars, 4)?)?,
        Some(c) => return Err(format!("\\{c} is not an escape; a backslash is \\\\")),
        None => return Err("a backslash at the end is not an escape; a backslash is \\\\".into()),
    })
}

fn digits(chars: &mut Peekable<Chars<'_>>, count: usize) -> Result<String, String> {
    let digits: String = (0..count).map_while(|_| chars.next_if(char::is_ascii_hexdigit)).collect();
    if digits.len() == count {
        Ok(digits)
    } else {
        Err(format!("an escape has {} hexadecimal digits and needs {count}", digits.len()))
    }
}

fn character(hex: &str) -> Result<char, String> {
    // `from_str_radix` takes a sign, too.
    let number = if hex.chars().all(|c| c.is_ascii_hexdigit()) {
        u32::from_str_radix(hex, 16).ok()
    } else {
        None
    };
    number.and_then(char::from_u32).ok_or_else(|| format!("{hex:?} is not a Unicode character"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(unescape(text).ok().as_deref(), expected, "{text}");
    }

    #[test]
    fn plain_text_stays() {
        check("--END--", Some("--END--"));
        check("é\n", Some("é\n"));
        check("", Some(""));
    }

    #[test]
    fn escapes_stand_for_characters() {
        check(r"\n\r\t\f\v\b\0\\", Some("\n\r\t\u{c}\u{b}\u{8}\0\\"));
        check(r"\r\n", Some("\r\n"));
        check(r"\x1e\x1E", Some("\u{1e}\u{1e}"));
        check(r"\xe9", Some("é"));
        check(r"a\u{1f}b", Some("a\u{1f}b"));
        check(r"\u{1F600}", Some("\u{1f600}"));
        check(r"\u000c0", Some("\u{c}0"));
        check(r"\\n", Some(r"\n"));
    }

    #[test]
    fn half_escapes_are_refused() {
        for text in [r"\", r"\q", r"\x", r"\x1", r"\x1g", r"\u", r"\u12", r"\u{", r"\u{}", r"\u{1"]
        {
            check(text, None);
        }
    }

    #[test]
    fn no_characters_are_refused() {
        for text in [r"\u{d800}", r"\udfff", r"\u{110000}", r"\u{+1}", r"\u{fffffffff}"] {
            check(text, None);
        }
    }
}
