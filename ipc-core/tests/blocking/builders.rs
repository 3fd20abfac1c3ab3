//! What a builder takes and refuses.

use std::time::Duration;

use ipc_core::blocking::{Client, Server};
use ipc_transport::{
    AbstractTransport, FallbackTransport, FaultTransport, Faults, MemoryTransport, TcpTransport,
    Transport, UdpTransport,
};

use crate::lines::Lines;
use crate::rig::{Place, heard, next};

#[track_caller]
fn refused(transport: impl Transport + Clone) {
    let endpoint = transport.endpoint();
    let client = Client::builder(Lines, transport.clone()).map(drop).unwrap_err();
    let server = Server::builder(Lines, transport).map(drop).unwrap_err();
    assert_eq!(client, server);
    assert_eq!((&client.endpoint, client.code()), (&endpoint, "not_blocking"));
    assert!(client.to_string().contains(&endpoint.to_string()), "{client}");
}

#[test]
fn sockets_that_need_a_runtime_are_refused_at_once() {
    refused(MemoryTransport::new("nowhere"));
    refused(UdpTransport::udp4("127.0.0.1", 0));
    let wrapped =
        std::sync::Arc::new(FaultTransport::new(TcpTransport::new("127.0.0.1", 0), Faults::new(1)));
    refused(wrapped);
    let one_of_two = FallbackTransport::new(TcpTransport::new("127.0.0.1", 1));
    let one_of_two = one_of_two.or(MemoryTransport::new("nowhere"));
    refused(std::sync::Arc::new(one_of_two));
}

#[test]
fn plain_sockets_are_taken_however_they_are_held() {
    let tcp = || TcpTransport::new("127.0.0.1", 0);
    assert!(Client::builder(Lines, AbstractTransport::new("x")).is_ok());
    assert!(Client::builder(Lines, FallbackTransport::new(tcp()).or(tcp())).is_ok());
    let boxed: Box<dyn Transport> = Box::new(tcp());
    assert!(Client::builder(Lines, boxed).is_ok());
}

#[test]
fn one_connection_too_many_is_closed_and_counted() {
    let place = Place::new();
    let builder = Server::builder(Lines, place.unix()).unwrap();
    let mut server = builder.max_connections(1).listen().unwrap();
    let mut clients: Vec<_> = (0..3).map(|_| place.builder().build()).collect();
    clients.iter_mut().for_each(|client| client.connected().unwrap());
    let mut first = server.accept().unwrap();
    // The first one ends: its place is free before it is dropped. The second came before that.
    let (took, taken) = std::sync::mpsc::channel();
    let accepting = std::thread::spawn(move || {
        let refused = server.accept().map(|_| server.refused()).unwrap();
        took.send(refused).unwrap();
    });
    for client in clients.iter_mut().skip(1) {
        assert_eq!(next(client), "connect");
        assert_eq!(next(client), "disconnect PeerClosed");
    }
    assert_eq!(taken.try_recv().ok(), None);
    clients.remove(0).close();
    assert_eq!(heard(&mut first), "disconnect PeerClosed");
    let mut fourth = place.builder().build();
    fourth.connected().unwrap();
    assert_eq!(taken.recv_timeout(Duration::from_secs(60)).ok(), Some(2));
    accepting.join().unwrap();
}
