//! What a TCP socket is set to, and which addresses it is for.
use std::io;

use socket2::SockRef;

use super::connect::new_socket;
use super::server::TcpServer;
use super::*;

fn local(port: u16) -> TcpTransport {
    TcpTransport::new("127.0.0.1", port)
}

// Tests W42
#[tokio::test]
async fn nodelay_is_set_on_both_sides_unless_told_not_to() -> io::Result<()> {
    for nodelay in [true, false] {
        let transport = local(0).with_nodelay(nodelay);
        let listener = transport.bind(([127, 0, 0, 1], 0).into())?;
        let address = listener.local_addr()?;
        let (client, dialed) = transport.connect(address).await?;
        assert_eq!(client.get_ref().nodelay()?, nodelay);
        let (io, accepted) = TcpServer::new(&transport, listener)?.accept_io().await?;
        assert_eq!(io.get_ref().nodelay()?, nodelay);
        assert_eq!((accepted.remote, accepted.local), (dialed.local, dialed.remote));
    }
    assert!(local(0).options.nodelay);
    Ok(())
}

#[tokio::test]
async fn keepalive_is_set_on_both_sides_unless_told_not_to() -> io::Result<()> {
    let often = Keepalive::default()
        .with_idle(Duration::from_secs(7))
        .with_interval(Duration::from_millis(1500))
        .with_probes(5);
    assert!(local(0).options.keepalive == Some(Keepalive::default()));
    for keepalive in [Some(Keepalive::default()), Some(often), None] {
        let transport = local(0).with_keepalive(keepalive);
        // An accepted socket is as its listener, which may be somebody else's with other settings.
        for inherited in [false, true] {
            let listener = transport.bind(([127, 0, 0, 1], 0).into())?;
            SockRef::from(&listener).set_keepalive(inherited)?;
            let (dialed, addresses) = transport.connect(listener.local_addr()?).await?;
            assert_eq!(addresses.remote, listener.local_addr()?);
            let (accepted, _) =
                TcpServer::new(&transport, listener)?.accept_io().await.map_err(io::Error::from)?;
            for io in [&dialed, &accepted] {
                let socket = SockRef::from(io.get_ref());
                assert_eq!(socket.keepalive()?, keepalive.is_some());
                #[cfg(any(target_os = "linux", target_vendor = "apple"))]
                if let Some(keepalive) = keepalive {
                    let whole = Duration::from_secs(if keepalive == often { 2 } else { 10 });
                    assert_eq!(socket.tcp_keepalive_time()?, keepalive.idle());
                    assert_eq!(socket.tcp_keepalive_interval()?, whole);
                    assert_eq!(socket.tcp_keepalive_retries()?, keepalive.probes());
                }
            }
        }
    }
    Ok(())
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[tokio::test]
async fn a_user_timeout_is_set_on_both_sides_if_there_is_to_be_one() -> io::Result<()> {
    let half = Duration::from_micros(1_500_500);
    for (timeout, whole) in
        [(Some(half), Some(1501)), (Some(Duration::MAX), Some(2_147_483_647)), (None, None)]
    {
        let transport = local(0).with_user_timeout(timeout);
        // An accepted socket is as its listener, which may be somebody else's with other settings.
        for inherited in [None, Some(Duration::from_secs(5))] {
            let listener = transport.bind(([127, 0, 0, 1], 0).into())?;
            SockRef::from(&listener).set_tcp_user_timeout(inherited)?;
            let (dialed, _) = transport.connect(listener.local_addr()?).await?;
            let (accepted, _) =
                TcpServer::new(&transport, listener)?.accept_io().await.map_err(io::Error::from)?;
            for io in [&dialed, &accepted] {
                let set = SockRef::from(io.get_ref()).tcp_user_timeout()?;
                assert_eq!(set, whole.map(Duration::from_millis));
            }
        }
    }
    assert_eq!(local(0).options.user_timeout, None);
    Ok(())
}

#[tokio::test]
async fn times_that_no_system_takes_are_brought_into_its_limits() -> io::Result<()> {
    let listener = local(0).bind(([127, 0, 0, 1], 0).into())?;
    for (time, probes) in [(Duration::ZERO, 0), (Duration::MAX, u32::MAX)] {
        let extreme = Keepalive::default().with_idle(time).with_interval(time).with_probes(probes);
        let transport = local(0).with_keepalive(extreme);
        let (io, _) = transport.connect(listener.local_addr()?).await?;
        assert!(SockRef::from(io.get_ref()).keepalive()?);
    }
    Ok(())
}

#[test]
fn only_names_are_held_to_an_ip_version() {
    let wanted = |host: &str, version, address: &str| {
        let transport = TcpTransport::new(host, 1).with_ip_version(version);
        address.parse().is_ok_and(|ip| transport.is_wanted(&SocketAddr::new(ip, 1)))
    };
    for (version, v4, v6) in [(IpVersion::V4, true, false), (IpVersion::V6, false, true)] {
        assert_eq!(wanted("localhost", version, "127.0.0.1"), v4);
        assert_eq!(wanted("localhost", version, "::1"), v6);
        assert!(wanted("127.0.0.1", version, "127.0.0.1"));
        assert!(wanted("::1", version, "::1"));
    }
    assert!(local(0).is_wanted(&([127, 0, 0, 1], 0).into()));
}

// Elsewhere a port that is bound cannot be bound once more, so none could be kept free for it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_connection_comes_from_the_port_that_was_asked_for() -> io::Result<()> {
    let listener = local(0).bind(([127, 0, 0, 1], 0).into())?;
    let server = listener.local_addr()?;
    for with_address in [true, false] {
        let reserved = new_socket(server)?;
        reserved.set_reuseaddr(true)?;
        reserved.bind(([127, 0, 0, 1], 0).into())?;
        let free = reserved.local_addr()?;
        let transport = match with_address {
            true => local(0).with_local_address(free),
            false => local(0).with_local_port(free.port()),
        };
        assert_eq!(transport.connect(server).await?.1.local, free);
    }
    Ok(())
}

