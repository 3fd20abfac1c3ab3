//! Ends that come from outside: signals, timeouts, enough messages, a closed stdout.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::thread;

use rustix::process::Signal;
use serde_json::Value;

use crate::process::{Nipc, Place, hangups_end, until};
use crate::raw::{Raw, accept, listen};

fn ending_signals() -> Vec<Signal> {
    let mut signals = vec![Signal::TERM, Signal::INT, Signal::HUP];
    signals.truncate(if hangups_end() { 3 } else { 2 });
    signals
}

#[test]
fn a_signal_closes_the_server() {
    let place = Place::new();
    for signal in ending_signals() {
        let mut server = place.serve("");
        let mut client = Raw::connect(place.socket());
        server.event("connect");
        for number in 0..10 {
            server.say(&format!("{{\"type\":\"t\",\"data\":{number}}}"));
        }
        // The tenth is written, so the others are, too.
        let frames: Vec<_> = (0..10).map(|_| client.frame()).collect();
        assert_eq!(frames[9], r#"{"type":"t","data":9}"#);
        server.signal(signal);
        client.ended();
        drop(client);
        server.event("socket.disconnected");
        server.event("close");
        server.ends(0);
        assert!(!fs::exists(place.socket()).unwrap());
    }
}

#[test]
fn a_signal_right_after_the_start_closes_the_server() {
    let place = Place::new();
    let server = place.serve("");
    server.signal(Signal::TERM);
    server.ends(0);
    assert!(!fs::exists(place.socket()).unwrap());
}

#[test]
fn a_hangup_that_is_ignored_at_the_start_stays_ignored() {
    let place = Place::new();
    // As `nohup` has it; that one would also redirect the streams.
    let nipc = env!("CARGO_BIN_EXE_nipc");
    let script = format!("trap '' HUP; exec {nipc} serve --echo --path {}", place.socket());
    let mut server = Nipc::spawn(Command::new("sh").args(["-c", &script]));
    server.event("start");
    server.signal(Signal::HUP);
    let words = ["request", "--path", &place.socket(), "w", "t", "1"];
    assert_eq!(Nipc::run(&words).lines, ["1"]);
    for event in ["connect", "message", "socket.disconnected", "close"] {
        server.event(event);
    }
    server.signal(Signal::TERM);
    server.ends(0);
}

#[test]
fn a_hangup_ends_every_command() {
    if !hangups_end() {
        return;
    }
    let place = Place::new();
    let listener = listen(place.socket());
    let at = ["--path", &place.socket()];
    for words in [&["emit", "w", "t", "-"][..], &["request", "w", "t"], &["bench", "w", "-q"]] {
        let mut nipc = Nipc::with(&[words, &at].concat());
        if words[0] == "emit" {
            // It waits for its stdin, which it has when it caught its signals.
            nipc.say("[");
            until(|| nipc.catches(Signal::HUP));
        } else {
            accept(&listener).frame();
            until(|| nipc.catches(Signal::HUP));
        }
        nipc.signal(Signal::HUP);
        assert_eq!(nipc.end().status, 2, "{words:?}");
    }
}

#[test]
fn a_signal_closes_the_client() {
    let place = Place::new();
    let listener = listen(place.socket());
    for signal in ending_signals() {
        let mut client = place.client("");
        let mut server = accept(&listener);
        client.event("connect");
        client.signal(signal);
        server.ended();
        drop(server);
        client.event("disconnect");
        client.event("destroy");
        client.ends(0);
    }
}

#[test]
fn a_signal_ends_the_wait_for_a_server() {
    let place = Place::new();
    let mut client = place.client("--retry 3600000");
    client.event("error");
    client.event("disconnect");
    client.signal(Signal::INT);
    client.event("destroy");
    client.ends(0);
}

#[test]
fn a_signal_writes_what_waits_to_a_client_that_begins_to_read() {
    let place = Place::new();
    let mut server = place.serve("");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    // More than the socket holds.
    let text = "x".repeat(1 << 20);
    for _ in 0..4 {
        server.say(&format!("{{\"type\":\"t\",\"data\":\"{text}\"}}"));
    }
    server.say("and that is all");
    server.error("ERR_BAD_COMMAND");
    server.signal(Signal::TERM);
    for _ in 0..4 {
        assert_eq!(client.frame().len(), text.len() + "{\"type\":\"t\",\"data\":\"\"}".len());
    }
    client.ended();
    drop(client);
    server.event("socket.disconnected");
    server.event("close");
    server.ends(0);
}

/// The first asks a server to wait for a client that never reads; the second does not.
#[test]
fn a_second_signal_does_not_wait() {
    let place = Place::new();
    let mut server = place.serve("");
    let _client = Raw::connect(place.socket());
    server.event("connect");
    server.say(&format!("{{\"type\":\"t\",\"data\":\"{}\"}}", "x".repeat(1 << 20)));
    server.say("and that is all");
    server.error("ERR_BAD_COMMAND");
    server.signal(Signal::TERM);
    // The file is gone before the clients are.
    until(|| !fs::exists(place.socket()).unwrap());
    server.signal(Signal::TERM);
    assert_eq!(server.end().status, 2);
}

#[test]
fn the_time_runs_out() {
    runs_out("serve", false, &["start"]);
    runs_out("connect --retry 3600000", false, &["error", "disconnect", "destroy"]);
    runs_out("connect", true, &["connect", "disconnect", "destroy"]);
}

/// Runs a command until its time is over, and checks that these events came before: with more time if
/// not, since on a machine with other work the process may hardly have run.
fn runs_out(command: &str, is_served: bool, expected: &[&str]) {
    let mut seen = Vec::new();
    for timeout in ["50", "500", "5000", "50000"] {
        let place = Place::new();
        if is_served {
            let listener = listen(place.socket());
            thread::spawn(move || io::copy(&mut listener.accept()?.0, &mut io::sink()));
        }
        let socket = place.socket();
        let words = command.split(' ').chain(["--path", &socket, "--timeout", timeout]);
        let ended = Nipc::run(&words.collect::<Vec<_>>());
        assert_eq!(ended.status, 3, "{}", ended.errors);
        if command == "serve" {
            assert_eq!(ended.errors, format!("nipc: time ran out after {timeout} ms\n"));
            assert!(!fs::exists(&socket).unwrap());
        }
        let events = ended.lines.iter().map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["event"].as_str().unwrap().to_owned()
        });
        seen = events.collect();
        if seen == expected {
            return;
        }
    }
    panic!("{command}: {seen:?}");
}

