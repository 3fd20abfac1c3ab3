//! What a refusal and a connection tell: in words, with dates, and what was agreed on.

use std::error::Error;

use ipc_transport::{
    Endpoint, HandshakeFailure, Stream, TlsClient, TlsServer, TlsTransport, Transport,
    TransportError,
};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::certificates::{Authority, Identity};
use crate::rig::{client, failure, listen, meet, port, server, soon};

#[track_caller]
fn source(result: Result<Stream, TransportError>) -> String {
    let error = result.expect_err("a failure");
    error.source().map(ToString::to_string).unwrap_or_default()
}

both_runtimes!(a_self_signed_certificate_that_is_not_trusted_is_called_so);
async fn a_self_signed_certificate_that_is_not_trusted_is_called_so() {
    let authority = Authority::new("ca");
    for identity in [Identity::self_signed(&["127.0.0.1"]), not_a_ca()] {
        let (dialed, _) = meet(server(&identity), client(&authority)).await;
        assert!(matches!(&dialed, Err(TransportError::Handshake { failure, .. })
        if *failure == HandshakeFailure::UnknownIssuer));
        let text = source(dialed);
        assert!(text.contains("self-signed and not among the trusted ones"), "{text}");
        // And of a client.
        let ours = authority.local();
        let server = TlsServer::builder(ours.chain(), ours.key()).client_ca(authority.pem());
        let client = TlsClient::builder().trust(authority.pem());
        let client = client.identity(identity.chain(), identity.key()).build().expect("a client");
        let (_, accepted) = meet(server.build().expect("a server"), client).await;
        let text = source(accepted);
        assert!(text.contains("self-signed and not among the trusted ones"), "{text}");
    }
}

/// Returns one that vouches for itself without being a CA.
fn not_a_ca() -> Identity {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = crate::certificates::params(&["127.0.0.1"]);
    let chain = params.self_signed(&key).expect("a certificate").pem();
    Identity { chain, key: key.serialize_pem() }
}

both_runtimes!(an_expired_certificate_is_told_with_its_dates);
/// A server may start with one: it may be a matter of the clock.
async fn an_expired_certificate_is_told_with_its_dates() {
    let authority = Authority::new("ca");
    let (dialed, _) = meet(server(&authority.expired()), client(&authority)).await;
    let text = source(dialed);
    assert!(
        text.starts_with("it was valid until 2002-01-01 00:00:00 UTC, and now it is 20"),
        "{text}"
    );
}

both_runtimes!(a_certificate_without_names_is_told_what_it_lacks);
async fn a_certificate_without_names_is_told_what_it_lacks() {
    let authority = Authority::new("ca");
    let (dialed, _) = meet(server(&authority.issue(&[])), client(&authority)).await;
    let text = source(dialed);
    assert!(text.ends_with("make it again with subjectAltName for 127.0.0.1"), "{text}");
}

both_runtimes!(both_sides_know_the_cipher_suite);
async fn both_sides_know_the_cipher_suite() {
    let authority = Authority::new("ca");
    let (dialed, accepted) = meet(server(&authority.local()), client(&authority)).await;
    let [dialed, accepted] = [dialed, accepted].map(|stream| {
        stream.expect("a connection").peer().tls.as_ref().expect("TLS").cipher_suite.clone()
    });
    assert_eq!(dialed, accepted);
    assert!(dialed.starts_with("TLS_") && dialed.contains("_SHA"), "{dialed}");
}

both_runtimes!(a_peer_that_is_not_tls_is_named_by_its_first_bytes);
async fn a_peer_that_is_not_tls_is_named_by_its_first_bytes() {
    let mut listener = listen(server(&Authority::new("ca").local())).await;
    for sent in [
        &b"GET / HTTP/1.1\r\nHost: me\r\nAccept: */*\r\n\r\n"[..],
        b"{\"type\":\"hello\",\"data\":1}\x0c",
        b"hi\n",
        b"\0\0\0\x20{\"type\":\"hello\"}",
    ] {
        let mut plain =
            TcpStream::connect(("127.0.0.1", port(&*listener))).await.expect("a socket");
        plain.write_all(sent).await.expect("a write");
        plain.shutdown().await.expect("an end");
        let accepted = soon(listener.accept()).await;
        let begins = sent.get(..32).unwrap_or(sent);
        assert!(matches!(&accepted, Err(TransportError::Handshake { failure, .. })
        if *failure == HandshakeFailure::NotTls { first: begins.into() }));
        // Whoever knows protocols can name it.
        let error = accepted.expect_err("no TLS");
        let named = error.with_foreign_name(|first| Some(first.escape_ascii().to_string()));
        assert_eq!(source(Err(named)), begins.escape_ascii().to_string());
    }
}

both_runtimes!(a_server_that_is_not_tls_is_named_by_its_first_bytes);
async fn a_server_that_is_not_tls_is_named_by_its_first_bytes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let answering = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("a write");
        socket
    });
    let transport = TlsTransport::new("127.0.0.1", port).with_client(client(&Authority::new("ca")));
    let dialed = soon(transport.dial()).await;
    assert_eq!(dialed.as_ref().map_err(TransportError::code).err(), Some("tls_not_tls"));
    let HandshakeFailure::NotTls { first } = failure(dialed) else { panic!("it is no TLS") };
    assert_eq!(first.expose(), b"HTTP/1.1 400 Bad Request\r\n\r\n");
    drop(answering.await);
}

#[test]
fn an_endpoint_alone_says_what_is_missing() {
    let endpoint = Endpoint::Tls { host: "localhost".into(), port: 8000 };
    let error = endpoint.transport().expect_err("no settings");
    assert_eq!((error.code(), error.is_permanent()), ("tls_no_settings", true));
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    assert!(text.contains("TlsClient") && text.contains("TlsServer"), "{text}");
}
