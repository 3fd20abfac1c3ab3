//! IPv4 on a socket of IPv6.

use std::net::SocketAddr;

use socket2::SockRef;

/// Makes a server at `::` hear IPv4, too, as Node does; it is the default on Linux, and not on
/// Windows or with `net.ipv6.bindv6only`.
pub(crate) fn hear_both_families(socket: &SockRef<'_>, address: SocketAddr) {
    if address.is_ipv6() {
        // OpenBSD cannot, and then it stays as it is.
        let _ = socket.set_only_v6(false);
    }
}
