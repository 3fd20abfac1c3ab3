//! Whom a server without a runtime lets in, and how much it takes.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ipc_core::blocking::Server;
use ipc_core::{Access, Allow, OnDenied, OverRate, Rate};

use tokio::time::Instant;

use crate::lines::Lines;
use crate::rig::{Clock, Place, heard, next};

#[test]
fn who_is_refused_is_closed_and_told_of_and_the_next_is_taken() {
    let place = Place::new();
    let (told, refusals) = mpsc::channel();
    let mut count = 0;
    let access = std::sync::Mutex::new(move || {
        count += 1;
        if count == 1 { Err("not the first".into()) } else { Ok(()) }
    });
    let mut server = Server::builder(Lines, place.unix())
        .unwrap()
        .access(Access::check(move |_| access.lock().unwrap()()))
        .on_refused(move |info, why| {
            told.send((info.credentials.is_some(), why.to_string())).unwrap()
        })
        .listen()
        .unwrap();
    let mut first = UnixStream::connect(place.path()).unwrap();
    let _second = UnixStream::connect(place.path()).unwrap();
    let _connection = server.accept().unwrap();
    assert_eq!(server.refused(), 1);
    assert_eq!(refusals.try_recv().unwrap(), (true, "not the first".to_owned()));
    assert_eq!(first.read(&mut [0]).unwrap(), 0);
}

fn server(place: &Place, rate: Rate) -> Server<Lines> {
    Server::builder(Lines, place.unix()).unwrap().rate(Some(rate)).listen().unwrap()
}

#[test]
fn a_throttled_peer_is_read_at_its_rate_and_written_to_meanwhile() {
    let place = Place::new();
    let mut server = server(&place, Rate::messages(100).burst(10));
    let mut client = place.builder().build();
    client.connected().unwrap();
    assert_eq!(next(&mut client), "connect");
    let mut connection = server.accept().unwrap();
    let began = Instant::now();
    for n in 0..40 {
        client.emit("n", n.to_string().as_str()).unwrap();
    }
    let reading = thread::spawn(move || {
        assert_eq!(next(&mut client), "news here");
        client
    });
    for n in 0..40 {
        assert_eq!(heard(&mut connection), format!("n {n}"));
        if n == 9 {
            // The next one has to wait, and what is sent now does not.
            connection.emit("news", "here").unwrap();
        }
    }
    // 30 at 100 a second.
    assert!(began.elapsed() >= Duration::from_millis(290), "{:?}", began.elapsed());
    let limited = connection.limited();
    // Fewer than 31 where this thread was late, and what it waited for had come meanwhile.
    assert!((1..=31).contains(&limited.throttled), "{limited:?}");
    assert_eq!(limited.dropped, 0);
    drop(reading.join().unwrap());
    assert_eq!(heard(&mut connection), "disconnect PeerClosed");
}

#[test]
fn a_wait_for_a_throttled_peer_has_its_time() {
    let place = Place::new();
    // The first message costs an hour.
    let mut server = server(&place, Rate::messages(1).bytes(1));
    let mut socket = UnixStream::connect(place.path()).unwrap();
    let first = format!("n {}", "0".repeat(3600));
    socket.write_all(format!("{first}\nn 1\n").as_bytes()).unwrap();
    let mut connection = server.accept().unwrap();
    assert_eq!(heard(&mut connection), first);
    let nothing = connection.next_timeout(Duration::from_millis(50)).unwrap_err();
    assert_eq!(nothing.code(), "receive_timeout");
}

#[test]
fn a_throttled_peer_is_read_from_when_its_time_has_come() {
    let (place, clock) = (Place::new(), Clock::new());
    let _own = clock.enter();
    let mut server = server(&place, Rate::messages(1));
    let mut socket = UnixStream::connect(place.path()).unwrap();
    socket.write_all(b"n 0\nn 1\n").unwrap();
    let mut connection = server.accept().unwrap();
    assert_eq!(heard(&mut connection), "n 0");
    for passes in [0, 999] {
        clock.advance(Duration::from_millis(passes));
        let nothing = connection.next_timeout(Duration::ZERO).unwrap_err();
        assert_eq!(nothing.code(), "receive_timeout");
    }
    clock.advance(Duration::from_millis(1));
    assert_eq!(heard(&mut connection), "n 1");
}

#[test]
fn what_is_over_the_rate_is_dropped_or_closes() {
    let place = Place::new();
    for over in [OverRate::Drop, OverRate::Close] {
        let mut server = server(&place, Rate::messages(1).burst(2).over(over));
        let mut socket = UnixStream::connect(place.path()).unwrap();
        socket.write_all("n x\n".repeat(10).as_bytes()).unwrap();
        drop(socket);
        let mut connection = server.accept().unwrap();
        for expected in ["n x", "n x", "error rate_exceeded"] {
            assert_eq!(heard(&mut connection), expected, "{over:?}");
        }
        let (expected, dropped) = match over {
            OverRate::Close => ("disconnect rate_exceeded", 0),
            _ => ("disconnect PeerClosed", 8),
        };
        assert_eq!(heard(&mut connection), expected);
        assert_eq!(connection.limited().dropped, dropped);
    }
}

#[test]
fn what_is_not_allowed_is_dropped_or_closes() {
    let place = Place::new();
    for then in [OnDenied::Report, OnDenied::Close] {
        let allow = Allow::new().events(["app.*"]).unwrap();
        let builder = Server::builder(Lines, place.unix()).unwrap().allow(allow).on_denied(then);
        let mut server = builder.listen().unwrap();
        let mut socket = UnixStream::connect(place.path()).unwrap();
        socket.write_all(b"app.a 1\nstop 2\nstop 3\napp.b 4\n").unwrap();
        drop(socket);
        let mut connection = server.accept().unwrap();
        let expected: &[&str] = match then {
            OnDenied::Close => &["app.a 1", "error denied", "disconnect denied"],
            _ => &["app.a 1", "error denied", "app.b 4", "disconnect PeerClosed"],
        };
        for expected in expected {
            assert_eq!(heard(&mut connection), *expected, "{then:?}");
        }
        assert_eq!(connection.limited().denied, if then == OnDenied::Close { 1 } else { 2 });
    }
}
