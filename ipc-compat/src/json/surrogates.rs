//! Text that is not Unicode: half surrogate pairs in JSON escapes.

use std::borrow::Cow;

/// Returns `json` with every escape of half a surrogate pair replaced by `\ufffd`.
///
/// `json` is valid JSON; the result has the same length, so positions stay valid.
pub(crate) fn replace_lone_surrogates(json: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(escape) = next_escape(json, at) {
        at = escape.end;
        if escape.lone {
            out.push_str(json.get(kept..escape.start).unwrap_or_default());
            out.push_str("\\ufffd");
            kept = escape.end;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(json);
    }
    out.push_str(json.get(kept..).unwrap_or_default());
    Cow::Owned(out)
}

/// Returns whether `json` has an escape of half a surrogate pair.
pub(crate) fn has_lone_surrogate(json: &str) -> bool {
    matches!(replace_lone_surrogates(json), Cow::Owned(_))
}

struct Escape {
    start: usize,
    end: usize,
    lone: bool,
}

/// Returns the first escape at or after `from`; a whole surrogate pair counts as one.
fn next_escape(json: &str, from: usize) -> Option<Escape> {
    let start = from + json.as_bytes().get(from..)?.iter().position(|byte| *byte == b'\\')?;
    let Some(unit) = unit_at(json, start) else {
        return Some(Escape { start, end: start + 2, lone: false });
    };
    let end = start + UNIT;
    Some(match unit {
        0xd800..=0xdbff => match unit_at(json, end) {
            Some(0xdc00..=0xdfff) => Escape { start, end: end + UNIT, lone: false },
            _ => Escape { start, end, lone: true },
        },
        0xdc00..=0xdfff => Escape { start, end, lone: true },
        _ => Escape { start, end, lone: false },
    })
}

/// Returns the code unit of the escape `\uXXXX` at `at`, if there is one.
fn unit_at(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + UNIT)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

/// The length of an escape `\uXXXX`.
const UNIT: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: &str) {
        assert_eq!(replace_lone_surrogates(json), expected);
        assert_eq!(has_lone_surrogate(json), json != expected);
    }

    #[test]
    fn pairs_stay() {
        check(r#""\ud83d\ude00""#, r#""\ud83d\ude00""#);
        check(r#""\uD83D\uDE00\n\u00e9""#, r#""\uD83D\uDE00\n\u00e9""#);
    }

    #[test]
    fn halves_are_replaced() {
        check(r#""\ud800""#, r#""\ufffd""#);
        check(r#""\udfff""#, r#""\ufffd""#);
        check(r#""a\udc00\ud800b""#, r#""a\ufffd\ufffdb""#);
        check(r#""\ud800\ud800\udc00""#, r#""\ufffd\ud800\udc00""#);
        check(r#""\ud800\n\udc00""#, r#""\ufffd\n\ufffd""#);
        check(r#"["\ud800",{"\udc00":1}]"#, r#"["\ufffd",{"\ufffd":1}]"#);
    }

    #[test]
    fn an_escaped_backslash_begins_nothing() {
        check(r#""\\ud800""#, r#""\\ud800""#);
        check(r#""\\\ud800""#, r#""\\\ufffd""#);
        check(r#""\ud83d\\ude00""#, r#""\ufffd\\ude00""#);
    }

    #[test]
    fn text_that_is_no_json_is_survived() {
        for json in ["\\", "\\u", "\\ud8", "\\ud80é", "é\\é", "\\ud800\\", "\\\\\\", "\\u+123"] {
            replace_lone_surrogates(json);
        }
    }
}
