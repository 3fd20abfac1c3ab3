//! Peers that are no blocking driver: an async server, and raw sockets that misbehave.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use ipc_codec::Limits;
use ipc_core::blocking::{Incoming, NextError};
use ipc_core::{ClientEvent, OnMalformed, Server};

use crate::lines::Lines;
use crate::rig::{Clock, Place, happened, heard, next};

#[test]
fn an_async_server_answers() {
    let place = Place::new();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().unwrap();
    let server = Server::builder(Lines, place.unix()).build();
    server.on("ask", |text: String, peer| peer.emit("answer", text.as_str()).unwrap());
    runtime.block_on(server.listen()).unwrap();
    let mut client = place.builder().build();
    client.emit("ask", "42").unwrap();
    assert_eq!(next(&mut client), "connect");
    assert_eq!(next(&mut client), "answer 42");
    assert!(client.close().undelivered.is_empty());
    runtime.block_on(server.shutdown(Duration::from_secs(5)));
}

fn raw(place: &Place) -> (ipc_core::blocking::Connection<Lines>, UnixStream) {
    let mut server = place.listen();
    let socket = UnixStream::connect(place.path()).unwrap();
    (server.accept().unwrap(), socket)
}

#[test]
fn frames_cut_anywhere_come_whole() {
    let (mut connection, mut socket) = raw(&Place::new());
    let writer = std::thread::spawn(move || {
        for byte in b"one 1\ntwo 2\nthr" {
            socket.write_all(&[*byte]).unwrap();
        }
        socket.shutdown(Shutdown::Write).unwrap();
        socket
    });
    let events: Vec<_> = (0..4).map(|_| heard(&mut connection)).collect();
    let end = ["error truncated", "disconnect Truncated { buffered: 3 }"];
    assert_eq!(events[..2], ["one 1", "two 2"]);
    assert_eq!(events[2..], end);
    drop(writer.join().unwrap());
}

/// Returns what a connection says of these bytes, of which the peer sends no more.
fn said_of(bytes: &[u8], ends: bool) -> String {
    let place = Place::new();
    let builder = ipc_core::blocking::Server::builder(Lines, place.unix()).unwrap();
    let short = Some(Duration::from_millis(50));
    let limits = Limits::default().with_max_frame(1000);
    let mut server = builder.frame_timeout(short).limits(limits).listen().unwrap();
    let mut socket = UnixStream::connect(place.path()).unwrap();
    let mut connection = server.accept().unwrap();
    socket.write_all(bytes).unwrap();
    if ends {
        socket.shutdown(Shutdown::Write).unwrap();
    }
    match connection.next() {
        Some(Incoming::Lifecycle(ClientEvent::Error(error))) => {
            format!("{}: {error}", error.code())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_speaks_something_else_is_said_to_be_that() {
    let json = b"{\"type\":\"m\"}\x0c";
    let hint = "it looks like JSON that ends with a form feed: is the peer's delimiter \\f?";
    assert_eq!(
        said_of(json, true),
        format!("truncated: the connection ended within a frame, after 13 bytes of it: {hint}")
    );
    assert_eq!(
        said_of(json, false),
        format!("frame_timeout: an unfinished frame made no progress within 50ms: {hint}")
    );
    let too_large = said_of(&json.repeat(100), false);
    assert!(too_large.starts_with("frame_too_large: "), "{too_large}");
    assert!(too_large.ends_with(hint), "{too_large}");
}

#[test]
fn garbage_is_an_error_and_the_rest_is_heard() {
    let (mut connection, mut socket) = raw(&Place::new());
    socket.write_all(b"garbage\nstill here\n").unwrap();
    assert_eq!(heard(&mut connection), "error ERR_LINE");
    assert_eq!(heard(&mut connection), "still here");
}

#[test]
fn garbage_ends_a_client_that_is_told_to_end() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path()).unwrap();
    let mut client = place.builder().on_malformed(OnMalformed::Close).build();
    client.connected().unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    socket.write_all(b"garbage\n").unwrap();
    let events: Vec<_> = (0..4).map(|_| next(&mut client)).collect();
    assert_eq!(events, ["connect", "error ERR_LINE", "disconnect ERR_LINE", "destroy"]);
}

#[test]
fn too_long_a_frame_ends_the_connection() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path()).unwrap();
    let mut client = place.builder().limits(Limits::default().with_max_frame(10)).build();
    client.connected().unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    socket.write_all(b"longer than ten bytes").unwrap();
    let events: Vec<_> = (0..3).map(|_| next(&mut client)).collect();
    assert_eq!(events, ["connect", "error frame_too_large", "disconnect frame_too_large"]);
}

