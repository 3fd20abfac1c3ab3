//! The profiles of node-ipc 14 on the command line.

use crate::process::{Nipc, Place};
use crate::raw::Raw;

// Tests W16
#[test]
fn guarded_refuses_reserved_names_both_ways() {
    let place = Place::new();
    let at = ["--path", &place.path("s").display().to_string(), "--profile", "guarded"];
    let mut server = Nipc::with(&[&["serve"], &at[..]].concat());
    server.event("start");
    let mut client = Nipc::with(&[&["connect", "--max-retries", "0"], &at[..]].concat());
    client.event("connect");
    server.event("connect");
    client.say(r#"{"type":"error"}"#);
    client.error("ERR_IPC_RESERVED_EVENT");
    client.say(r#"{"type":"t"}"#);
    assert_eq!(server.event("message")["type"], "t");

    // A peer that sends one all the same loses its connection.
    let mut raw = Raw::connect(place.path("s"));
    server.event("connect");
    raw.write(b"{\"type\":\"connect\"}\x0c{\"type\":\"t\"}\x0c");
    server.error("ERR_IPC_RESERVED_EVENT");
    server.event("socket.disconnected");
}

#[test]
fn assured_lets_the_listed_events_pass() {
    let place = Place::new();
    let root = ["--socket-root", place.root(), "--dialect", "v14", "--profile", "assured"];
    let allow = ["--allow", "one", "--allow", "two"];
    let mut server = Nipc::with(&[&["serve", "w"], &root[..], &allow].concat());
    server.event("start");
    let emit = |event: &str, allow: &[&str]| {
        Nipc::run(&[&["emit", "w", event], &root[..], allow].concat()).status
    };
    assert_eq!(emit("three", &allow), 1, "it is not sent");
    assert_eq!(emit("one", &allow), 0);
    emit("three", &["--allow", "three"]);
    // Whether the first of them had connected before it gave up is left to chance.
    let mut events = std::iter::from_fn(|| Some(server.line()));
    let message = events.find(|line| line.contains(r#""event":"message""#)).unwrap();
    assert!(message.contains(r#""type":"one""#), "{message}");
    let error = events.find(|line| line.contains(r#""event":"error""#)).unwrap();
    assert!(error.contains("ERR_IPC_EVENT_NOT_ALLOWED"), "{error}");
}

#[test]
fn assured_needs_its_list_and_the_list_needs_assured() {
    assert_eq!(Nipc::run(&["serve", "w", "--profile", "assured"]).status, 1);
    for others in [&["--profile", "guarded"][..], &[]] {
        let ended = Nipc::run(&[&["serve", "w", "--allow", "t"], others].concat());
        assert_eq!((ended.status, ended.lines.len()), (1, 0));
    }
    assert_eq!(Nipc::run(&["serve", "w", "--profile", "strict"]).status, 1);
}

// Tests W38
#[test]
fn assured_takes_no_network_without_tls() {
    for place in ["--tcp", "--udp4", "--udp6"] {
        for command in ["serve", "connect"] {
            let words = [command, "w", place, "8000", "--profile", "assured", "--allow", "t"];
            let ended = Nipc::run(&words);
            assert_eq!((ended.status, ended.lines.len()), (1, 0), "{words:?}");
        }
    }
}

#[test]
fn identify_peer_names_a_socket_in_v14() {
    for (option, id) in [(&["--identify-peer"][..], "\"me\""), (&[], "false")] {
        let place = Place::new();
        let path = place.path("s").display().to_string();
        let mut server =
            Nipc::with(&[&["serve", "--path", &path, "--dialect", "v14"], option].concat());
        server.event("start");
        assert_eq!(Nipc::run(&["emit", "w", "t", r#"{"id":"me"}"#, "--path", &path]).status, 0);
        server.event("connect");
        server.event("message");
        assert_eq!(server.event("socket.disconnected")["id"].to_string(), id);
    }
}
