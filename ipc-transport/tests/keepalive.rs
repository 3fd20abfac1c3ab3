//! That TCP connections are probed while they carry nothing, as the kernel's own table shows it: both
//! sides, TLS over it, inherited sockets, and streams that wait.
#![cfg(all(target_os = "linux", feature = "tcp"))]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipc_transport::{
    Endpoint, Keepalive, Listener, OpenTransport, PeerInfo, TcpTransport, Transport,
};

#[path = "support/runtimes.rs"]
mod runtimes;

use runtimes::on_both_runtimes;

type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Returns in how many seconds this end of the connection is probed; `None` if it never is.
fn next_probe(peer: &PeerInfo) -> Result<Option<f64>, Box<dyn std::error::Error + Send + Sync>> {
    let (Some(local), Some(remote)) = (peer.local, peer.remote) else {
        return Err("no addresses".into());
    };
    let shown = |address: SocketAddr| match address {
        SocketAddr::V4(v4) => {
            format!("{:08X}:{:04X}", u32::from_ne_bytes(v4.ip().octets()), v4.port())
        }
        SocketAddr::V6(_) => String::new(),
    };
    let begun = Instant::now();
    while begun.elapsed() < DEADLINE {
        let table = std::fs::read_to_string("/proc/net/tcp")?;
        let mut lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let line = lines
            .find(|fields| fields.get(1..3) == Some(&[&*shown(local), &*shown(remote)]))
            .ok_or("no such connection")?;
        // `tr:tm->when`; the kind of the timer is 2 for probes, 1 while an answer is outstanding.
        let timer = line.get(5).and_then(|timer| timer.split_once(':')).ok_or("no timer")?;
        match timer {
            ("02", when) => return Ok(Some(f64::from(u32::from_str_radix(when, 16)?) / 100.0)),
            ("00", _) => return Ok(None),
            _ => std::thread::yield_now(),
        }
    }
    Err("the connection does not come to rest".into())
}

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
    let probe = next_probe(peer)?;
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

#[test]
fn both_sides_are_probed_after_a_minute_by_default() -> TestResult {
    on_both_runtimes(async || {
        let listener = TcpTransport::new("127.0.0.1", 0).listen().await?;
        let client = TcpTransport::new("127.0.0.1", port(&*listener));
        check(listener, client, Some(60)).await
    })
}

#[test]
fn both_sides_are_probed_as_they_were_told() -> TestResult {
    on_both_runtimes(async || {
        for idle in [Some(5000), None] {
            let listener = tcp(0, idle).listen().await?;
            let client = tcp(port(&*listener), idle);
            check(listener, client, idle).await?;
        }
        Ok(())
    })
}

#[test]
fn an_inherited_socket_is_probed_as_it_was_told() -> TestResult {
    on_both_runtimes(async || {
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
    })
}

#[cfg(feature = "tls-base")]
#[path = "support/certificates.rs"]
#[allow(dead_code, reason = "not every test that has it needs all of it")]
mod certificates;

#[cfg(feature = "tls-base")]
#[test]
fn tls_is_probed_as_the_tcp_below_it() -> TestResult {
    on_both_runtimes(async || {
        use ipc_transport::{TlsClient, TlsServer, TlsTransport};

        let authority = certificates::Authority::new("ca");
        let identity = authority.issue(&["127.0.0.1"]);
        for idle in [Some(60), Some(5000), None] {
            let server = TlsServer::builder(identity.chain(), identity.key()).build()?;
            let trust = TlsClient::builder().trust(authority.pem()).build()?;
            let mut listener =
                TlsTransport::over(tcp(0, idle)).with_server(server).listen().await?;
            let client = TlsTransport::over(tcp(port(&*listener), idle)).with_client(trust);
            let (ours, theirs) = tokio::try_join!(client.dial(), listener.accept())?;
            assert_probed(ours.peer(), idle)?;
            assert_probed(theirs.peer(), idle)?;
        }
        Ok(())
    })
}

/// Long enough for a loaded machine, short enough to end a hanging test run.
const DEADLINE: Duration = Duration::from_secs(60);
