//! A server that is there and does not keep up, so that a client waits for a place.
#![cfg(target_os = "linux")]

use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use ipc_core::ConnectError;
use ipc_core::blocking::{NextError, Server};
use ipc_core::session::State;

use crate::lines::Lines;
use crate::rig::{Place, heard, next};

/// Returns a server whose backlog is full, and who fills it: a backlog of 0 has room for one.
fn full(place: &Place) -> (Server<Lines>, UnixStream) {
    let server = Server::builder(Lines, place.unix().with_backlog(0)).unwrap().listen().unwrap();
    (server, UnixStream::connect(place.path()).unwrap())
}

#[test]
fn a_busy_server_is_told_from_one_that_is_not_there() {
    let place = Place::new();
    let _full = full(&place);
    let mut client = place.builder().connect_timeout(Duration::from_millis(50)).build();
    let Err(ConnectError::Failed(error)) = client.connected() else { panic!("connected") };
    assert_eq!(error.code(), "busy");
    assert!(error.to_string().contains("50 ms"), "{error}");
}

#[test]
fn a_place_that_gets_free_is_taken() {
    let place = Place::new();
    let (mut server, _first) = full(&place);
    let mut client = place.builder().build();
    // The attempt has its own limit; who asks for less has it given up and made anew.
    let nothing = client.next_timeout(Duration::from_millis(5));
    assert!(matches!(nothing, Err(NextError::TimedOut)), "{nothing:?}");
    assert!(matches!(client.state(), State::Dialing { .. }), "{:?}", client.state());
    client.emit("say", "it waited").unwrap();
    let serving = thread::spawn(move || {
        let first = server.accept().unwrap();
        let mut second = server.accept().unwrap();
        assert_eq!(heard(&mut second), "say it waited");
        drop(first);
    });
    assert_eq!(next(&mut client), "connect");
    assert!(client.flush());
    serving.join().unwrap();
}
