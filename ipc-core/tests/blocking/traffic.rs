//! Messages back and forth, queues and their limits.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::blocking::{Client, Incoming, NextError};
use ipc_core::queue::{OverflowPolicy, QueueLimits};
use ipc_core::{EmitError, FlushPolicy, InFlight};

use crate::lines::Lines;
use crate::rig::{Place, echo, happened, heard, next, tcp, times};

#[test]
fn an_echo_comes_back_over_a_unix_socket() {
    let (mut client, connection) = Place::new().pair();
    let echo = echo(connection);
    for number in 0..1000 {
        client.emit("n", number.to_string().as_str()).unwrap();
        assert_eq!(next(&mut client), format!("n {number}"));
    }
    assert!(client.close().undelivered.is_empty());
    assert_eq!(echo.join().unwrap(), "disconnect PeerClosed");
}

#[test]
fn an_echo_comes_back_over_tcp() {
    let (mut server, mut client) = tcp();
    client.emit("early", "bird").unwrap();
    client.connected().unwrap();
    let echo = echo(server.accept().unwrap());
    assert_eq!(next(&mut client), "connect");
    assert_eq!(next(&mut client), "early bird");
    assert!(client.info().is_some_and(|info| info.remote.is_some()));
    client.close();
    assert_eq!(echo.join().unwrap(), "disconnect PeerClosed");
}

#[test]
fn many_in_flight_come_back_in_order() {
    let (mut client, connection) = Place::new().pair();
    let echo = echo(connection);
    for number in 0..64 {
        client.emit("n", number.to_string().as_str()).unwrap();
    }
    for number in 0..20_000 {
        assert_eq!(next(&mut client), format!("n {number}"));
        client.emit("n", (number + 64).to_string().as_str()).unwrap();
    }
    drop(client);
    assert!(echo.join().unwrap().starts_with("disconnect"));
}

#[test]
fn large_messages_cross_whole() {
    let (mut client, connection) = Place::new().pair();
    let echo = echo(connection);
    let text = "x".repeat(5_000_000);
    client.send("large", text.as_str()).unwrap();
    assert_eq!(next(&mut client), format!("large {text}"));
    client.close();
    echo.join().unwrap();
}

/// Each side sends far more than the sockets between them hold, and takes events only afterwards:
/// 7 MB of the 8 MiB that are kept for it.
#[test]
fn two_sides_that_only_send_do_not_wait_for_ever() {
    let (mut client, mut connection) = Place::new().pair();
    let text = "x".repeat(100_000);
    let other = {
        let text = text.clone();
        thread::spawn(move || {
            for _ in 0..70 {
                connection.send("e", text.as_str()).unwrap();
            }
            assert!(connection.flush());
            for _ in 0..70 {
                assert_eq!(heard(&mut connection), format!("e {text}"));
            }
            connection
        })
    };
    for _ in 0..70 {
        client.send("e", text.as_str()).unwrap();
    }
    assert!(client.flush());
    for _ in 0..70 {
        assert_eq!(next(&mut client), format!("e {text}"));
    }
    drop(other.join().unwrap());
}

#[test]
fn nothing_is_lost_by_closing_at_once() {
    let (mut client, connection) = Place::new().pair();
    let reader = thread::spawn(move || {
        let mut count = 0;
        for event in connection {
            count += usize::from(matches!(event, Incoming::Message(_)));
        }
        count
    });
    for _ in 0..10_000 {
        client.send("e", "some text to fill the socket with").unwrap();
    }
    assert!(client.close().undelivered.is_empty());
    assert_eq!(reader.join().unwrap(), 10_000);
    assert_eq!(client.tally().written, 10_000);
}

#[test]
fn a_peer_that_does_not_read_fills_the_queue_and_no_more() {
    let place = Place::new();
    let mut server = place.listen();
    let limits = QueueLimits::default().with_max_bytes(100_000);
    let mut client = place.builder().queue(limits).build();
    client.connected().unwrap();
    let mut connection = server.accept().unwrap();
    let text = "x".repeat(10_000);
    let mut sent = 0;
    let full = loop {
        match client.emit("e", text.as_str()) {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, EmitError::Full(_)), "{full:?}");
    for _ in 0..sent {
        assert_eq!(heard(&mut connection), format!("e {text}"));
        // What waits leaves with any call that has to wait itself.
        let _ = client.next_timeout(Duration::from_millis(1));
    }
}

