//! A server and a client with the settings of a test.

use std::future::Future;
use std::time::Duration;

use ipc_transport::{
    Endpoint, HandshakeFailure, Listener, Stream, TlsClient, TlsServer, TlsTransport, Transport,
    TransportError,
};

use crate::certificates::{Authority, Identity};
use crate::runtimes::{on_one_thread, on_threads};

/// Runs the part of a test that is async on a runtime with one thread, and on one with several. A test
/// that is all async is for `both_runtimes!`.
pub(crate) fn both(test: impl AsyncFn()) {
    on_one_thread(test());
    on_threads(test());
}

/// Returns a server that shows this certificate to anybody.
pub(crate) fn server(identity: &Identity) -> TlsServer {
    TlsServer::builder(identity.chain(), identity.key()).build().expect("a server")
}

/// Returns a client that trusts this CA.
pub(crate) fn client(authority: &Authority) -> TlsClient {
    TlsClient::builder().trust(authority.pem()).build().expect("a client")
}

pub(crate) async fn listen(server: TlsServer) -> Box<dyn Listener> {
    TlsTransport::new("127.0.0.1", 0).with_server(server).listen().await.expect("a listener")
}

/// Returns what reaches a listener.
pub(crate) fn dialer(listener: &dyn Listener, client: TlsClient) -> TlsTransport {
    TlsTransport::new("127.0.0.1", port(listener)).with_client(client)
}

pub(crate) fn port(listener: &dyn Listener) -> u16 {
    match listener.endpoint() {
        Endpoint::Tls { port, .. } => port,
        other => panic!("{other} is no TLS endpoint"),
    }
}

/// Returns what both sides make of one attempt: the client's end and the server's.
pub(crate) async fn meet(
    server: TlsServer,
    client: TlsClient,
) -> (Result<Stream, TransportError>, Result<Stream, TransportError>) {
    let mut listener = listen(server).await;
    let dialer = dialer(&*listener, client);
    let accepting = tokio::spawn(async move { (listener.accept().await, listener) });
    let dialed = soon(dialer.dial()).await;
    let (accepted, _listener) = soon(accepting).await.expect("no panic");
    (dialed, accepted)
}

/// Returns why a handshake failed.
#[track_caller]
pub(crate) fn failure(result: Result<Stream, TransportError>) -> HandshakeFailure {
    match result {
        Err(TransportError::Handshake { failure, .. }) => failure,
        other => panic!("expected a failed handshake, got {other:?}"),
    }
}

/// Ends a test that would hang; nothing waits for it otherwise.
pub(crate) fn soon<T>(future: impl Future<Output = T>) -> impl Future<Output = T> {
    let timeout = tokio::time::timeout(Duration::from_secs(60), future);
    async { timeout.await.expect("it takes too long") }
}
