//! From a host to a connected socket, and to one that listens.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};

use super::race::{Lost, in_turn, race};
use super::server::{Addresses, TcpServer};
use super::{IpVersion, TcpTransport};
use crate::dial_deadline::Deadline;
use crate::kinds::common::ip_families::hear_both_families;
use crate::stream::quiet::Quiet;
use crate::{Attempts, TransportError};

impl TcpTransport {
    /// Connects to the first of the host's addresses that answers.
    pub(crate) async fn connect_socket(
        &self,
        deadline: Deadline,
    ) -> Result<(Quiet<TcpStream>, Addresses), TransportError> {
        let addresses = deadline.end(&self.own_endpoint(), self.resolve()).await??;
        self.connect_any(addresses, deadline).await
    }

    /// Binds the first of the host's addresses that this machine has.
    pub(crate) async fn bind_server(&self) -> Result<TcpServer, TransportError> {
        let io = self.bind_any(self.resolve().await?)?;
        TcpServer::new(self, io)
    }

    async fn resolve(&self) -> Result<Vec<SocketAddr>, TransportError> {
        let not_found = |source| TransportError::HostNotFound { host: self.host.clone(), source };
        let found = lookup_host((self.host.as_str(), self.port)).await;
        let found = found.map_err(|error| not_found(Some(error)))?;
        let addresses: Vec<_> = found.filter(|address| self.is_wanted(address)).collect();
        if addresses.is_empty() { Err(not_found(None)) } else { Ok(addresses) }
    }

    pub(super) fn is_wanted(&self, address: &SocketAddr) -> bool {
        match self.version {
            _ if self.host.parse::<IpAddr>().is_ok() => true,
            Some(IpVersion::V4) => address.is_ipv4(),
            Some(IpVersion::V6) => address.is_ipv6(),
            None => true,
        }
    }

    /// Returns where a connection to `remote` comes from, if that is not for the system to pick.
    fn local(&self, remote: SocketAddr) -> Option<SocketAddr> {
        let any = || match remote {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let ip = self.local_ip.or_else(|| (self.local_port != 0).then(any))?;
        Some(SocketAddr::new(ip, self.local_port))
    }

    pub(super) async fn connect_any(
        &self,
        mut addresses: Vec<SocketAddr>,
        deadline: Deadline,
    ) -> Result<(Quiet<TcpStream>, Addresses), TransportError> {
        if let Some(local) = self.local_ip {
            addresses.retain(|remote| remote.is_ipv4() == local.is_ipv4());
        }
        let endpoint = self.own_endpoint();
        match race(in_turn(addresses), deadline.at(), |remote| self.connect(remote)).await {
            Ok((connected, _)) => Ok(connected),
            Err(Lost { attempts, timed_out: true }) => {
                Err(deadline.timed_out(endpoint, Attempts::new(attempts)))
            }
            Err(Lost { attempts, .. }) => Err(Attempts::new(attempts)
                .into_error(endpoint, |source| self.error("connect", source))),
        }
    }

    pub(super) fn bind_any(
        &self,
        addresses: Vec<SocketAddr>,
    ) -> Result<TcpListener, TransportError> {
        let mut failed = Vec::new();
        for address in addresses {
            match self.bind(address) {
                Ok(io) => return Ok(io),
                // A server is at this name: a second server beside it, at another of its
                // addresses, would have some of the clients.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    return Err(self.error("listen", error));
                }
                Err(error) => failed.push((address, error)),
            }
        }
        let explain = |source| self.error("listen", source);
        Err(Attempts::new(failed).into_error(self.own_endpoint(), explain))
    }

    pub(super) async fn connect(
        &self,
        remote: SocketAddr,
    ) -> io::Result<(Quiet<TcpStream>, Addresses)> {
        let socket = new_socket(remote)?;
        if let Some(local) = self.local(remote) {
            // The last connection from this port may not be forgotten yet.
            #[cfg(not(windows))]
            socket.set_reuseaddr(true)?;
            socket.bind(local)?;
        }
        let io = socket.connect(remote).await?;
        let local = io.local_addr()?;
        // A dial to a free port of the ephemeral range can meet itself on the loopback.
        if local == remote {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        self.options.set(&io)?;
        Ok((Quiet::tcp(io)?, Addresses { local, remote }))
    }

    pub(super) fn bind(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let socket = new_socket(address)?;
        // On Windows the same option would let two servers share the port.
        #[cfg(not(windows))]
        socket.set_reuseaddr(true)?;
        hear_both_families(&SockRef::from(&socket), address);
        socket.bind(address)?;
        socket.listen(self.backlog)
    }
}

pub(super) fn new_socket(address: SocketAddr) -> io::Result<TcpSocket> {
    if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }
}