#[test]
fn a_queue_that_disconnects_says_so() {
    let place = Place::new();
    let mut server = place.listen();
    let limits = QueueLimits::default().with_max_messages(1);
    let policy = OverflowPolicy::Disconnect;
    let mut client = place.builder().queue(limits).overflow(policy).build();
    client.emit("e", "waits").unwrap();
    assert!(matches!(client.emit("e", "too many"), Err(EmitError::Full(_))));
    client.connected().unwrap();
    let _connection = server.accept().unwrap();
    let events: Vec<_> = (0..4).map(|_| next(&mut client)).collect();
    assert_eq!(events, ["connect", "error queue_full", "disconnect queue_full", "destroy"]);
    assert_eq!(client.close().undelivered.len(), 1);
}

/// As the async driver has it: what waited is handed back, so there is nothing to come back with.
#[test]
fn a_queue_that_disconnects_ends_the_client_whatever_its_policy() {
    let place = Place::new();
    let mut server = place.listen();
    let limits = QueueLimits::default().with_max_messages(1);
    let builder = place.builder().queue(limits).overflow(OverflowPolicy::Disconnect);
    let mut client = builder.reconnect(times(9)).build();
    client.emit("e", "waits").unwrap();
    assert!(matches!(client.emit("e", "too many"), Err(EmitError::Full(_))));
    client.connected().unwrap();
    let _connection = server.accept().unwrap();
    let events: Vec<_> = (0..4).map(|_| next(&mut client)).collect();
    assert_eq!(events, ["connect", "error queue_full", "disconnect queue_full", "destroy"]);
    assert_eq!(client.close().undelivered.len(), 1);
}

#[test]
fn in_sync_mode_one_message_is_in_flight() {
    let place = Place::new();
    let mut server = place.listen();
    let mut client = place.builder().in_flight(InFlight::One).build();
    client.connected().unwrap();
    let mut connection = server.accept().unwrap();
    for text in ["1", "2", "3"] {
        client.emit("e", text).unwrap();
    }
    for text in ["1", "2", "3"] {
        assert_eq!(heard(&mut connection), format!("e {text}"));
        let nothing = connection.next_timeout(Duration::from_millis(1));
        assert!(matches!(nothing, Err(NextError::TimedOut)));
        connection.emit("answer", text).unwrap();
        while next(&mut client) != format!("answer {text}") {}
        let _ = client.next_timeout(Duration::from_millis(1));
    }
}

