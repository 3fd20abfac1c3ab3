//! What is different with TLS: clients that are refused, and streams that are cut in the middle.

use std::time::Duration;

use ipc_core::session::ReconnectPolicy;
use ipc_core::{Client, ConnectError};
use ipc_transport::{Endpoint, TlsClient, TlsTransport};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::certificates::Authority;
use crate::rig::{Kind, Rig};
use crate::support::{Lines, Log, Raw, soon};

fn port(rig: &Rig) -> u16 {
    match rig.server.endpoint().unwrap() {
        Endpoint::Tls { port, .. } => port,
        other => panic!("{other} is no TLS endpoint"),
    }
}

both_runtimes!(a_client_that_is_refused_is_an_error_and_the_others_are_served);
async fn a_client_that_is_refused_is_an_error_and_the_others_are_served() {
    let rig = Rig::new(Kind::Tls, |builder| builder).await;
    let known = rig.client();
    let log = Log::of_client(&known);
    rig.log.until("1 connect").await;

    let stranger = Authority::new("another");
    let identity = stranger.issue(&["client.example"]);
    let trusting = || TlsClient::builder().trust(rig.trust().ca.pem());
    for (client, code) in [
        (trusting(), "tls_no_client_certificate"),
        (trusting().identity(identity.chain(), identity.key()), "tls_unknown_issuer"),
        (TlsClient::builder().trust(stranger.pem()), "tls_refused_by_peer"),
    ] {
        let transport =
            TlsTransport::new("127.0.0.1", port(&rig)).with_client(client.build().unwrap());
        let client = Client::builder(Lines, transport).reconnect(ReconnectPolicy::never()).build();
        client.emit("say", "secret").unwrap();
        client.start().unwrap();
        let ConnectError::Failed(error) = soon(client.connected()).await.unwrap_err() else {
            panic!("closed");
        };
        assert!(error.code().starts_with("tls_"), "{error}");
        assert_eq!(soon(client.close()).await.undelivered.len(), 1);
        rig.log.until(&format!("error {code}")).await;
        known.emit("say", code).unwrap();
        log.until(&format!("echo {code}")).await;
    }
    assert!(!rig.log.lines().iter().any(|line| line.contains("secret")));
    assert_eq!(rig.server.peers().len(), 1);
}

both_runtimes!(a_server_that_does_not_speak_tls_is_named);
/// The transport knows no protocol but its own; here the first bytes get a name.
async fn a_server_that_does_not_speak_tls_is_named() {
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = plain.local_addr().unwrap().port();
    let answering = tokio::spawn(async move {
        let (mut socket, _) = plain.accept().await.unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        socket
    });
    let client = TlsClient::builder().trust(Authority::new("ca").pem()).build().unwrap();
    let transport = TlsTransport::new("127.0.0.1", port).with_client(client);
    let client = Client::builder(Lines, transport).reconnect(ReconnectPolicy::never()).build();
    client.start().unwrap();
    let ConnectError::Failed(error) = soon(client.connected()).await.unwrap_err() else {
        panic!("closed");
    };
    assert_eq!(error.code(), "tls_not_tls");
    let source = std::error::Error::source(&*error).unwrap().to_string();
    assert_eq!(source, "it looks like the answer of an HTTP server");
    drop(answering.await);
}

both_runtimes!(a_frame_that_a_cut_leaves_unfinished_is_told_and_not_delivered);
async fn a_frame_that_a_cut_leaves_unfinished_is_told_and_not_delivered() {
    let rig = Rig::new(Kind::Tls, |builder| builder).await;
    let target = ("127.0.0.1", port(&rig));
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let middle = proxy.local_addr().unwrap().port();
    let (cut, is_cut) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let (mut near, _) = proxy.accept().await.unwrap();
        let mut far = TcpStream::connect(target).await.unwrap();
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
            _ = is_cut => {}
        }
    });
    let mut peer = Raw::dial(&rig.trust().transport(middle)).await;
    peer.write("say whole\nsay unfini").await;
    assert_eq!(peer.line().await, "echo whole");
    // What came with the line before is there already.
    cut.send(()).unwrap();
    rig.log.until("1 disconnect truncated at 10").await;
    let end = ["1 error truncated", "1 disconnect truncated at 10"];
    assert_eq!(rig.log.lines()[..2], ["1 connect", "1 say whole"]);
    assert_eq!(rig.log.lines()[2..], end);
}

both_runtimes!(a_shutdown_of_a_server_with_handshakes_under_way_ends);
async fn a_shutdown_of_a_server_with_handshakes_under_way_ends() {
    let rig = Rig::new(Kind::Tls, |builder| builder).await;
    let silent = TcpStream::connect(("127.0.0.1", port(&rig))).await.unwrap();
    let client = rig.client();
    soon(client.connected()).await.unwrap();
    let report = soon(rig.server.shutdown(Duration::from_secs(10))).await;
    assert_eq!(report.cut, 0);
    drop(silent);
}