#[test]
fn an_unfinished_frame_has_its_time_and_a_silent_peer_too() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path()).unwrap();
    let short = Some(Duration::from_millis(20));
    let mut client = place.builder().frame_timeout(short).build();
    client.connected().unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    socket.write_all(b"half").unwrap();
    let events: Vec<_> = (0..3).map(|_| next(&mut client)).collect();
    assert_eq!(events, ["connect", "error frame_timeout", "disconnect frame_timeout"]);

    let mut client = place.builder().idle_timeout(short).build();
    client.connected().unwrap();
    let events: Vec<_> = (0..3).map(|_| next(&mut client)).collect();
    assert_eq!(events, ["connect", "error idle_timeout", "disconnect idle_timeout"]);
}

#[test]
fn what_came_while_the_program_was_away_counts_before_its_time_is_over() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path()).unwrap();
    let (clock, short) = (Clock::new(), Duration::from_millis(20));
    let _own = clock.enter();
    for idle in [true, false] {
        let builder = place.builder();
        let builder = match idle {
            true => builder.idle_timeout(Some(short)),
            false => builder.frame_timeout(Some(short)),
        };
        let mut client = builder.build();
        client.connected().unwrap();
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(if idle { b"a 1\n" } else { b"a 1\nha" }).unwrap();
        let events: Vec<_> = (0..2).map(|_| happened(&mut client)).collect();
        assert_eq!(events, ["connect", "a 1"]);
        // The time starts when the client finds nothing more.
        assert_eq!(client.next_timeout(Duration::ZERO).err(), Some(NextError::TimedOut));
        clock.advance(short * 2);
        socket.write_all(if idle { b"a 2\n" } else { b"lf 2\n" }).unwrap();
        assert_eq!(happened(&mut client), if idle { "a 2" } else { "half 2" });
        drop(socket);
        clock.advance(Duration::from_millis(1));
        assert_eq!(happened(&mut client), "disconnect PeerClosed");
    }
}

/// What the peer sent before it went is heard, although nothing can be written to it any more.
#[test]
fn a_peer_that_spoke_and_went_is_heard() {
    let (mut connection, mut socket) = raw(&Place::new());
    socket.write_all(b"last words\n").unwrap();
    drop(socket);
    connection.emit("too", "late").unwrap();
    assert_eq!(heard(&mut connection), "last words");
    assert!(heard(&mut connection).starts_with("disconnect"));
    assert!(connection.emit("e", "closed").is_err());
}

#[test]
fn an_answer_arrives_after_the_askers_end() {
    let (mut connection, mut socket) = raw(&Place::new());
    socket.write_all(b"ask 1\n").unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    assert_eq!(heard(&mut connection), "ask 1");
    connection.emit("answer", "1").unwrap();
    connection.close();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "answer 1\n");
}

/// Tests W19.
#[test]
fn answers_that_wait_are_written_after_the_askers_end() {
    let (mut connection, mut socket) = raw(&Place::new());
    socket.write_all(b"ask 1\n").unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    assert_eq!(heard(&mut connection), "ask 1");
    // More than the socket takes: the rest waits.
    let text = "x".repeat(100_000);
    for _ in 0..20 {
        connection.emit("answer", text.as_str()).unwrap();
    }
    let reading = std::thread::spawn(move || {
        let mut answers = Vec::new();
        socket.read_to_end(&mut answers).unwrap();
        answers.len()
    });
    assert_eq!(heard(&mut connection), "disconnect PeerClosed");
    assert_eq!(reading.join().unwrap(), 20 * 100_008);
    assert!(connection.close().undelivered.is_empty());
}