#[test]
fn what_is_sent_can_be_watched() {
    let place = Place::new();
    let (told, tells) = std::sync::mpsc::channel();
    let builder = place.builder().watch_sent(move |message| {
        told.send(message.event().to_owned()).unwrap();
    });
    let mut client = builder.build();
    client.emit("one", "a").unwrap();
    client.send("two", "b").unwrap();
    assert_eq!(tells.try_iter().collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn time_runs_out_without_an_event() {
    let (mut client, _connection) = Place::new().pair();
    let nothing = client.next_timeout(Duration::from_millis(5));
    assert!(matches!(nothing, Err(NextError::TimedOut)));
}

#[test]
fn what_has_come_is_returned_however_little_time_there_is() {
    let (mut client, mut connection) = Place::new().pair();
    assert_eq!(happened(&mut client), "nothing was received in time");
    for n in 0..3 {
        connection.emit("e", n.to_string().as_str()).unwrap();
        assert_eq!(happened(&mut client), format!("e {n}"));
    }
    drop(connection);
    assert_eq!(happened(&mut client), "disconnect PeerClosed");
}

/// The socket's own limit is shorter than what is asked for, so that it need not be set for each wait.
#[test]
#[expect(clippy::disallowed_methods, reason = "the time of a real wait is measured")]
fn a_long_wait_lasts_as_long_as_it_is_asked_to() {
    let (mut client, mut connection) = Place::new().pair();
    let time = Duration::from_millis(2100);
    let begun = Instant::now();
    assert_eq!(client.next_timeout(time).unwrap_err(), NextError::TimedOut);
    assert!(begun.elapsed() >= time);
    connection.emit("e", "1").unwrap();
    assert_eq!(client.next_timeout(time).map(drop), Ok(()));
}

/// A client with this policy, and the bare socket of its server.
fn gathering(policy: FlushPolicy) -> (Client<Lines>, UnixStream) {
    let place = Place::new();
    let listener = UnixListener::bind(place.path()).unwrap();
    let mut client = place.builder().flush_policy(policy).build();
    client.connected().unwrap();
    let (socket, _) = listener.accept().unwrap();
    // What is written to a Unix socket is there at once: nothing has to be waited for.
    socket.set_nonblocking(true).unwrap();
    assert_eq!(next(&mut client), "connect");
    (client, socket)
}

/// Returns what is there.
fn arrived(socket: &mut UnixStream) -> String {
    let mut bytes = vec![0; 1 << 20];
    match socket.read(&mut bytes) {
        Ok(n) => String::from_utf8_lossy(&bytes[..n]).into_owned(),
        Err(error) if error.kind() == ErrorKind::WouldBlock => String::new(),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn messages_gather_until_a_call_waits() {
    let (mut client, mut socket) = gathering(FlushPolicy::Within(Duration::MAX));
    client.emit("a", "1").unwrap();
    client.emit("b", "2").unwrap();
    assert_eq!(arrived(&mut socket), "");
    assert!(client.flush());
    assert_eq!(arrived(&mut socket), "a 1\nb 2\n");
    client.emit("c", "3").unwrap();
    assert_eq!(arrived(&mut socket), "");
    assert_eq!(client.next_timeout(Duration::ZERO).unwrap_err(), NextError::TimedOut);
    assert_eq!(arrived(&mut socket), "c 3\n");
    client.emit("d", "4").unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    assert!(client.close().undelivered.is_empty());
    assert_eq!(arrived(&mut socket), "d 4\n");
}

#[test]
fn flush_does_not_wait_for_the_peer_to_say_something() {
    let (mut client, mut socket) = gathering(FlushPolicy::WhenIdle);
    socket.write_all(b"one 1\ntwo 2\n").unwrap();
    assert_eq!(next(&mut client), "one 1");
    client.emit("a", "1").unwrap();
    assert!(client.flush());
    assert_eq!(arrived(&mut socket), "a 1\n");
    assert_eq!(next(&mut client), "two 2");
}

#[test]
fn messages_gather_until_the_time_is_over_or_they_are_many() {
    let (mut client, mut socket) = gathering(FlushPolicy::Within(Duration::ZERO));
    for number in 0..4 {
        client.emit("n", number.to_string().as_str()).unwrap();
        let expected = ["", "n 0\nn 1\n", "", "n 2\nn 3\n"][number];
        assert_eq!(arrived(&mut socket), expected);
    }
    let (mut client, mut socket) = gathering(FlushPolicy::Within(Duration::MAX));
    client.emit("n", "0").unwrap();
    client.emit("large", "x".repeat(64 * 1024).as_str()).unwrap();
    assert!(arrived(&mut socket).starts_with("n 0\nlarge xxx"));
}

/// The peer reads all the time and says nothing: what is written must not be waited for.
#[test]
fn flush_ends_however_fast_the_peer_reads() {
    let (mut client, mut socket) = gathering(FlushPolicy::Immediate);
    socket.set_nonblocking(false).unwrap();
    let total = 300 * 400_000;
    let reader = thread::spawn(move || {
        let (mut buffer, mut read) = (vec![0; 64 * 1024], 0);
        while read < total {
            read += socket.read(&mut buffer).unwrap();
        }
        socket
    });
    let text = "x".repeat(400_000 - "e \n".len());
    for _ in 0..300 {
        client.emit("e", text.as_str()).unwrap();
        assert!(client.flush());
    }
    drop(reader.join().unwrap());
}
