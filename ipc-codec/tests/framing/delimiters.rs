//! Delimiters: what may be one, and which are safe for JSON.

use ipc_codec::{Delimiter, DelimiterError, Framing};

#[test]
fn length_is_checked() {
    let longest = vec![b'x'; Delimiter::MAX_LEN];
    assert_eq!(Delimiter::new(&longest).unwrap().as_bytes(), longest);
    assert_eq!(Delimiter::new([]), Err(DelimiterError::Empty));
    let (limit, actual) = (Delimiter::MAX_LEN, Delimiter::MAX_LEN + 1);
    let too_long = vec![b'x'; actual];
    assert_eq!(Delimiter::new(too_long), Err(DelimiterError::TooLong { limit, actual }));
    let far_too_long = Delimiter::new(vec![b'x'; 65_537]);
    assert_eq!(far_too_long, Err(DelimiterError::TooLong { limit, actual: 65_537 }));
}

#[test]
fn all_ways_to_make_one_agree() {
    let expected = Delimiter::new(b"\n").unwrap();
    assert_eq!("\n".parse(), Ok(expected.clone()));
    assert_eq!(Delimiter::try_from("\n"), Ok(expected.clone()));
    assert_eq!(Delimiter::try_from(b"\n".as_slice()), Ok(expected.clone()));
    assert_eq!(Delimiter::from(b'\n'), expected);
    assert_eq!(Delimiter::LINE_FEED, expected);
    assert_eq!(Framing::from(expected.clone()), Framing::Delimited(expected));
    assert_eq!(Delimiter::FORM_FEED.as_bytes(), b"\x0c");
}

#[test]
fn debug_and_display_escape() {
    let delimiter = Delimiter::new(b"\r\n\"\xffz").unwrap();
    assert_eq!(delimiter.to_string(), r#"\r\n\"\xffz"#);
    assert_eq!(format!("{delimiter:?}"), r#"Delimiter(b"\r\n\"\xffz")"#);
    assert_eq!(format!("{:?}", Delimiter::FORM_FEED), r#"Delimiter(b"\x0c")"#);
}

#[test]
fn single_bytes_in_json_are_those_in_utf8_text_without_controls() {
    let mut in_text = [false; 256];
    for character in (' '..=char::MAX).filter(|character| !character.is_ascii_control()) {
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            in_text[usize::from(byte)] = true;
        }
    }
    // Delete is a control character, but JSON encoders write it as it is.
    in_text[0x7f] = true;
    for byte in 0..=u8::MAX {
        let expected = in_text[usize::from(byte)];
        assert_eq!(Delimiter::from_byte(byte).may_occur_in_json(), expected, "{byte:#x}");
    }
}

#[test]
fn one_impossible_byte_makes_a_delimiter_safe() {
    for safe in ["\r\n", "--\n", "\0", "a\x1fb"] {
        assert!(!Delimiter::new(safe).unwrap().may_occur_in_json(), "{safe:?}");
    }
    for unsafe_in_strings in [",", "}{", "<-end->", "§", "\u{2028}"] {
        let delimiter = Delimiter::new(unsafe_in_strings).unwrap();
        assert!(delimiter.may_occur_in_json(), "{delimiter}");
    }
}
