//! That TCP connections are probed while they carry nothing, as the kernel's own table shows it: both
//! sides, TLS over it, inherited sockets, and streams that wait.
#![cfg(all(target_os = "linux", feature = "tcp"))]

use std::time::Duration;

use ipc_transport::{
    Endpoint, Keepalive, Listener, OpenTransport, PeerInfo, TcpTransport, Transport,
};

#[path = "support/probes.rs"]
mod probes;
#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use probes::{DEADLINE, next_probe};

type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Checks both ends of a connection, as streams of a runtime and as streams that wait.
async fn check(
    mut listener: Box<dyn Listener>,
    client: impl Transport,
    idle: Option<u64>,
) -> TestResult {
    let (ours, theirs) = tokio::try_join!(client.dial(), listener.accept())?;
    assert_probed(ours.peer(), idle)?;
    assert_probed(theirs.peer(), idle)?;
    let (ours, theirs) = (ours.into_blocking()?, theirs.into_blocking()?);
    assert_probed(ours.peer(), idle)?;
    assert_probed(theirs.peer(), idle)
}

fn assert_probed(peer: &PeerInfo, idle: Option<u64>) -> TestResult {
    let (Some(local), Some(remote)) = (peer.local, peer.remote) else {
        return Err("no addresses".into());
    };
    let probe = next_probe(local, remote)?;
    assert_eq!(probe.is_some(), idle.is_some());
    if let (Some(probe), Some(idle)) = (probe, idle) {
        // Some time has passed, on a loaded machine perhaps much.
        let passed = idle as f64 - probe;
        assert!((0.0..DEADLINE.as_secs_f64()).contains(&passed), "{probe} {idle}");
    }
    Ok(())
}

fn tcp(port: u16, idle: Option<u64>) -> TcpTransport {
    let often = idle.map(|idle| Keepalive::default().with_idle(Duration::from_secs(idle)));
    TcpTransport::new("127.0.0.1", port).with_keepalive(often)
}

fn port(listener: &dyn Listener) -> u16 {
    match listener.endpoint() {
        Endpoint::Tcp { port, .. } | Endpoint::Tls { port, .. } => port,
        _ => 0,
    }
}

both_runtimes!(both_sides_are_probed_after_a_minute_by_default);
async fn both_sides_are_probed_after_a_minute_by_default() -> TestResult {
    let listener = TcpTransport::new("127.0.0.1", 0).listen().await?;
    let client = TcpTransport::new("127.0.0.1", port(&*listener));
    check(listener, client, Some(60)).await
}

both_runtimes!(both_sides_are_probed_as_they_were_told);
async fn both_sides_are_probed_as_they_were_told() -> TestResult {
    for idle in [Some(5000), None] {
        let listener = tcp(0, idle).listen().await?;
        let client = tcp(port(&*listener), idle);
        check(listener, client, idle).await?;
    }
    Ok(())
}

both_runtimes!(an_inherited_socket_is_probed_as_it_was_told);
async fn an_inherited_socket_is_probed_as_it_was_told() -> TestResult {
    for idle in [Some(60), Some(5000), None] {
        let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
        let mut server = OpenTransport::new(socket)?;
        if idle != Some(60) {
            let often = |idle| Keepalive::default().with_idle(Duration::from_secs(idle));
            server = server.with_keepalive(idle.map(often));
        }
        let listener = server.listen().await?;
        // The transport itself dials with the same settings.
        check(listener, server, idle).await?;
    }
    Ok(())
}

#[cfg(feature = "tls-base")]
#[path = "support/certificates.rs"]
#[allow(dead_code, reason = "not every test that has it needs all of it")]
#[allow(clippy::expect_used, reason = "a certificate that cannot be made fails the test")]
mod certificates;

#[cfg(feature = "tls-base")]
both_runtimes!(tls_is_probed_as_the_tcp_below_it);
#[cfg(feature = "tls-base")]
async fn tls_is_probed_as_the_tcp_below_it() -> TestResult {
    use ipc_transport::{TlsClient, TlsServer, TlsTransport};

    let authority = certificates::Authority::new("ca");
    let identity = authority.issue(&["127.0.0.1"]);
    for idle in [Some(60), Some(5000), None] {
        let server = TlsServer::builder(identity.chain(), identity.key()).build()?;
        let trust = TlsClient::builder().trust(authority.pem()).build()?;
        let mut listener = TlsTransport::over(tcp(0, idle)).with_server(server).listen().await?;
        let client = TlsTransport::over(tcp(port(&*listener), idle)).with_client(trust);
        let (ours, theirs) = tokio::try_join!(client.dial(), listener.accept())?;
        assert_probed(ours.peer(), idle)?;
        assert_probed(theirs.peer(), idle)?;
    }
    Ok(())
}
