//! The scan agrees with `serde_json`.

use proptest::prelude::*;

use super::*;
use crate::fuzzing::scan_agrees as check;

#[test]
fn every_byte_at_every_place_of_a_string() {
    for byte in 0..=255 {
        for before in 0..75 {
            let mut json = format!("\"{}*{}\"", "x".repeat(before), "y".repeat(45)).into_bytes();
            json[1 + before] = byte;
            check(&json);
            json.truncate(before + 3);
            check(&json);
        }
    }
}

#[test]
fn every_two_bytes_and_three_of_the_grammar() {
    for one in 0..=255 {
        for other in 0..=255 {
            check(&[one, other]);
            check(&[b'"', b'\\', one, other, b'"']);
        }
    }
    let alphabet = b"{}[]:,\"\\ \t0123-+.eEtrufalsn/\0\x0c\x7f\x80";
    for one in alphabet {
        for two in alphabet {
            for three in alphabet {
                check(&[*one, *two, *three]);
                check(&[b'[', *one, *two, *three, b']']);
                check(&[b'{', b'"', b'"', *one, *two, *three, b'}']);
            }
        }
    }
}

#[test]
fn numbers() {
    for number in [
        "0", "-0", "00", "01", "-", "-01", "1.", ".1", "1.0", "1.e1", "1e", "1e+", "1e-0",
        "1E+400", "1e400", "-1e-400", "0e0", "0.0e1", "1e5.5", "+1", "0x1", "NaN", "1_0",
    ] {
        check(number.as_bytes());
        check(format!("[{number}]").as_bytes());
        check(format!(" {number} ").as_bytes());
        check(format!("{{\"a\":{number},\"b\":{number}}}").as_bytes());
    }
    check("9".repeat(5000).as_bytes());
}

#[test]
fn every_byte_behind_numbers_of_every_length() {
    for byte in 0..=255 {
        for digits in 1..20 {
            let mut json = [b"[".as_slice(), &b"1234567890".repeat(2)[..digits], b"]"].concat();
            json[digits] = byte;
            check(&json);
            json.extend_from_slice(b"     ");
            check(&json);
            for fraction in [".", "e", "E+", "."] {
                let mut json = [b"[0", fraction.as_bytes(), &json[1..]].concat();
                check(&json);
                json.truncate(json.len() - 6);
                check(&json);
            }
        }
    }
}

#[test]
fn depths_around_the_limit() {
    for depth in [1, 2, MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1, 128, 1000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
            check(format!("{}1{}", open.repeat(depth), close.repeat(depth)).as_bytes());
            check(format!("{}{}", open.repeat(depth), close.repeat(depth)).as_bytes());
            check(open.repeat(depth).as_bytes());
        }
    }
    assert!(is_json(format!("{}{}", "[".repeat(65), "]".repeat(65)).as_bytes()));
    assert!(!is_json(format!("{}{}", "[".repeat(66), "]".repeat(66)).as_bytes()));
}

/// Any JSON, with space and escapes of every kind.
fn json() -> impl Strategy<Value = String> {
    let texts = "\"([a-z é日😀]|\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F]{4}){0,40}\"";
    let leaf = prop_oneof![
        texts,
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,4})?",
        "true|false|null",
    ];
    leaf.prop_recursive(6, 40, 6, move |inner| {
        let spaced = (inner, "[ \t\r\n]{0,2}").prop_map(|(json, s)| format!("{s}{json}{s}"));
        let member = (texts, spaced.clone()).prop_map(|(key, json)| format!("{key}:{json}"));
        prop_oneof![
            prop::collection::vec(spaced, 0..6).prop_map(|all| format!("[{}]", all.join(","))),
            prop::collection::vec(member, 0..6).prop_map(|all| format!("{{{}}}", all.join(" ,"))),
        ]
    })
}

proptest! {
    #[test]
    fn any_json(json in json()) {
        check(json.as_bytes());
        prop_assert!(is_json(json.as_bytes()));
    }

    #[test]
    fn damaged_json(
        json in json(),
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..4),
    ) {
        let mut json = json.into_bytes();
        for (at, byte, how) in damages {
            if json.is_empty() {
                break;
            }
            let at = at.index(json.len());
            match how {
                0 => json[at] = byte,
                1 => json.insert(at, byte),
                _ => drop(json.remove(at)),
            }
            check(&json);
        }
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        check(&bytes);
        check(&[b"\"", bytes.as_slice(), b"\""].concat());
    }

    #[test]
    fn grammar_in_any_order(json in "([\\[\\]{}:,\"\\\\ ]|\"a\"|1|-0|2e5|true|null|\\\\u12aF|é){0,20}") {
        check(json.as_bytes());
    }
}
