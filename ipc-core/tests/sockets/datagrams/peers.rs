//! Peers without connections: whom a server reaches, and when one is gone.

use std::time::Duration;

use ipc_core::{Error, Incoming, Server, ServerEvent};
use ipc_transport::{MemoryTransport, TcpTransport, Transport, UdpLimits};
use tokio::time::Instant;

use super::rig::{Rig, Somebody, address, udp};
use crate::support::{Lines, Log, soon};

// Tests W49
both_runtimes!(a_broadcast_reaches_whom_was_heard_of_and_nobody_else);
async fn a_broadcast_reaches_whom_was_heard_of_and_nobody_else() {
    let rig = Rig::new().await;
    let (heard, silent) = (Somebody::new(), Somebody::new());
    heard.send("hello 1\n", rig.address);
    rig.log.until("1 hello 1").await;
    let peer = rig.server.peer_at(silent.address()).unwrap();
    peer.emit("greet", "1").unwrap();
    assert_eq!(silent.hear().await, ("greet 1\n".to_owned(), rig.address));

    assert_eq!(rig.server.broadcast("all", "1").unwrap().sent, 1);
    assert_eq!(soon(rig.server.broadcast_send("all", "2")).await.unwrap().sent, 1);
    assert_eq!((heard.hear().await.0, heard.hear().await.0), ("all 1\n".into(), "all 2\n".into()));
    assert!(silent.heard_nothing());
    // Who is named, or was put into a group, is sent to all the same.
    peer.join("known to the program").unwrap();
    assert_eq!(rig.server.to("known to the program").emit("group", "1").unwrap().sent, 1);
    assert_eq!(rig.server.only([peer.id()]).emit("only", "1").unwrap().sent, 1);
    assert_eq!(
        (silent.hear().await.0, silent.hear().await.0),
        ("group 1\n".into(), "only 1\n".into())
    );

    silent.send("hello 2\n", rig.address);
    rig.log.until("2 hello 2").await;
    assert_eq!(rig.server.broadcast("all", "3").unwrap().sent, 2);
    assert_eq!(silent.hear().await.0, "all 3\n");
}

both_runtimes!(a_peer_is_found_by_its_address);
async fn a_peer_is_found_by_its_address() {
    let rig = Rig::new().await;
    let somebody = Somebody::new();
    let opened = rig.server.peer_at(somebody.address()).unwrap();
    assert_eq!(rig.server.peer_at(somebody.address()).unwrap(), opened);
    somebody.send("hello 1\n", rig.address);
    rig.log.until("1 hello 1").await;
    assert_eq!(rig.server.peers(), std::slice::from_ref(&opened));
    assert_eq!(opened.info().unwrap().remote, Some(somebody.address()));

    // One that is closed is made anew.
    opened.close();
    let again = rig.server.peer_at(somebody.address()).unwrap();
    assert_ne!(again, opened);
    soon(opened.closed()).await;
    again.emit("greet", "1").unwrap();
    assert_eq!(somebody.hear().await.0, "greet 1\n");
    assert_eq!(rig.server.peer_at(somebody.address()).unwrap(), again);

    let wrong = rig.server.peer_at("[::1]:9".parse().unwrap()).unwrap_err();
    assert_eq!(wrong.code(), "wrong_family");
    rig.server.shutdown(Duration::from_secs(60)).await;
    let closed = rig.server.peer_at(somebody.address());
    assert!(matches!(closed, Err(Error::Closed)));
}

both_runtimes!(where_peers_connect_only_those_are_found);
async fn where_peers_connect_only_those_are_found() {
    let server = Server::builder(Lines, TcpTransport::new("127.0.0.1", 0)).build();
    let log = Log::of_server(&server);
    let bound = server.listen().await.unwrap();
    let stream = bound.transport().unwrap().dial().await.unwrap();
    log.until("1 connect").await;
    let remote = server.peers()[0].info().unwrap().remote.unwrap();
    assert_eq!(server.peer_at(remote).unwrap().id().get(), 1);
    drop(stream);
    let unknown = server.peer_at(address(&bound)).unwrap_err();
    assert!(unknown.to_string().contains(&address(&bound).to_string()), "{unknown}");
    let memory = Server::builder(Lines, MemoryTransport::new("no-addresses")).build();
    assert_eq!(memory.peer_at(remote).unwrap_err().code(), "no_peer_at");
}

#[cfg(target_os = "linux")]
both_runtimes!(a_datagram_that_was_not_sent_is_told_to_streams_at_once);
async fn a_datagram_that_was_not_sent_is_told_to_streams_at_once() {
    let rig = Rig::new().await;
    let mut events = rig.server.events();
    // The loopback's broadcast address, which needs a setting.
    let everybody = rig.server.peer_at(([127, 255, 255, 255], 9).into()).unwrap();
    assert!(matches!(
        soon(events.next()).await,
        Some(Incoming::Lifecycle(ServerEvent::Connect(_)))
    ));
    everybody.emit("greet", "1").unwrap();
    let Some(Incoming::Lifecycle(ServerEvent::Error { error, .. })) = soon(events.next()).await
    else {
        panic!("no error");
    };
    let source = std::error::Error::source(&*error).unwrap().to_string();
    assert!(source.contains("broadcast option"), "{error}: {source}");
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_nobody() {
    let rig = Rig::new().await;
    let somebody = Somebody::new();
    somebody.send("hello 1\n", rig.address);
    rig.log.until("1 hello 1").await;
    rig.server.peer_at(Somebody::new().address()).unwrap();
    let start = Instant::now();
    rig.server.peers()[0].close();
    rig.log.until("1 disconnect local").await;
    let report = rig.server.shutdown(Duration::from_secs(60)).await;
    assert_eq!((report.cut, start.elapsed()), (0, Duration::ZERO));
    // Its port is free.
    std::net::UdpSocket::bind(rig.address).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_silent_for_long_is_gone_and_may_come_back() {
    let limits = UdpLimits::default().with_idle(Duration::from_secs(60));
    let rig = Rig::with(udp().with_limits(limits), |builder| builder).await;
    let somebody = Somebody::new();
    somebody.send("hello 1\n", rig.address);
    rig.log.until("1 disconnect by peer").await;
    assert!(rig.server.peers().is_empty());
    somebody.send("hello 2\n", rig.address);
    rig.log.until("2 hello 2").await;
}
