//! Wrong words end with status 1, and what is not there yet is refused.

use crate::process::{Nipc, Place};

#[track_caller]
fn refused(words: &[&str]) -> String {
    let ended = Nipc::run(words);
    assert_eq!((ended.status, ended.lines.as_slice()), (1, &[][..]), "{words:?}");
    assert!(!ended.errors.is_empty(), "{words:?}");
    ended.errors
}

#[test]
fn help_and_version_are_no_errors() {
    for words in [&["--help"][..], &["help"], &["serve", "--help"], &["--version"], &["emit", "-h"]]
    {
        let ended = Nipc::run(words);
        assert_eq!((ended.status, ended.errors.as_str()), (0, ""), "{words:?}");
        assert!(!ended.lines.is_empty(), "{words:?}");
    }
    let version = Nipc::run(&["--version"]).lines.concat();
    assert_eq!(version, concat!("nipc ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn no_command_is_wrong_usage() {
    refused(&[]);
    refused(&["dance"]);
    refused(&["serve", "a", "b"]);
    refused(&["serve", ""]);
    refused(&["emit", "world"]);
}

#[test]
fn commands_to_come_are_unknown() {
    for command in ["request", "tap", "replay"] {
        refused(&[command]);
    }
}

#[test]
fn values_are_checked() {
    for words in [
        ["serve", "--tcp", "65536"],
        ["serve", "--tcp", "::1:80"],
        ["serve", "--path", ""],
        ["serve", "--dialect", "v8"],
        ["serve", "--delimiter", ""],
        ["serve", "--delimiter", r"\q"],
        ["serve", "--count", "0"],
        ["serve", "--max-frame", "16M"],
        ["serve", "--max-connections", "0"],
        ["serve", "--timeout", "1s"],
        ["connect", "--retry", "-1"],
        ["connect", "--max-retries", "some"],
        ["connect", "--tcp", "0"],
    ] {
        refused(&words);
    }
    refused(&["serve", "--json", "--pretty"]);
    refused(&["serve", "--path", "/x", "--tcp", "80"]);
}

/// Such a delimiter would cut frames where they should not end.
#[test]
fn a_delimiter_that_json_may_hold_is_refused() {
    let place = Place::new();
    for delimiter in [",", "\"", "}", "e", r"\x22"] {
        for command in ["serve", "connect"] {
            let errors = refused(&[command, "--path", &place.socket(), "--delimiter", delimiter]);
            assert!(errors.contains("can be a part of the JSON"), "{errors}");
        }
    }
}

#[test]
fn data_that_is_no_json_is_refused_with_advice() {
    let errors = refused(&["emit", "world", "message", "hello"]);
    assert!(errors.contains("not JSON") && errors.contains("'\"hello\"'"), "{errors}");
    for data in ["", "{", "01", "NaN", "'x'", "1 2", "\"\t\""] {
        refused(&["emit", "world", "message", data]);
    }
}

#[test]
fn what_cannot_be_sent_at_all_is_refused() {
    let place = Place::new();
    let long = "n".repeat(4097);
    for words in [[long.as_str(), "1"], ["t", r#""more than twenty bytes""#]] {
        let at = ["--path", &place.socket(), "--max-frame", "20"];
        let errors = refused(&[&["emit", "world"], &words[..], &at[..]].concat());
        assert!(errors.starts_with("nipc: not sent: "), "{errors}");
    }
}
