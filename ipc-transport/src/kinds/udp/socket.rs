//! The sockets of UDP: what they are set to before they are bound or connected.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::UdpSocket;

use crate::kinds::common::ip_families::hear_both_families;

/// Returns a socket bound to the address.
pub(super) fn bind(address: SocketAddr, broadcast: bool) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    hear_both_families(&SockRef::from(&socket), address);
    make_room(&SockRef::from(&socket));
    if broadcast {
        socket.set_broadcast(true)?;
    }
    socket.bind(&address.into())?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}

/// Returns a socket connected to the address, from a port that the system picks.
pub(super) async fn connect(remote: SocketAddr, broadcast: bool) -> io::Result<UdpSocket> {
    let any = match remote {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    // A socket that the system gives the very port that is dialed would talk to itself. It is kept
    // until another has a port, so that this one is not given again.
    let mut itself = Vec::new();
    while itself.len() < 2 {
        let socket = bind((any, 0).into(), broadcast)?;
        socket.connect(remote).await?;
        if socket.local_addr()? != remote {
            return Ok(socket);
        }
        itself.push(socket);
    }
    Err(io::ErrorKind::AddrNotAvailable.into())
}

/// Makes room for the longest datagram: macOS sends none that is longer than the buffer, which has
/// 9,216 bytes there by default.
fn make_room(socket: &SockRef<'_>) {
    if socket.send_buffer_size().is_ok_and(|size| size < LONGEST) {
        // What is too long then fails when it is sent.
        let _ = socket.set_send_buffer_size(LONGEST);
    }
}

/// The length of the longest packet of IP, in bytes.
const LONGEST: usize = 65_535;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_buffer_has_room_for_the_longest_datagram() -> io::Result<()> {
        let socket = bind(([127, 0, 0, 1], 0).into(), false)?;
        let options = SockRef::from(&socket);
        // As a system with small buffers has it.
        options.set_send_buffer_size(8 * 1024)?;
        make_room(&options);
        assert!(options.send_buffer_size()? >= LONGEST);
        // One that is large is left alone.
        options.set_send_buffer_size(100 * 1024)?;
        let before = options.send_buffer_size()?;
        make_room(&options);
        assert_eq!(options.send_buffer_size()?, before);
        assert_eq!(socket.send_to(&vec![0; 65_507], socket.local_addr()?).await?, 65_507);
        Ok(())
    }

    #[tokio::test]
    async fn a_server_skips_an_address_of_others_but_none_that_is_in_use() -> io::Result<()> {
        let holder = std::net::UdpSocket::bind("127.0.0.1:0")?;
        let (taken, free) = (holder.local_addr()?, SocketAddr::from(([127, 0, 0, 1], 0)));
        let elsewhere = SocketAddr::from(([192, 0, 2, 1], 0));
        let transport = crate::UdpTransport::udp4("several", 9);
        let bound = |addresses: Vec<SocketAddr>| {
            transport.bind_any(addresses).map(drop).map_err(|error| error.code())
        };
        assert_eq!(bound(vec![elsewhere, free]), Ok(()));
        assert_eq!(bound(vec![taken, free]), Err("address_in_use"));
        // Wine binds a socket for datagrams to any address, whoever has it.
        if cfg!(not(windows)) {
            assert_eq!(bound(vec![elsewhere, elsewhere]), Err("unreachable"));
            assert_eq!(bound(vec![elsewhere]), Err("io"));
        }
        Ok(())
    }
}
