//! What is particular to TCP: ports, hosts and addresses.
#![cfg(feature = "tcp")]

use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};

use ipc_transport::{Endpoint, Listener, TcpTransport, Transport, TransportError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Checks that a server and a client find each other, and returns the two addresses.
async fn check_serves(
    listener: &mut Box<dyn Listener>,
    client: &dyn Transport,
) -> Result<(SocketAddr, SocketAddr), Box<dyn std::error::Error + Send + Sync>> {
    let (mut ours, mut theirs) = tokio::try_join!(client.dial(), listener.accept())?;
    ours.write_all(b"!").await?;
    assert_eq!(theirs.read_u8().await?, b'!');
    let remote = |stream: &ipc_transport::Stream| stream.peer().remote.ok_or("no address");
    Ok((remote(&ours)?, remote(&theirs)?))
}

#[tokio::test]
async fn port_zero_becomes_a_real_one() -> TestResult {
    let mut listener = TcpTransport::new("127.0.0.1", 0).listen().await?;
    let Endpoint::Tcp { host, port } = listener.endpoint() else {
        return Err("not TCP".into());
    };
    assert_eq!(host, "127.0.0.1");
    assert_ne!(port, 0);
    let (server, _) = check_serves(&mut listener, &TcpTransport::new(host, port)).await?;
    assert_eq!(server.port(), port);
    Ok(())
}

#[tokio::test]
async fn a_port_in_use_is_named() -> TestResult {
    let holder = StdListener::bind("127.0.0.1:0")?;
    let port = holder.local_addr()?.port();
    let error = TcpTransport::new("127.0.0.1", port).listen().await.map(drop).err();
    let error = error.ok_or("two servers at one port")?;
    assert!(matches!(error, TransportError::AddressInUse { .. }), "{error:?}");
    assert!(error.to_string().contains(&format!("127.0.0.1:{port}")), "{error}");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    Ok(())
}

#[tokio::test]
async fn a_host_without_an_address_is_named() -> TestResult {
    // No label is this long, so no resolver needs to be asked.
    let host = "x".repeat(300);
    let transport = TcpTransport::new(host.clone(), 1);
    for result in [transport.dial().await.map(drop), transport.listen().await.map(drop)] {
        let error = result.err().ok_or("found a host that is not")?;
        assert_eq!(error.code(), "host_not_found");
        assert!(error.to_string().contains(&host), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_host_name_is_resolved() -> TestResult {
    let mut listener = TcpTransport::new("localhost", 0).listen().await?;
    let client = listener.endpoint().transport()?;
    check_serves(&mut listener, client.as_ref()).await?;
    Ok(())
}

#[tokio::test]
async fn ipv6_works_where_the_system_has_it() -> TestResult {
    if StdListener::bind("[::1]:0").is_err() {
        println!("no IPv6 loopback here, so nothing to see");
        return Ok(());
    }
    let mut listener = TcpTransport::new("::1", 0).listen().await?;
    assert!(listener.endpoint().to_string().starts_with("tcp:[::1]:"));
    let client = listener.endpoint().transport()?;
    let (server, _) = check_serves(&mut listener, client.as_ref()).await?;
    assert!(server.is_ipv6());
    Ok(())
}

#[tokio::test]
async fn a_local_address_is_where_the_connection_comes_from() -> TestResult {
    let mut listener = TcpTransport::new("127.0.0.1", 0).with_backlog(1).listen().await?;
    let Endpoint::Tcp { host, port } = listener.endpoint() else {
        return Err("not TCP".into());
    };
    // Any port we can bind will do; on Linux another address of the loopback shows it clearly.
    let from =
        if cfg!(target_os = "linux") { Ipv4Addr::new(127, 0, 0, 9) } else { Ipv4Addr::LOCALHOST };
    let client = TcpTransport::new(host, port).with_local_address((from, 0).into());
    let (_, seen) = check_serves(&mut listener, &client).await?;
    assert_eq!(seen.ip(), from);

    let other_version =
        TcpTransport::new("127.0.0.1", port).with_local_address("[::1]:0".parse()?).dial().await;
    assert!(matches!(other_version, Err(TransportError::Io { op: "connect", .. })));
    Ok(())
}
