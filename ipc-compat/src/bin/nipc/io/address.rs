//! `Address`: a peer without a connection, as lines of stdin and stdout name it.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

/// The address and port of a UDP peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Address {
    address: IpAddr,
    port: u16,
}

impl From<Address> for SocketAddr {
    fn from(Address { address, port }: Address) -> Self {
        (address, port).into()
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self { address: address.ip(), port: address.port() }
    }
}
