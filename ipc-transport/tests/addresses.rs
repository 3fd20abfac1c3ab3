//! Both ends' addresses in what is known of a peer, and servers at `::`, which hear IPv4, too.
#![cfg(all(feature = "tcp", feature = "udp"))]

use ipc_transport::{Endpoint, Listener, Stream, TcpTransport, Transport, UdpTransport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;
#[allow(dead_code, reason = "not every test that has it needs all of it")]
#[allow(clippy::expect_used, reason = "a certificate that cannot be made fails the test")]
mod support;

use support::{Kind, Rig, TestResult, Wrap, within};

const NETWORK: &[Kind] = &[
    Kind::Tcp,
    Kind::Udp4,
    #[cfg(feature = "tls-base")]
    Kind::Tls,
];

both_runtimes!(a_peer_has_both_addresses);
async fn a_peer_has_both_addresses() -> TestResult {
    for kind in NETWORK {
        let (ours, theirs) = Rig::new(*kind, Wrap::Plain)?.pair().await?;
        let (ours, theirs) = (ours.peer(), theirs.peer());
        assert_eq!(theirs.local, ours.remote, "{kind:?}");
        assert!(theirs.local.is_some(), "{kind:?}");
        // A UDP socket that was given no address is at all of them.
        let ports =
            (ours.local.map(|local| local.port()), theirs.remote.map(|remote| remote.port()));
        assert_eq!(ports.0, ports.1, "{kind:?}");
        assert_eq!(ours.local, theirs.remote, "{kind:?}");
    }
    Ok(())
}

#[cfg(all(unix, feature = "unix"))]
both_runtimes!(a_local_peer_has_none);
#[cfg(all(unix, feature = "unix"))]
async fn a_local_peer_has_none() -> TestResult {
    let (ours, theirs) = Rig::new(Kind::Unix, Wrap::Plain)?.pair().await?;
    assert_eq!((ours.peer().local, theirs.peer().local), (None, None));
    Ok(())
}

/// Checks that a server at `::` and a client over IPv4 find each other, there and back.
async fn check_hears(mut listener: Box<dyn Listener>, client: Box<dyn Transport>) -> TestResult {
    let mut ours = within(client.dial()).await??;
    ours.write_all(b"question").await?;
    let mut theirs: Stream = within(listener.accept()).await??;
    let mut room = [0; 8];
    within(theirs.read_exact(&mut room)).await??;
    theirs.write_all(b"answered").await?;
    within(ours.read_exact(&mut room)).await??;
    assert_eq!(&room, b"answered");
    let remote = theirs.peer().remote.map(|remote| remote.ip().to_canonical());
    assert_eq!(remote, Some([127, 0, 0, 1].into()));
    Ok(())
}

both_runtimes!(a_server_at_the_ipv6_wildcard_hears_ipv4);
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
async fn a_server_at_the_ipv6_wildcard_hears_ipv4() -> TestResult {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        println!("no IPv6 here, so nothing to see");
        return Ok(());
    }
    let tcp = TcpTransport::new("::", 0).listen().await?;
    let Endpoint::Tcp { port, .. } = tcp.endpoint() else { return Err("not TCP".into()) };
    check_hears(tcp, Box::new(TcpTransport::new("127.0.0.1", port))).await?;
    let udp = UdpTransport::udp6("::", 0).listen().await?;
    let Endpoint::Udp6 { port, .. } = udp.endpoint() else { return Err("not UDP".into()) };
    check_hears(udp, Box::new(UdpTransport::udp4("127.0.0.1", port))).await
}
