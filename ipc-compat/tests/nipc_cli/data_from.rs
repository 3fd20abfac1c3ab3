//! Data that do not fit into a command line, or are somewhere else: `-` and `@FILE`.

use std::fs;

use crate::process::{Ended, Nipc, Place};

fn nipc(place: &Place, words: &[&str], stdin: Option<&str>) -> Ended {
    let at = ["--path", &place.socket()];
    let mut nipc = Nipc::with(&[words, &at].concat());
    if let Some(text) = stdin {
        nipc.say(text);
    }
    nipc.hang_up();
    nipc.end()
}

/// Writes a file and returns how the command line names it.
fn file(place: &Place, bytes: impl AsRef<[u8]>) -> String {
    fs::write(place.path("data"), bytes).unwrap();
    format!("@{}", place.path("data").display())
}

#[test]
fn large_data_come_from_stdin_and_from_a_file() {
    let place = Place::new();
    let mut server = place.serve("--echo");
    // More than one word of a command line may have, and a lot more.
    for length in [200_000, 5_000_000] {
        let data = format!("{{\"text\":\"{}\"}}", "\u{e9}x".repeat(length / 3));
        let of_file = file(&place, format!("\n {data}\r\n"));
        for (place_of_data, stdin) in [("-", Some(data.as_str())), (&of_file, None)] {
            let ended = nipc(&place, &["request", "w", "t", place_of_data], stdin);
            assert_eq!(ended.status, 0, "{}", ended.errors);
            assert!(ended.lines == [data.as_str()], "{place_of_data} {length}");
            server.event("connect");
            server.event("message");
            server.event("socket.disconnected");
            server.event("close");
            let ended = nipc(&place, &["emit", "w", "t", place_of_data], stdin);
            assert_eq!(ended.status, 0, "{}", ended.errors);
            server.event("connect");
            assert!(server.line().ends_with(&format!("\"data\":{data}}}")), "{place_of_data}");
            // Its echo is not waited for.
            while !server.line().contains(r#""event":"close""#) {}
        }
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_data() {
    let place = Place::new();
    let _server = place.serve("--echo");
    let data = "\u{feff}{\"a\":\"\u{feff}\"}";
    for (from, stdin) in [("-", Some(data)), (&file(&place, data), None)] {
        let ended = nipc(&place, &["request", "w", "t", from], stdin);
        assert_eq!((ended.status, ended.lines), (0, vec!["{\"a\":\"\u{feff}\"}".to_owned()]));
    }
}

#[test]
fn what_cannot_be_sent_is_named_with_its_place() {
    let place = Place::new();
    let _server = place.serve("");
    let name = place.path("data").display().to_string();
    let utf16: Vec<u8> = "\u{feff}1".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, why) in [
        (&b"hello"[..], "not JSON"),
        (b"", "not JSON"),
        (b"1 2", "not JSON"),
        (b"\"\xff\"", "is not UTF-8: see byte 1"),
        (&utf16, "is UTF-16, and has to be UTF-8"),
    ] {
        for command in ["emit", "request"] {
            let ended = nipc(&place, &[command, "w", "t", &file(&place, bytes)], None);
            assert_eq!((ended.status, ended.lines.len()), (1, 0), "{}", ended.errors);
            assert!(ended.errors.contains(&name), "{}", ended.errors);
            assert!(ended.errors.contains(why), "{}", ended.errors);
        }
    }
    let ended = nipc(&place, &["emit", "w", "t", "-"], Some("hello"));
    assert_eq!(ended.status, 1);
    assert!(ended.errors.starts_with("nipc: stdin: "), "{}", ended.errors);
    for nothing in ["/none", "/"] {
        let ended = nipc(&place, &["emit", "w", "t", &format!("@{nothing}")], None);
        assert_eq!(ended.status, 1);
        assert!(
            ended.errors.starts_with(&format!("nipc: cannot read {nothing}: ")),
            "{}",
            ended.errors
        );
    }
    assert_eq!(nipc(&place, &["emit", "w", "t", "@"], None).status, 1);
}

#[test]
fn more_than_a_frame_may_have_is_refused_by_its_limit() {
    let place = Place::new();
    let _server = place.serve("");
    let data = format!("\"{}\"", "x".repeat(100_000));
    let words = ["emit", "w", "t", &file(&place, &data), "--max-frame", "100"];
    let ended = nipc(&place, &words, None);
    assert_eq!(ended.status, 1);
    assert!(ended.errors.contains("more than 100 bytes"), "{}", ended.errors);
    // A source without an end is not read to it.
    let words = ["emit", "w", "t", "@/dev/zero", "--max-frame", "100"];
    assert!(nipc(&place, &words, None).errors.contains("more than 100 bytes"));
}

#[test]
fn raw_mode_takes_bytes() {
    let place = Place::new();
    let mut server = place.serve("--raw");
    let bytes = b"\xef\xbb\xbf\x00\xff\n";
    let of_file = file(&place, bytes);
    for (text, stdin, hex) in [
        (of_file.as_str(), None, "efbbbf00ff0a"),
        ("-", Some("a\u{e9}"), "61c3a90a"),
        ("@@home", None, "40686f6d65"),
        ("@@", None, "40"),
        ("-x", None, "2d78"),
    ] {
        let words = ["emit", "--raw", "w"];
        let dashes = ["--", text];
        let at = ["--path", &place.socket()];
        let mut emit = Nipc::with(&[&words[..], &at, &dashes].concat());
        if let Some(text) = stdin {
            emit.say(text);
        }
        emit.hang_up();
        let ended = emit.end();
        assert_eq!(ended.status, 0, "{}", ended.errors);
        server.event("connect");
        assert_eq!(server.event("data")["hex"], hex);
        server.event("socket.disconnected");
        server.event("close");
    }
}

#[test]
fn time_runs_out_while_stdin_brings_nothing() {
    let place = Place::new();
    let _server = place.serve("");
    let words = ["emit", "--path", &place.socket(), "w", "t", "-", "--timeout", "50"];
    let mut emit = Nipc::with(&words);
    assert_eq!(emit.end().status, 3);
}