#[tokio::test]
async fn every_address_is_tried_until_one_answers() -> io::Result<()> {
    let listener = local(0).bind(([127, 0, 0, 1], 0).into())?;
    let good = listener.local_addr()?;
    // Bound and never listening: a connect is refused, and no other process gets the port.
    let reserved = new_socket(good)?;
    reserved.bind(([127, 0, 0, 1], 0).into())?;
    let bad = reserved.local_addr()?;
    let transport = local(good.port());
    let dialed = transport.connect_any(vec![bad, good], Deadline::NEVER).await;
    assert_eq!(dialed.map(|(_, addresses)| addresses.remote).ok(), Some(good));
    let refused = transport.connect_any(vec![bad], Deadline::NEVER).await;
    assert_eq!(refused.map_err(|error| error.code()).err(), Some("nobody_listening"));
    // Listening skips an address that is not this machine's, but not one that somebody serves.
    let elsewhere = ([192, 0, 2, 1], 0).into();
    assert!(transport.bind_any(vec![elsewhere]).is_err());
    assert!(transport.bind_any(vec![elsewhere, ([127, 0, 0, 1], 0).into()]).is_ok());
    let beside = transport.bind_any(vec![good, ([127, 0, 0, 1], 0).into()]);
    assert_eq!(beside.map_err(|error| error.code()).err(), Some("address_in_use"));
    Ok(())
}

/// Returns a listener whose queue is full, and what fills it: another connect gets no answer.
#[cfg(target_os = "linux")]
fn silent() -> io::Result<(SocketAddr, Vec<socket2::Socket>)> {
    use socket2::{Domain, Socket, Type};

    let new = || Socket::new(Domain::IPV4, Type::STREAM, None);
    let listener = new()?;
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    listener.listen(0)?;
    let address = listener.local_addr()?;
    let mut sockets = vec![listener];
    for _ in 0..3 {
        let client = new()?;
        client.set_nonblocking(true)?;
        // It waits for an answer, which the first one gets.
        let _ = client.connect(&address);
        sockets.push(client);
    }
    Ok((address.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?, sockets))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_address_without_an_answer_holds_up_nobody() -> Result<(), TransportError> {
    let begun = tokio::time::Instant::now();
    let (silent, _sockets) = silent().unwrap();
    let listener = local(0).bind(([127, 0, 0, 1], 0).into()).unwrap();
    let good = listener.local_addr().unwrap();
    let limit = Duration::from_secs(60);
    let (_, dialed) = local(1).connect_any(vec![silent, good], Deadline::after(limit)).await?;
    assert_eq!(dialed.remote, good);
    assert!(begun.elapsed() >= race::DELAY, "the first has its time");

    // When the time is over each address has its reason.
    let reserved = new_socket(good).unwrap();
    reserved.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let refusing = reserved.local_addr().unwrap();
    let limit = Duration::from_millis(400);
    let tried = vec![silent, refusing];
    let error = local(1).connect_any(tried, Deadline::after(limit)).await.map(drop);
    let Err(TransportError::ConnectTimeout { limit: told, attempts, .. }) = error else {
        panic!("{error:?}");
    };
    let found: Vec<_> = attempts.iter().map(|(at, error)| (at, error.kind())).collect();
    let expected =
        [(silent, io::ErrorKind::TimedOut), (refusing, io::ErrorKind::ConnectionRefused)];
    assert_eq!((told, found), (limit, expected.into()));
    Ok(())
}
