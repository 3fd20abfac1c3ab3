//! `nipc serve` with bare sockets and with `nipc` as its clients.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::thread;

use crate::process::{Nipc, Place};
use crate::raw::Raw;

#[test]
fn a_client_is_told_of_from_its_coming_to_its_going() {
    let place = Place::new();
    let mut server = place.serve("");
    let mut client = Raw::connect(place.socket());
    client.write("{\"type\":\"a\",\"data\":[1, 2]}\x0c{\"type\":\"b\"}\x0c{\"data\":0,");
    client.write("\"type\":\"c\"}\x0c");
    drop(client);
    server.expect(r#"{"event":"connect","peer":1}"#);
    server.expect(r#"{"event":"message","peer":1,"type":"a","data":[1, 2]}"#);
    server.expect(r#"{"event":"message","peer":1,"type":"b"}"#);
    server.expect(r#"{"event":"message","peer":1,"type":"c","data":0}"#);
    server.expect(r#"{"event":"socket.disconnected","peer":1,"id":false}"#);
    server.expect(r#"{"event":"close","peer":1}"#);
    let _next = Raw::connect(place.socket());
    server.expect(r#"{"event":"connect","peer":2}"#);
}

#[test]
fn the_socket_is_for_its_owner_alone() {
    let place = Place::new();
    let _server = place.serve("");
    let mode = fs::metadata(place.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_classic_client_is_named_by_the_last_id_it_sent() {
    let place = Place::new();
    let mut server = place.serve("");
    let mut client = Raw::connect(place.socket());
    for data in [r#"{"id":"one"}"#, r#"{"id":{"n":[2]},"x":1}"#, r#"{"id":0}"#, r#""id""#] {
        client.write(format!("{{\"type\":\"t\",\"data\":{data}}}\x0c"));
    }
    drop(client);
    for event in ["connect", "message", "message", "message", "message"] {
        server.event(event);
    }
    server.expect(r#"{"event":"socket.disconnected","peer":1,"id":{"n":[2]}}"#);
}

#[test]
fn a_client_of_v14_has_no_name() {
    let place = Place::new();
    let mut server = place.serve("--dialect v14");
    Raw::connect(place.socket()).write("{\"type\":\"t\",\"data\":{\"id\":\"one\"}}\x0c");
    server.event("connect");
    server.event("message");
    server.expect(r#"{"event":"socket.disconnected","peer":1,"id":false}"#);
}

#[test]
fn a_client_cannot_forge_what_happens_to_it() {
    let place = Place::new();
    let mut server = place.serve("");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    for name in ["start", "connect", "close", "error", "socket.disconnected", "*", "__proto__"] {
        client.write(format!("{{\"type\":\"{name}\",\"data\":{{\"event\":\"close\"}}}}\x0c"));
        let message = server.event("message");
        assert_eq!((message["type"].as_str(), message["peer"].as_u64()), (Some(name), Some(1)));
    }
}

#[test]
fn garbage_harms_nobody_in_the_classic_dialect() {
    let place = Place::new();
    let mut server = place.serve("--echo");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    client.write("garbage\x0c5\x0c{\"type\":5}\x0c{\"type\":\"t\",\"data\":1}\x0c");
    let error = server.error("ERR_IPC_INVALID_JSON");
    assert_eq!(error["peer"], 1);
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
    server.error("ERR_IPC_INVALID_MESSAGE");
    server.error("ERR_IPC_INVALID_EVENT");
    server.event("message");
    assert_eq!(client.frame(), "{\"type\":\"t\",\"data\":1}");
}

#[test]
fn garbage_ends_the_connection_in_v14() {
    let place = Place::new();
    let mut server = place.serve("--echo --dialect v14");
    let mut good = Raw::connect(place.socket());
    server.event("connect");
    let mut bad = Raw::connect(place.socket());
    server.event("connect");
    bad.write("garbage\x0c{\"type\":\"t\",\"data\":1}\x0c");
    bad.ended();
    assert_eq!(server.error("ERR_IPC_INVALID_JSON")["peer"], 2);
    server.expect(r#"{"event":"socket.disconnected","peer":2,"id":false}"#);
    server.expect(r#"{"event":"close","peer":2}"#);
    good.write("{\"type\":\"t\",\"data\":1}\x0c");
    good.frame();
}

#[test]
fn echoes_come_back_in_order_however_the_frames_are_cut() {
    let place = Place::new();
    let _server = place.serve("--echo");
    let mut client = Raw::connect(place.socket());
    let frames: Vec<_> = (0..300).map(|n| format!("{{\"type\":\"t\",\"data\":{n}}}")).collect();
    let bytes: String = frames.iter().map(|frame| format!("{frame}\x0c")).collect();
    client.write(&bytes);
    for frame in &frames {
        assert_eq!(client.frame(), *frame);
    }
    for byte in bytes.as_bytes() {
        client.write([*byte]);
    }
    for frame in &frames {
        assert_eq!(client.frame(), *frame);
    }
}

/// As in node-ipc, which cannot send an event without data.
#[test]
fn an_echo_without_data_has_an_empty_object() {
    let place = Place::new();
    let _server = place.serve("--echo");
    let mut client = Raw::connect(place.socket());
    client.write("{\"type\":\"t\"}\x0c");
    assert_eq!(client.frame(), "{\"type\":\"t\",\"data\":{}}");
}

#[test]
fn stdin_sends_to_all_or_to_one() {
    let place = Place::new();
    let mut server = place.serve("");
    let mut clients: Vec<_> = (0..3)
        .map(|_| {
            let client = Raw::connect(place.socket());
            server.event("connect");
            client
        })
        .collect();
    server.say(r#"{"type":"all","data":{"n": 1e400}}"#);
    server.say(r#"{"to":2,"type":"one"}"#);
    server.say(r#"{"type":"all","data":null}"#);
    for (index, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.frame(), r#"{"type":"all","data":{"n": 1e400}}"#);
        if index == 1 {
            assert_eq!(client.frame(), r#"{"type":"one","data":{}}"#);
        }
        assert_eq!(client.frame(), r#"{"type":"all","data":null}"#);
    }
}

#[test]
fn a_bad_line_is_an_error_and_nothing_is_sent_for_it() {
    let place = Place::new();
    let mut server = place.serve("");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    for line in ["", "no", "[1]", r#"{"type":1}"#, r#"{"hex":"0"}"#, r#"{"type":"t","x":1}"#] {
        server.say(line);
        server.error("ERR_BAD_COMMAND");
    }
    server.say(r#"{"to":7,"type":"t"}"#);
    assert_eq!(server.error("ERR_IPC_UNKNOWN_PEER")["peer"], 7);
    server.say(&format!(r#"{{"type":"{}"}}"#, "n".repeat(4097)));
    server.error("ERR_IPC_EVENT_TOO_LARGE");
    server.say(r#"{"type":"good"}"#);
    assert_eq!(client.frame(), r#"{"type":"good","data":{}}"#);
}

#[test]
fn stop_writes_what_waits_and_frees_the_place() {
    let place = Place::new();
    for order in ["stop", "close"] {
        let mut server = place.serve("");
        let mut client = Raw::connect(place.socket());
        server.event("connect");
        for number in 0..100 {
            server.say(&format!("{{\"type\":\"t\",\"data\":{number}}}"));
        }
        server.say(&format!("{{\"do\":\"{order}\"}}"));
        for number in 0..100 {
            assert_eq!(client.frame(), format!("{{\"type\":\"t\",\"data\":{number}}}"));
        }
        client.ended();
        drop(client);
        server.event("socket.disconnected");
        server.event("close");
        server.ends(0);
        assert!(!fs::exists(place.socket()).unwrap());
    }
}

#[test]
fn a_second_server_does_not_disturb_the_first() {
    let place = Place::new();
    let mut server = place.serve("--echo");
    let mut second = Nipc::with(&["serve", "--path", &place.socket()]);
    second.error("ERR_IPC_ALREADY_RUNNING");
    // The reason is on stderr, too: stdout may go to a file or a pipe.
    let why = format!("a server is already running at {}", place.socket());
    assert_eq!(second.ends(2), format!("nipc: could not listen: {why}\n"));
    let mut client = Raw::connect(place.socket());
    client.write("{\"type\":\"t\",\"data\":1}\x0c");
    assert_eq!(client.frame(), "{\"type\":\"t\",\"data\":1}");
    server.say(r#"{"do":"stop"}"#);
    drop(client);
    // The first connection the server sees is this one: the second server looked without any.
    while server.line() != r#"{"event":"close","peer":1}"# {}
    server.ends(0);
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let place = Place::new();
    fs::write(place.socket(), "precious").unwrap();
    let mut server = Nipc::with(&["serve", "--path", &place.socket()]);
    server.error("ERR_IPC_UNLINK_NOT_SOCKET");
    server.ends(2);
    assert_eq!(fs::read(place.socket()).unwrap(), b"precious");
}

#[test]
fn the_socket_of_a_dead_server_is_replaced_unless_that_is_forbidden() {
    let place = Place::new();
    drop(UnixListener::bind(place.socket()).unwrap());
    let mut server = Nipc::with(&["serve", "--path", &place.socket(), "--no-unlink"]);
    server.error("ERR_IPC_ADDRESS_IN_USE");
    server.ends(2);
    place.serve("");
}

#[test]
fn a_server_killed_with_9_can_be_started_again() {
    let place = Place::new();
    place.serve("").kill();
    assert!(fs::exists(place.socket()).unwrap());
    place.serve("");
}

#[test]
fn one_client_too_many_is_refused() {
    let place = Place::new();
    let mut server = place.serve("--max-connections 1 --echo");
    let mut first = Raw::connect(place.socket());
    server.event("connect");
    Raw::connect(place.socket()).ended();
    assert_eq!(server.event("refused")["code"], "ERR_IPC_TOO_MANY_CONNECTIONS");
    first.write("{\"type\":\"t\",\"data\":1}\x0c");
    first.frame();
    server.event("message");
    drop(first);
    server.event("socket.disconnected");
    server.event("close");
    let _second = Raw::connect(place.socket());
    server.expect(r#"{"event":"connect","peer":2}"#);
}

#[test]
fn a_client_that_does_not_read_does_not_keep_stdin_from_the_others() {
    let place = Place::new();
    let mut server = place.serve("");
    let _stalled = Raw::connect(place.socket());
    server.event("connect");
    let mut reader = Raw::connect(place.socket());
    server.event("connect");
    // Far more than may wait for one client. It is waited for once: to wait for it each time would
    // take longer than the frame below may.
    let large = format!("{{\"to\":1,\"type\":\"t\",\"data\":\"{}\"}}\n", "x".repeat(1 << 20));
    server.say(&(large.repeat(100) + r#"{"to":2,"type":"t"}"#));
    assert_eq!(reader.frame(), r#"{"type":"t","data":{}}"#);
    assert_eq!(server.error("ERR_IPC_BACKPRESSURE")["peer"], 1);
}

/// It may send 200 MiB: what is not read waits with it, not here, and nothing is lost.
#[test]
fn a_client_that_does_not_read_its_echoes_waits_alone_and_costs_little() {
    let place = Place::new();
    let server = place.serve("--echo");
    let before = server.resident();
    let deaf = Raw::connect(place.socket());
    let frame = format!("{{\"type\":\"t\",\"data\":\"{}\"}}\x0c", "x".repeat(10_000));
    let count = (200 << 20) / frame.len();
    let mut writer = deaf.stream.try_clone().unwrap();
    let all = frame.repeat(100);
    let writing = thread::spawn(move || {
        for _ in 0..count / 100 {
            writer.write_all(all.as_bytes()).unwrap();
        }
    });
    let mut client = Raw::connect(place.socket());
    let mut most = 0;
    for number in 0..1000 {
        client.write(format!("{{\"type\":\"t\",\"data\":{number}}}\x0c"));
        assert_eq!(client.frame(), format!("{{\"type\":\"t\",\"data\":{number}}}"));
        most = most.max(server.resident().saturating_sub(before));
    }
    assert!(!writing.is_finished(), "everything was taken");
    // It prints what it echoes, so there are lines in its memory, too.
    assert!(most < 10 << 20, "grew by {most} bytes");
    let mut deaf = deaf;
    for _ in 0..count / 100 * 100 {
        assert!(deaf.frame().len() + 1 == frame.len());
    }
    writing.join().unwrap();
}

#[test]
fn the_end_of_stdin_changes_nothing() {
    let place = Place::new();
    let mut server = place.serve("--echo");
    server.hang_up();
    let mut client = Raw::connect(place.socket());
    client.write("{\"type\":\"t\",\"data\":1}\x0c");
    client.frame();
}
