//! Handshakes that stall: they have a deadline and a quota of their own, and delay no other client.

use std::time::Duration;

use ipc_transport::{HandshakeFailure, TlsClient, TlsServer, TlsTransport, Transport};
use tokio::net::{TcpListener, TcpStream};

use crate::certificates::Authority;
use crate::rig::{client, dialer, failure, port, server, soon};

#[tokio::test]
async fn a_client_that_never_begins_is_cut() {
    let limit = Duration::from_millis(50);
    let transport = TlsTransport::new("127.0.0.1", 0)
        .with_server(server(&Authority::new("ca").local()))
        .with_handshake_timeout(limit);
    let mut listener = transport.listen().await.expect("a listener");
    let stalled = TcpStream::connect(("127.0.0.1", port(&*listener))).await.expect("a socket");
    assert_eq!(failure(soon(listener.accept()).await), HandshakeFailure::Timeout { limit });
    drop(stalled);
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let limit = Duration::from_millis(50);
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let port = silent.local_addr().expect("an address").port();
    let client = client(&Authority::new("ca"));
    let transport =
        TlsTransport::new("127.0.0.1", port).with_client(client).with_handshake_timeout(limit);
    assert_eq!(failure(soon(transport.dial()).await), HandshakeFailure::Timeout { limit });
}

#[tokio::test]
async fn ninety_nine_that_stall_keep_nobody_waiting() {
    let authority = Authority::new("ca");
    // Longer than the test may take: those who stall are there the whole time.
    let transport = TlsTransport::new("127.0.0.1", 0)
        .with_server(server(&authority.local()))
        .with_handshake_timeout(Duration::from_secs(600));
    let mut listener = transport.listen().await.expect("a listener");
    let address = ("127.0.0.1", port(&*listener));
    let friend = dialer(&*listener, client(&authority));
    let mut stalled = Vec::new();
    for _ in 0..99 {
        stalled.push(TcpStream::connect(address).await.expect("a socket"));
    }
    let accepting = tokio::spawn(async move { (listener.accept().await, listener) });
    assert!(soon(friend.dial()).await.is_ok());
    assert!(soon(accepting).await.expect("no panic").0.is_ok());
}

#[tokio::test]
async fn one_too_many_cuts_the_oldest() {
    let authority = Authority::new("ca");
    let transport = TlsTransport::new("127.0.0.1", 0)
        .with_server(server(&authority.local()))
        .with_handshake_timeout(Duration::from_secs(600))
        .with_max_handshakes(2);
    let mut listener = transport.listen().await.expect("a listener");
    let address = ("127.0.0.1", port(&*listener));
    let friend = dialer(&*listener, client(&authority));
    let mut stalled = Vec::new();
    for _ in 0..4 {
        stalled.push(TcpStream::connect(address).await.expect("a socket"));
    }
    let accepting = tokio::spawn(async move {
        let mut ends = Vec::new();
        for _ in 0..4 {
            ends.push(listener.accept().await);
        }
        (ends, listener)
    });
    assert!(soon(friend.dial()).await.is_ok());
    let (ends, _listener) = soon(accepting).await.expect("no panic");
    let (taken, cut): (Vec<_>, Vec<_>) = ends.into_iter().partition(Result::is_ok);
    assert_eq!(taken.len(), 1);
    for end in cut {
        assert_eq!(failure(end), HandshakeFailure::CrowdedOut { limit: 2 });
    }
}

/// A dial that is given up leaves a listener that goes on.
#[tokio::test]
async fn a_dial_that_is_dropped_is_no_harm() {
    let authority = Authority::new("ca");
    let identity = authority.local();
    let server = TlsServer::builder(identity.chain(), identity.key()).build().expect("a server");
    let transport = TlsTransport::new("127.0.0.1", 0).with_server(server);
    let mut listener = transport.listen().await.expect("a listener");
    let dialer = dialer(&*listener, client(&authority));
    let _ = tokio::time::timeout(Duration::ZERO, dialer.dial()).await;
    let accepting = tokio::spawn(async move {
        loop {
            if let Ok(stream) = listener.accept().await {
                return (stream, listener);
            }
        }
    });
    assert!(soon(dialer.dial()).await.is_ok());
    soon(accepting).await.expect("no panic");
}

#[tokio::test]
async fn dialing_and_listening_need_their_settings() {
    let transport = TlsTransport::new("127.0.0.1", 0);
    assert_eq!(transport.dial().await.expect_err("no CA").code(), "tls_no_client");
    assert_eq!(transport.listen().await.expect_err("no key").code(), "tls_no_server");
    if !cfg!(feature = "tls-native-roots") {
        assert_eq!(TlsClient::builder().build().expect_err("no CA").code(), "tls_no_trust");
    }
}
