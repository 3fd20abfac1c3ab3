//! Datagrams to a broadcast address: refused unless they were asked for, from both sides.
#![cfg(all(target_os = "linux", feature = "udp"))]

use std::error::Error;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};

use ipc_transport::{Endpoint, SendRefused, Transport, TransportError, UdpTransport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;
#[allow(dead_code, reason = "not every test that has it needs all of it")]
#[allow(clippy::expect_used, reason = "a certificate that cannot be made fails the test")]
mod support;

use support::{TestResult, within};

/// The broadcast address of the loopback, which Linux has like any other network's.
const EVERYBODY: [u8; 4] = [127, 255, 255, 255];

/// Returns a server that hears what is sent to everybody.
async fn hearer() -> Result<(Box<dyn ipc_transport::Listener>, SocketAddr), TransportError> {
    let listener = UdpTransport::udp4("0.0.0.0", 0).listen().await?;
    let port = match listener.endpoint() {
        Endpoint::Udp4 { port, .. } => port,
        _ => 0,
    };
    Ok((listener, (EVERYBODY, port).into()))
}

both_runtimes!(a_client_reaches_everybody_if_it_was_asked_to);
async fn a_client_reaches_everybody_if_it_was_asked_to() -> TestResult {
    let (mut listener, everybody) = hearer().await?;
    let plain = UdpTransport::udp4(everybody.ip().to_string(), everybody.port());
    let error = plain.dial().await.map(drop).err().ok_or("sent to everybody unasked")?;
    let TransportError::BroadcastOff { remote, .. } = &error else {
        return Err(format!("{error:?}").into());
    };
    assert_eq!(*remote, everybody);
    assert_eq!((error.code(), error.kind()), ("broadcast_off", ErrorKind::PermissionDenied));
    assert!(error.to_string().contains("broadcast option"), "{error}");

    let mut stream = plain.with_broadcast(true).dial().await?;
    stream.write_all(b"hello").await?;
    let mut heard = within(listener.accept()).await??;
    let mut room = [0; 5];
    within(heard.read_exact(&mut room)).await??;
    assert_eq!(&room, b"hello");
    Ok(())
}

both_runtimes!(a_server_reaches_everybody_and_hears_the_answers_if_it_was_asked_to);
async fn a_server_reaches_everybody_and_hears_the_answers_if_it_was_asked_to() -> TestResult {
    let (mut listener, everybody) = hearer().await?;
    for broadcast in [false, true] {
        let server = UdpTransport::udp4("127.0.0.1", 0).with_broadcast(broadcast);
        let mut server = server.listen().await?;
        let opener = server.opener().ok_or("no opener")?;
        let mut stream = opener.open(everybody)?;
        let written = stream.write_all(b"who is there?").await;
        if !broadcast {
            let error = written.err().ok_or("sent to everybody unasked")?;
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            let refused = error.get_ref().and_then(|source| source.downcast_ref());
            assert_eq!(refused, Some(&SendRefused::BroadcastOff { to: everybody }));
            assert!(error.to_string().contains("broadcast option"), "{error}");
            // One stream's mistake is not the server's end.
            let Endpoint::Udp4 { port, .. } = server.endpoint() else {
                return Err("not UDP".into());
            };
            UdpSocket::bind("127.0.0.1:0")?.send_to(b"x", ("127.0.0.1", port))?;
            within(server.accept()).await??;
            continue;
        }
        written?;
        let mut asked = within(listener.accept()).await??;
        let mut room = [0; 13];
        within(asked.read_exact(&mut room)).await??;
        asked.write_all(b"it is me").await?;
        let mut answer = within(server.accept()).await??;
        let mut room = [0; 8];
        within(answer.read_exact(&mut room)).await??;
        assert_eq!(&room, b"it is me");
        assert_ne!(answer.peer().remote, Some(everybody), "an answer is somebody's");
    }
    Ok(())
}

#[test]
fn the_refusal_has_no_source_that_hides_it() {
    let refused = SendRefused::BroadcastOff { to: (EVERYBODY, 9).into() };
    assert!(refused.source().is_none());
    assert!(refused.to_string().starts_with("127.255.255.255:9 "), "{refused}");
}