#[test]
fn enough_messages_end_the_client() {
    let place = Place::new();
    let listener = listen(place.socket());
    let mut client = place.client("--count 2");
    let mut server = accept(&listener);
    server.write("{\"type\":\"1\"}\x0c{\"type\":\"2\"}\x0c{\"type\":\"3\"}\x0c");
    server.ended();
    drop(server);
    client.event("connect");
    client.expect(r#"{"event":"message","type":"1"}"#);
    client.expect(r#"{"event":"message","type":"2"}"#);
    client.event("disconnect");
    client.event("destroy");
    client.ends(0);
}

#[test]
fn enough_messages_end_the_server_after_their_echoes() {
    let place = Place::new();
    let mut server = place.serve("--count 3 --echo");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    let text = "x".repeat(1 << 20);
    let frame = format!("{{\"type\":\"t\",\"data\":\"{text}\"}}");
    for _ in 0..3 {
        client.write(format!("{frame}\x0c"));
    }
    for _ in 0..3 {
        assert!(client.frame() == frame);
        server.event("message");
    }
    client.ended();
    drop(client);
    server.event("socket.disconnected");
    server.event("close");
    server.ends(0);
}

#[test]
fn a_reader_who_has_seen_enough_ends_it_quietly() {
    let place = Place::new();
    let (reader, stdout) = UnixStream::pair().unwrap();
    let words = ["serve", "--path", &place.socket()];
    let mut server = Nipc::with_stdout(&words, OwnedFd::from(stdout));
    let mut start = String::new();
    BufReader::new(reader).read_line(&mut start).unwrap();
    assert!(start.starts_with(r#"{"event":"start","#), "{start}");
    let client = Raw::connect(place.socket());
    // More than one, for a process that another test just starts may hold the reader for a moment.
    until(|| (&client.stream).write_all(b"{\"type\":\"t\"}\x0c").is_err());
    drop(client);
    let ended = server.end();
    assert_eq!((ended.status, ended.errors.as_str()), (0, ""));
    assert!(!fs::exists(place.socket()).unwrap());
}

#[test]
fn a_reader_who_reads_nothing_does_not_keep_signals_from_ending_it() {
    let place = Place::new();
    let (reader, stdout) = UnixStream::pair().unwrap();
    let words = ["serve", "--path", &place.socket()];
    let mut server = Nipc::with_stdout(&words, OwnedFd::from(stdout));
    until(|| UnixStream::connect(place.socket()).is_ok());
    let mut client = Raw::connect(place.socket());
    // More than fits into the socket used as stdout.
    let frame = format!("{{\"type\":\"t\",\"data\":\"{}\"}}\x0c", "x".repeat(1 << 20));
    client.write(frame.repeat(4));
    drop(client);
    // The first waits for stdout, the second does not.
    server.signal(Signal::TERM);
    until(|| !fs::exists(place.socket()).unwrap());
    server.signal(Signal::TERM);
    assert_eq!(server.end().status, 2);
    drop(reader);
}

#[test]
fn a_stdout_that_cannot_be_written_is_told() {
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
        println!("skipped: there is no /dev/full");
        return;
    };
    let place = Place::new();
    let mut server = Nipc::with_stdout(&["serve", "--path", &place.socket()], full);
    let ended = server.end();
    assert_eq!(ended.status, 2);
    assert!(ended.errors.starts_with("nipc: cannot write to stdout: "), "{}", ended.errors);
    assert!(!fs::exists(place.socket()).unwrap());
}
