//! `--raw`: bytes on the socket, hexadecimal digits on the lines.

use std::io::Read;

use crate::process::{Nipc, Place};
use crate::raw::{Raw, accept, listen};

/// Takes `data` lines until their bytes are as many as expected; how they are cut is open.
#[track_caller]
fn gather(nipc: &mut Nipc, expected: &[u8]) {
    let expected = hex(expected);
    let mut digits = String::new();
    while digits.len() < expected.len() {
        digits.push_str(nipc.event("data")["hex"].as_str().expect("digits"));
    }
    assert!(digits == expected, "other bytes came than these {}", expected.len() / 2);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns as many bytes as were expected from a bare socket.
fn read(socket: &mut Raw, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    socket.stream.read_exact(&mut bytes).expect("the bytes come in time");
    bytes
}

#[test]
fn every_byte_and_four_mebibytes_go_there_and_back() {
    let every: Vec<u8> = (0..=255).collect();
    let large: Vec<u8> = (0..4_u32 << 20).map(|at| (at * 31 + (at >> 8)) as u8).collect();
    let place = Place::new();
    let mut server = place.serve("--raw --echo");
    let mut client = place.connect("--raw --encoding ascii");
    server.event("connect");
    for bytes in [&every, &large] {
        client.say(&format!("{{\"hex\":\"{}\"}}", hex(bytes)));
        gather(&mut server, bytes);
        gather(&mut client, bytes);
    }
}

#[test]
fn nothing_is_added_to_the_bytes() {
    let place = Place::new();
    let mut server = place.serve("--raw");
    let mut socket = Raw::connect(place.socket());
    server.event("connect");
    socket.write([0, 12, 255]);
    server.expect(r#"{"event":"data","peer":1,"hex":"000cff"}"#);
    server.say(r#"{"hex":"00FF"}"#);
    server.say(r#"{"to":1,"text":"é"}"#);
    assert_eq!(read(&mut socket, 4), [0, 255, 0xc3, 0xa9]);
    server.say(r#"{"to":2,"text":"nobody"}"#);
    server.error("ERR_IPC_UNKNOWN_PEER");
    socket.has_no_more();
}

#[test]
fn text_becomes_bytes_by_the_encoding() {
    for (name, text, bytes) in [
        ("utf8", "é☃", &b"\xc3\xa9\xe2\x98\x83"[..]),
        ("ascii", "é", b"\xe9"),
        ("latin1", "é", b"\xe9"),
        ("utf16le", "é", b"\xe9\x00"),
        ("ucs2", "é", b"\xe9\x00"),
        ("base64", "+_ -/", b"\xfb\xff\xbf"),
        ("hex", "0a0b0", b"\x0a\x0b"),
    ] {
        let place = Place::new();
        let listener = listen(place.socket());
        let mut client = place.client(&format!("--raw --encoding {name}"));
        let mut server = accept(&listener);
        client.event("connect");
        client.say(&format!("{{\"text\":\"{text}\"}}"));
        assert_eq!(read(&mut server, bytes.len()), bytes, "{name}");
        let options = ["--path", &place.socket(), "--raw", "--encoding", name];
        let ended = Nipc::with(&[&["emit", "w", text], &options[..]].concat());
        let mut emitted = Vec::new();
        accept(&listener).stream.read_to_end(&mut emitted).expect("the end comes in time");
        assert_eq!(emitted, bytes, "{name}");
        ended.ends(0);
        server.has_no_more();
    }
}

#[test]
fn count_counts_chunks() {
    let place = Place::new();
    let mut server = place.serve("--raw --count 2");
    let mut socket = Raw::connect(place.socket());
    server.event("connect");
    for byte in 1..=2_u8 {
        socket.write([byte]);
        server.expect(&format!(r#"{{"event":"data","peer":1,"hex":"{byte:02x}"}}"#));
    }
    server.event("socket.disconnected");
    server.event("close");
    server.ends(0);
}

#[test]
fn in_sync_mode_each_write_waits_for_an_answer() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut client = place.client("--raw --sync");
    let mut server = accept(&listener);
    client.event("connect");
    client.say(r#"{"text":"one"}"#);
    client.say(r#"{"text":"two"}"#);
    assert_eq!(read(&mut server, 3), b"one");
    server.write("x");
    client.expect(r#"{"event":"data","hex":"78"}"#);
    assert_eq!(read(&mut server, 3), b"two");
}

#[test]
fn events_and_bytes_do_not_mix() {
    let place = Place::new();
    let mut server = place.serve("--raw");
    server.say(r#"{"type":"t","data":1}"#);
    server.error("ERR_IPC_RAW_MODE");
    server.say(r#"{"hex":"0"}"#);
    server.error("ERR_BAD_COMMAND");
    let mut client = place.connect("");
    server.event("connect");
    client.say(r#"{"text":"bytes"}"#);
    client.error("ERR_IPC_NOT_RAW_MODE");
}

#[test]
fn emit_takes_one_text() {
    let ended = Nipc::run(&["emit", "w", "t", "1", "--path", "/nowhere/s", "--raw"]);
    assert_eq!(ended.status, 1, "{}", ended.errors);
    assert!(ended.errors.contains("--raw takes no EVENT"), "{}", ended.errors);
}

#[test]
fn pretty_shows_digits() {
    let place = Place::new();
    let mut server = Nipc::with(&["serve", "--path", &place.socket(), "--raw", "--pretty"]);
    server.line();
    let mut socket = Raw::connect(place.socket());
    server.line();
    socket.write([0x1b, 0x5b]);
    assert!(server.line().contains("1b5b"));
}
