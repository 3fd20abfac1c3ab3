//! What holds for every datagram: how long it can be, which addresses it can go to, what a refusal
//! is.

use std::io;
use std::net::SocketAddr;

use crate::{Endpoint, TransportError};

/// The buffer for one datagram, in bytes: one more than the longest can have, so that one that was
/// cut off is distinguished from one that was not.
pub(super) const RECEIVE: usize = 65_536;

/// Returns whether the error reports that no socket was open where an earlier datagram went: ICMP's
/// answer, which Linux reports for connected sockets and Windows for any.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset)
}

/// Returns an error unless a socket of this endpoint can send to the address.
pub(super) fn check_family(endpoint: &Endpoint, to: SocketAddr) -> Result<(), TransportError> {
    if matches!(endpoint, Endpoint::Udp4 { .. }) == to.is_ipv4() {
        return Ok(());
    }
    Err(TransportError::WrongFamily { endpoint: endpoint.clone(), host: to.ip().to_string() })
}
