//! What a closed connection waits for once everything is written: the peer's end, for so long.

use std::io::Read;
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::Duration;

use ipc_core::blocking::Server;

use crate::lines::Lines;
use crate::rig::Place;

#[test]
fn a_peer_that_ends_in_answer_is_reported() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path()).unwrap();
    let mut client = place.builder().linger(Duration::MAX).build();
    client.connected().unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    let peer = thread::spawn(move || {
        let mut got = String::new();
        peer.read_to_string(&mut got).map(|_| got)
    });
    client.emit("n", "1").unwrap();
    let report = client.close();
    assert!(report.undelivered.is_empty() && report.peer_ended);
    assert_eq!(peer.join().unwrap().unwrap(), "n 1\n");
}

#[test]
fn a_peer_that_keeps_its_side_open_is_not_waited_for_without_end() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path()).unwrap();
    let mut client = place.builder().linger(Duration::from_millis(1)).build();
    client.connected().unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    client.emit("n", "1").unwrap();
    let report = client.close();
    assert!(report.undelivered.is_empty() && !report.peer_ended);
    let mut got = String::new();
    peer.read_to_string(&mut got).unwrap();
    assert_eq!(got, "n 1\n");
}

#[test]
fn a_servers_connection_has_the_setting_too() {
    let place = Place::new();
    let mut server = Server::builder(Lines, place.unix())
        .unwrap()
        .linger(Duration::from_millis(1))
        .listen()
        .unwrap();
    let mut client = place.builder().build();
    client.connected().unwrap();
    let mut connection = server.accept().unwrap();
    assert!(!connection.close().peer_ended);
    drop(client);
}
