//! Threads that look for bytes before they sleep: what they receive, and when they sleep after all.

use std::io::Write;
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::Spin;
use ipc_core::blocking::{Client, Connection, NextError, Server};
use ipc_transport::{Endpoint, TcpTransport};

use crate::lines::Lines;
use crate::rig::{Place, echo, heard, next};

fn longest() -> Option<Spin> {
    Some(Spin::for_up_to(Spin::MAX).unwrap())
}

/// Both ends of a connection over a Unix socket, which spin.
fn pair(spin: Option<Spin>) -> (Client<Lines>, Connection<Lines>) {
    let place = Place::new();
    let mut server = Server::builder(Lines, place.unix()).unwrap().spin(spin).listen().unwrap();
    let mut client = place.builder().spin(spin).build();
    client.connected().unwrap();
    let connection = server.accept().unwrap();
    assert_eq!(next(&mut client), "connect");
    (client, connection)
}

fn check_echo(mut client: Client<Lines>, connection: Connection<Lines>) {
    let echo = echo(connection);
    for number in 0..1000 {
        client.emit("n", number.to_string().as_str()).unwrap();
        assert_eq!(next(&mut client), format!("n {number}"));
    }
    let text = "x".repeat(3_000_000);
    client.send("large", text.as_str()).unwrap();
    assert_eq!(next(&mut client), format!("large {text}"));
    assert!(client.close().undelivered.is_empty());
    assert_eq!(echo.join().unwrap(), "disconnect PeerClosed");
}

#[test]
fn an_echo_comes_back_to_threads_that_spin() {
    for time in [Duration::ZERO, Duration::from_micros(50), Spin::MAX] {
        let (client, connection) = pair(Spin::for_up_to(time).ok());
        check_echo(client, connection);
    }
}

#[test]
fn an_echo_comes_back_to_threads_that_spin_over_tcp() {
    let server = Server::builder(Lines, TcpTransport::new("127.0.0.1", 0)).unwrap();
    let mut server = server.spin(longest()).listen().unwrap();
    let Endpoint::Tcp { host, port } = server.endpoint() else { panic!("no TCP endpoint") };
    let client = Client::builder(Lines, TcpTransport::new(host, port)).unwrap();
    let mut client = client.spin(longest()).build();
    client.connected().unwrap();
    assert_eq!(next(&mut client), "connect");
    check_echo(client, server.accept().unwrap());
}

#[test]
fn a_peer_that_closes_ends_a_spin() {
    for closes in [false, true] {
        let (mut client, mut connection) = pair(longest());
        let waits = thread::spawn(move || heard(&mut connection));
        if closes {
            client.close();
        }
        drop(client);
        assert_eq!(waits.join().unwrap(), "disconnect PeerClosed");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the time of a real wait is measured")]
fn a_spin_keeps_the_deadline_of_the_caller() {
    let (mut client, _connection) = pair(longest());
    // Less than a spin, and more.
    for time in [Duration::from_millis(1), 2 * Spin::MAX] {
        let begun = Instant::now();
        assert_eq!(client.next_timeout(time).unwrap_err(), NextError::TimedOut);
        assert!(begun.elapsed() >= time);
    }
}

#[test]
fn a_spin_keeps_the_deadline_of_an_unfinished_frame() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path()).unwrap();
    let limit = Some(Duration::from_millis(1));
    let mut client = place.builder().spin(longest()).frame_timeout(limit).build();
    client.connected().unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    assert_eq!(next(&mut client), "connect");
    socket.write_all(b"half a fra").unwrap();
    assert_eq!(next(&mut client), "error frame_timeout");
    assert_eq!(next(&mut client), "disconnect frame_timeout");
}

/// How often this thread has gone to sleep, and for how long it has run.
#[cfg(target_os = "linux")]
fn sleeps_and_time() -> (u64, Duration) {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let sleeps = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    let run = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let run = run.split(' ').next().unwrap().parse().unwrap();
    (sleeps.unwrap().trim().parse().unwrap(), Duration::from_nanos(run))
}

/// Long enough not to be over before the thread, which others may keep from running, begins to wait.
#[cfg(target_os = "linux")]
const LONG: Duration = Duration::from_millis(100);

/// Waits in vain for so long, and returns how often the thread slept and how long it ran meanwhile.
#[cfg(target_os = "linux")]
fn wait(client: &mut Client<Lines>, time: Duration) -> (u64, Duration) {
    let (sleeps, run) = sleeps_and_time();
    assert_eq!(client.next_timeout(time).unwrap_err(), NextError::TimedOut);
    let (now, ran) = sleeps_and_time();
    (now - sleeps, ran - run)
}

#[test]
#[cfg(target_os = "linux")]
fn a_wait_spins_and_a_quiet_connection_stops_spinning() {
    let (mut client, mut connection) = pair(longest());
    let slept = |client: &mut Client<Lines>, waits: usize, within: Duration| -> Vec<u64> {
        (0..waits).map(|_| wait(client, within).0).collect()
    };
    let less = Spin::MAX / 5;
    // Something else may put a thread to sleep once, such as a page that is not there.
    let spun = slept(&mut client, 8, less);
    assert!(spun.iter().filter(|sleeps| **sleeps == 0).count() >= 6, "{spun:?}");
    let slept_at_once = slept(&mut client, 7, LONG);
    assert!(slept_at_once.iter().all(|sleeps| *sleeps > 0), "{slept_at_once:?}");
    // What comes in time makes it spin again, as soon as a wait tries; some may come late, where others
    // keep this thread from running.
    for _ in 0..8 {
        connection.emit("e", "1").unwrap();
        assert_eq!(next(&mut client), "e 1");
    }
    let spun = slept(&mut client, 8, less);
    assert!(spun.iter().filter(|sleeps| **sleeps == 0).count() >= 6, "{spun:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn nothing_spins_by_default() {
    let (mut client, _connection) = pair(None);
    for _ in 0..3 {
        assert!(wait(&mut client, LONG).0 > 0);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_thread_sleeps_after_the_limit() {
    let (mut client, _connection) = pair(longest());
    let (sleeps, ran) = wait(&mut client, Duration::from_secs(1));
    assert!(sleeps > 0 && ran < Duration::from_millis(300), "{sleeps} {ran:?}");
}
