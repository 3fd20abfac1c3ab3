//! A peer that does not read the answers to its own messages is not read from.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use ipc_core::blocking::{Client, Connection, Incoming, NextError, Server};
use ipc_core::queue::QueueLimits;
use ipc_core::session::ReconnectPolicy;

use crate::lines::Lines;
use crate::rig::{Place, echo, heard, next};

/// The high-water mark here, in bytes. Four times as much waits for one that reads nothing.
const MARK: usize = 100_000;

fn server(place: &Place) -> Server<Lines> {
    Server::builder(Lines, place.unix()).unwrap().high_water_mark(Some(MARK)).listen().unwrap()
}

fn client(place: &Place) -> Client<Lines> {
    let builder = place.builder().high_water_mark(Some(MARK));
    builder.queue(QueueLimits::default().with_max_bytes(64 << 20)).build()
}

/// Writes `least` bytes, and then until the server has read nothing for a while; returns how many bytes
/// were taken.
fn flood(socket: &mut UnixStream, bytes: &[u8], least: usize) -> usize {
    socket.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut taken = 0;
    while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
        match socket.write(rest) {
            Ok(n) => taken += n,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if taken > least {
                    break;
                }
            }
            Err(error) => panic!("{error}"),
        }
    }
    socket.set_write_timeout(None).unwrap();
    taken
}

fn lines(count: usize) -> String {
    (0..count).map(|n| format!("say {n:0992}\n")).collect()
}

#[test]
fn an_echo_server_holds_no_more_than_its_mark_for_one_that_does_not_read() {
    let place = Place::new();
    let mut server = server(&place);
    let mut socket = UnixStream::connect(place.path()).unwrap();
    let echo = echo(server.accept().unwrap());
    let asked = lines(5000);
    let taken = flood(&mut socket, asked.as_bytes(), 4 * MARK);
    // Beside the mark: what the system holds in both directions, and what one read brings.
    assert!(taken < 1_300_000, "{taken} bytes were taken");
    let rest = asked.as_bytes()[taken..].to_vec();
    let mut writer = socket.try_clone().unwrap();
    let writing = thread::spawn(move || writer.write_all(&rest).unwrap());
    let mut answers = vec![0; asked.len()];
    socket.read_exact(&mut answers).unwrap();
    assert!(answers == asked.as_bytes());
    writing.join().unwrap();
    drop(socket);
    assert_eq!(echo.join().unwrap(), "disconnect PeerClosed");
}

/// Returns a connection that is not read from, since it has answered so much, and its socket.
fn paused(place: &Place) -> (Connection<Lines>, UnixStream) {
    let mut server = server(place);
    let mut socket = UnixStream::connect(place.path()).unwrap();
    let mut connection = server.accept().unwrap();
    socket.write_all(b"ask 1\n").unwrap();
    assert_eq!(heard(&mut connection), "ask 1");
    for _ in 0..20 {
        connection.emit("answer", "x".repeat(100_000).as_str()).unwrap();
    }
    socket.write_all(b"ask 2\n").unwrap();
    let nothing = connection.next_timeout(Duration::from_millis(20));
    assert!(matches!(nothing, Err(NextError::TimedOut)), "{nothing:?}");
    (connection, socket)
}

#[test]
fn reading_goes_on_when_the_answers_are_read() {
    let (mut connection, mut socket) = paused(&Place::new());
    let reading = thread::spawn(move || {
        let mut answers = vec![0; 20 * 100_008];
        socket.read_exact(&mut answers).unwrap();
        socket
    });
    assert_eq!(heard(&mut connection), "ask 2");
    assert!(connection.flush());
    drop(reading.join().unwrap());
}

#[test]
fn one_that_hangs_up_meanwhile_is_noticed_and_its_last_words_are_heard() {
    let (mut connection, socket) = paused(&Place::new());
    let hanging_up = thread::spawn(move || drop(socket));
    let mut events = vec![heard(&mut connection), heard(&mut connection)];
    hanging_up.join().unwrap();
    // A socket that is closed with unread bytes resets the connection.
    assert!(events.pop().unwrap().starts_with("disconnect"), "{events:?}");
    assert_eq!(events, ["ask 2"]);
}

#[test]
fn closing_writes_what_waits_and_reads_meanwhile() {
    let (mut connection, mut socket) = paused(&Place::new());
    let reading = thread::spawn(move || {
        socket.write_all("more x\n".repeat(100_000).as_bytes()).unwrap();
        let mut answers = Vec::new();
        socket.read_to_end(&mut answers).unwrap();
        answers.len()
    });
    assert!(connection.close().undelivered.is_empty());
    assert_eq!(reading.join().unwrap(), 20 * 100_008);
}

#[test]
fn what_answers_nothing_pauses_nobody() {
    let place = Place::new();
    let mut server = server(&place);
    let mut socket = UnixStream::connect(place.path()).unwrap();
    let mut connection = server.accept().unwrap();
    for _ in 0..20 {
        connection.emit("news", "x".repeat(100_000).as_str()).unwrap();
    }
    socket.write_all(b"measured 1\n").unwrap();
    assert_eq!(heard(&mut connection), "measured 1");
}

/// Returns how many messages came back to a client that sends on with each.
fn window(mut client: Client<Lines>, count: usize) -> usize {
    let mut answers = 0;
    while answers < count {
        match client.next().unwrap() {
            Incoming::Message(message) => {
                answers += 1;
                client.emit(message.event(), "x".repeat(1000).as_str()).unwrap();
            }
            Incoming::Lifecycle(_) => {}
            other => panic!("{other:?}"),
        }
    }
    client.close();
    answers
}

/// The client has far more to say than its server may answer before it reads, and says more with
/// every answer: it is the one that reads on.
#[test]
fn a_client_that_answers_answers_does_not_wait_for_ever() {
    for kind in ["async", "blocking"] {
        let place = Place::new();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut waits = None;
        let asynchronous =
            ipc_core::Server::builder(Lines, place.unix()).high_water_mark(Some(MARK)).build();
        asynchronous.on("say", |text: String, peer| peer.emit("say", text.as_str()).unwrap());
        if kind == "async" {
            runtime.block_on(asynchronous.listen()).unwrap();
        } else {
            waits = Some(server(&place));
        }
        let mut client = client(&place);
        client.connected().unwrap();
        let echo = waits.map(|mut server| echo(server.accept().unwrap()));
        assert_eq!(next(&mut client), "connect");
        for _ in 0..3000 {
            client.emit("say", "x".repeat(1000).as_str()).unwrap();
        }
        assert_eq!(window(client, 6000), 6000);
        if let Some(echo) = echo {
            assert!(echo.join().unwrap().starts_with("disconnect"));
        }
    }
}

/// A client waits for a server that reads slowly, and gives up on one that reads nothing.
#[test]
fn a_client_waits_a_moment_only() {
    let place = Place::new();
    let listener = std::os::unix::net::UnixListener::bind(place.path()).unwrap();
    let builder = Client::builder(Lines, place.unix()).unwrap().reconnect(ReconnectPolicy::never());
    let mut client = builder.high_water_mark(Some(MARK)).build();
    client.connected().unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    assert_eq!(next(&mut client), "connect");
    socket.write_all(b"ask 1\nask 2\nask 3\nask 4\n").unwrap();
    for n in 1..=4 {
        assert_eq!(next(&mut client), format!("ask {n}"));
        client.emit("answer", "x".repeat(500_000).as_str()).unwrap();
    }
}
