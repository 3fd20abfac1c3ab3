//! One user or address cannot take all places.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use ipc_core::Server;
use ipc_transport::{Endpoint, TcpTransport};

use crate::support::{Lines, Log, Raw, soon};

/// Returns whether a peer from `from` is served. One that is not is hung up on.
async fn served(port: u16, from: Ipv4Addr, keep: &mut Vec<Raw>) -> bool {
    let address = SocketAddr::from((from, 0));
    let transport = TcpTransport::new("127.0.0.1", port).with_local_address(address);
    let mut peer = Raw::dial(&transport).await;
    peer.write("say hello\n").await;
    let served = soon(peer.line()).await == "echo hello";
    keep.push(peer);
    served
}

both_runtimes!(one_address_cannot_take_all_places);
async fn one_address_cannot_take_all_places() {
    // Attack 26. Only Linux has more than one loopback address without further ado.
    if !cfg!(target_os = "linux") {
        return;
    }
    let server = Server::builder(Lines, TcpTransport::new("127.0.0.1", 0))
        .max_connections(100)
        .max_connections_per_identity(Some(3))
        .build();
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    let log = Log::of_server(&server);
    let Endpoint::Tcp { port, .. } = server.listen().await.unwrap() else { panic!("not TCP") };
    let (one, other) = (Ipv4Addr::new(127, 0, 0, 1), Ipv4Addr::new(127, 0, 0, 2));
    let mut keep = Vec::new();
    for expected in [true, true, true, false] {
        assert_eq!(served(port, one, &mut keep).await, expected);
    }
    assert!(served(port, other, &mut keep).await);
    assert!(log.lines().iter().any(|line| line.starts_with("refused")), "{:?}", log.lines());
    // Who leaves makes room.
    keep.remove(0).finish().await;
    log.until("1 disconnect by peer").await;
    assert!(served(port, one, &mut keep).await);
    server.shutdown(Duration::ZERO).await;
}
