//! Written is not read: `emit --flush` waits for the server's end, which shows that it has read.

use std::fs;
use std::io::Read;

use rustix::process::Signal;

use crate::process::{Ended, Nipc, Place};
use crate::raw::{accept, listen};

fn emit(place: &Place, words: &[&str]) -> Ended {
    Nipc::run(&[&["emit", "--path", &place.socket(), "w", "t"], words].concat())
}

#[test]
fn a_server_that_is_stopped_has_read_nothing() {
    let place = Place::new();
    let mut server = place.serve("");
    server.stop();
    // That it is written is all that is known, and all that is asked for.
    let ended = emit(&place, &["1", "-v"]);
    assert_eq!(ended.status, 0);
    let known = "the event is written; whether it is read is not known";
    assert!(ended.errors.contains(known), "{}", ended.errors);
    for limit in ["0", "300"] {
        let ended = emit(&place, &["2", "--flush", limit]);
        assert_eq!(ended.status, 2);
        let expected = format!("did not close within {limit} ms");
        assert!(ended.errors.contains(&expected), "{}", ended.errors);
    }
    // Not even written: more than the socket holds.
    fs::write(place.path("data"), format!("\"{}\"", "x".repeat(5_000_000))).unwrap();
    let data = format!("@{}", place.path("data").display());
    let ended = emit(&place, &[&data, "--flush", "300"]);
    assert_eq!(ended.status, 2);
    assert!(ended.errors.contains("before the event was written"), "{}", ended.errors);
    server.signal(Signal::CONT);
    let ended = emit(&place, &["3", "--flush", "60000"]);
    assert_eq!((ended.status, ended.errors.as_str()), (0, ""));
    let lines = std::iter::from_fn(|| Some(server.line()));
    let mut messages = lines.filter(|line| line.contains(r#""type":"t""#));
    for data in [1, 2, 2, 3] {
        assert!(messages.next().unwrap().ends_with(&format!("\"data\":{data}}}")));
    }
}

#[test]
fn it_is_the_same_over_tcp() {
    let mut server = Nipc::with(&["serve", "--tcp", "0"]);
    let endpoint = server.event("start")["endpoint"].as_str().unwrap().to_owned();
    let words = ["emit", "w", "t", "1", "--tcp", endpoint.strip_prefix("tcp:").unwrap(), "--flush"];
    assert_eq!(Nipc::run(&[&words[..], &["60000"]].concat()).status, 0);
    server.stop();
    assert_eq!(Nipc::run(&[&words[..], &["300"]].concat()).status, 2);
    server.signal(Signal::CONT);
}

#[test]
fn the_servers_end_is_waited_for_longer_than_without() {
    let place = Place::new();
    let listener = listen(place.socket());
    let words = ["emit", "--path", &place.socket(), "w", "t", "--flush", "60000"];
    let mut emit = Nipc::with(&words);
    let mut server = accept(&listener);
    server.frame();
    server.ended();
    // One without the option comes later and waits in vain.
    let mut other = Nipc::with(&["emit", "--path", &place.socket(), "w", "t"]);
    let mut without_end = accept(&listener);
    without_end.frame();
    assert_eq!(other.end().status, 0);
    drop(server);
    let ended = emit.end();
    assert_eq!((ended.status, ended.errors.as_str()), (0, ""));
}

#[test]
fn a_server_that_ends_first_has_read_it_too() {
    let place = Place::new();
    let listener = listen(place.socket());
    let words = ["emit", "--path", &place.socket(), "w", "t", "1", "--flush", "60000"];
    let mut emit = Nipc::with(&words);
    let mut server = accept(&listener);
    let mut frame = vec![0; "{\"type\":\"t\",\"data\":1}\x0c".len()];
    server.stream.read_exact(&mut frame).unwrap();
    drop(server);
    let ended = emit.end();
    assert_eq!((ended.status, ended.errors.as_str()), (0, ""));
}

#[test]
fn where_nobody_ends_it_is_refused() {
    for words in [["--udp4", "1"], ["--udp6", "1"]] {
        let ended = Nipc::run(&[&["emit", "w", "t", "--flush", "1"], &words[..]].concat());
        assert_eq!(ended.status, 1);
        assert!(ended.errors.contains("--flush has no meaning over UDP"), "{}", ended.errors);
    }
}
