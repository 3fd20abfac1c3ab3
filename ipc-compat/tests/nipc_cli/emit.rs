//! `nipc emit`: delivered or not, and the exit status says which.

use std::io::Read;
use std::os::unix::net::UnixListener;

use crate::process::{Ended, Nipc, Place};
use crate::raw::{Raw, accept, listen};

fn emit(place: &Place, words: &[&str]) -> Nipc {
    Nipc::with(&[&["emit", "--path", &place.socket(), "world"], words].concat())
}

#[track_caller]
fn silent(ended: &Ended, status: i32) {
    assert_eq!((ended.status, ended.lines.as_slice()), (status, &[][..]), "{}", ended.errors);
}

/// Emits, and returns what the server got until the end.
#[track_caller]
fn received(listener: &UnixListener, place: &Place, words: &[&str]) -> String {
    let mut emit = emit(place, words);
    let mut server = accept(listener);
    let mut bytes = String::new();
    server.stream.read_to_string(&mut bytes).unwrap();
    drop(server);
    let ended = emit.end();
    silent(&ended, 0);
    assert_eq!(ended.errors, "");
    bytes
}

#[test]
fn one_frame_is_sent_and_then_the_end() {
    let place = Place::new();
    let listener = listen(place.socket());
    for (words, frame) in [
        (&["message", "\"hello\""][..], r#"{"type":"message","data":"hello"}"#),
        (&["ready"], r#"{"type":"ready","data":{}}"#),
        (&["a \"b\"", " { \"n\" : 1e400 } "], r#"{"type":"a \"b\"","data":{ "n" : 1e400 }}"#),
        (&["t", "null"], r#"{"type":"t","data":null}"#),
        (&["t", "-0", "--dialect", "v14"], r#"{"type":"t","data":-0}"#),
        (&["", "[\"\\ud800\",\n1]"], "{\"type\":\"\",\"data\":[\"\\ud800\",\n1]}"),
    ] {
        assert_eq!(received(&listener, &place, words), format!("{frame}\x0c"), "{words:?}");
    }
    let words = ["t", "[\n1]", "--delimiter", r"\r\n"];
    assert_eq!(received(&listener, &place, &words), "{\"type\":\"t\",\"data\":[\n1]}\r\n");
}

#[test]
fn two_hundred_of_two_hundred_arrive() {
    let place = Place::new();
    let mut server = place.serve("");
    for peer in 1..=200 {
        silent(&emit(&place, &["t", &peer.to_string()]).end(), 0);
        server.expect(&format!(r#"{{"event":"connect","peer":{peer}}}"#));
        let message = format!(r#"{{"event":"message","peer":{peer},"type":"t","data":{peer}}}"#);
        server.expect(&message);
        server.event("socket.disconnected");
        server.event("close");
    }
}

#[test]
fn a_server_that_reads_slowly_gets_everything() {
    let place = Place::new();
    let listener = listen(place.socket());
    // About as long as an argument may be.
    let data = format!("\"{}\"", "y".repeat(120_000));
    let mut emits: Vec<_> = (0..10).map(|_| emit(&place, &["t", &data])).collect();
    let mut servers: Vec<Raw> = emits.iter().map(|_| accept(&listener)).collect();
    for server in &mut servers {
        let (mut bytes, mut piece) = (Vec::new(), [0; 100]);
        loop {
            match server.stream.read(&mut piece).unwrap() {
                0 => break,
                n => bytes.extend_from_slice(&piece[..n]),
            }
        }
        assert_eq!(bytes.len(), data.len() + "{\"type\":\"t\",\"data\":}\x0c".len());
    }
    drop(servers);
    for emit in &mut emits {
        silent(&emit.end(), 0);
    }
}

#[test]
fn a_server_that_does_not_hang_up_is_not_waited_for_long() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut emit = emit(&place, &["t", "1"]);
    let mut server = accept(&listener);
    server.frame();
    silent(&emit.end(), 0);
}

#[test]
fn what_the_server_says_meanwhile_does_not_matter() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut emit = emit(&place, &["t", "1"]);
    let mut server = accept(&listener);
    server
        .write(format!("{{\"type\":\"greeting\"}}\x0cgarbage\x0c\"{}\"\x0c", "z".repeat(100_000)));
    server.frame();
    server.ended();
    drop(server);
    silent(&emit.end(), 0);
}

#[test]
fn nobody_there_is_said_at_once() {
    let place = Place::new();
    let ended = emit(&place, &["t", "1"]).end();
    silent(&ended, 2);
    assert!(ended.errors.starts_with("nipc: no server is listening at unix:"), "{}", ended.errors);
    let ended = emit(&place, &["t", "1", "-q"]).end();
    silent(&ended, 2);
    assert_eq!(ended.errors, "");
    silent(&emit(&place, &["t", "1", "--max-retries", "2", "--retry", "10"]).end(), 2);
}

#[test]
fn with_a_retry_the_server_may_come_later() {
    let place = Place::new();
    let mut emit = emit(&place, &["t", "1", "--retry", "10", "-v"]);
    assert!(emit.note().starts_with("nipc: no server is listening at unix:"));
    let listener = listen(place.socket());
    let mut server = accept(&listener);
    assert_eq!(server.frame(), r#"{"type":"t","data":1}"#);
    drop(server);
    silent(&emit.end(), 0);
}

#[test]
fn a_server_that_breaks_the_protocol() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut emit = emit(&place, &["t", "1", "--max-frame", "50"]);
    let mut server = accept(&listener);
    server.write("x".repeat(1000));
    let ended = emit.end();
    // Whether the event was written before is not known.
    silent(&ended, 4);
    assert!(ended.errors.contains("50"), "{}", ended.errors);
}

#[test]
fn a_timeout_covers_all_of_it() {
    let place = Place::new();
    let ended = emit(&place, &["t", "1", "--retry", "10", "--timeout", "100"]).end();
    silent(&ended, 3);
    assert_eq!(ended.errors, "nipc: time ran out after 100 ms\n");
}

#[test]
fn a_server_that_goes_without_reading_is_a_failure() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut emit = emit(&place, &["message", "\"hello\""]);
    let mut server = accept(&listener);
    // One byte shows that the frame is there; the rest of it stays unread.
    server.stream.read_exact(&mut [0]).unwrap();
    drop(server);
    let ended = emit.end();
    silent(&ended, 2);
    assert!(ended.errors.contains("may be lost"), "{}", ended.errors);
}
