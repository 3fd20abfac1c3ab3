//! A client whose server is away, comes, goes and comes back.

use std::thread;
use std::time::Duration;

use ipc_core::ConnectError;
use ipc_core::blocking::NextError;
use ipc_core::session::{Backoff, ReconnectPolicy, State};

use crate::rig::{Place, heard, next, times};

#[test]
fn nobody_there_ends_it_when_the_attempts_are_used_up() {
    let place = Place::new();
    let mut client = place.builder().reconnect(times(2)).build();
    client.emit("e", "waits").unwrap();
    assert!(matches!(client.connected(), Err(ConnectError::Failed(_))));
    for _ in 0..3 {
        assert_eq!(next(&mut client), "error nobody_listening");
        assert_eq!(next(&mut client), "disconnect nobody_listening");
    }
    assert_eq!(next(&mut client), "destroy");
    assert!(client.next().is_none());
    assert!(matches!(client.next_timeout(Duration::ZERO), Err(NextError::Ended)));
    assert_eq!(client.close().undelivered.len(), 1);
    assert!(client.emit("e", "too late").is_err());
}

#[test]
fn a_server_that_comes_back_gets_what_waited() {
    let place = Place::new();
    let mut server = place.listen();
    let mut client = place.builder().reconnect(times(100_000)).build();
    client.connected().unwrap();
    let connection = server.accept().unwrap();
    assert_eq!(next(&mut client), "connect");
    drop((server, connection));
    assert_eq!(next(&mut client), "disconnect PeerClosed");
    client.emit("while", "away").unwrap();
    let restarted = thread::spawn(move || {
        let mut connection = place.listen().accept().unwrap();
        assert_eq!(heard(&mut connection), "while away");
    });
    let event = loop {
        let event = next(&mut client);
        if !event.ends_with("nobody_listening") {
            break event;
        }
    };
    assert_eq!(event, "connect");
    assert!(client.flush());
    restarted.join().unwrap();
}

#[test]
fn a_client_that_waits_can_be_asked_for_a_while_only() {
    let place = Place::new();
    let hour = Backoff::fixed(Duration::from_secs(3600));
    let mut client = place.builder().reconnect(ReconnectPolicy::forever(hour)).build();
    assert_eq!(next(&mut client), "error nobody_listening");
    assert_eq!(next(&mut client), "disconnect nobody_listening");
    let nothing = client.next_timeout(Duration::from_millis(2));
    assert!(matches!(nothing, Err(NextError::TimedOut)));
    assert!(matches!(client.state(), State::Waiting(_)));
    client.close();
    assert_eq!(client.state(), State::Destroyed);
}
