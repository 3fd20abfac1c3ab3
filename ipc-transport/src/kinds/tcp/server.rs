//! A listening TCP port.

use std::io;
use std::net::SocketAddr;
use std::task::Context;

use async_trait::async_trait;
use tokio::net::{TcpListener, TcpStream};

use super::TcpTransport;
use super::options::SocketOptions;
use crate::kinds::common::accept::{Reserve, UnlessForked};
use crate::stream::quiet::Quiet;
use crate::{Endpoint, Listener, PeerInfo, Stream, TransportError};

#[derive(Debug)]
pub(crate) struct TcpServer {
    endpoint: Endpoint,
    io: UnlessForked<TcpListener>,
    options: SocketOptions,
    reserve: Reserve,
}

impl TcpServer {
    pub(crate) fn new(transport: &TcpTransport, io: TcpListener) -> Result<Self, TransportError> {
        let bound = io.local_addr().map_err(|error| transport.error("listen", error))?;
        let endpoint = Endpoint::Tcp { host: transport.host.clone(), port: bound.port() };
        let io = UnlessForked::new(io);
        Ok(Self { endpoint, io, options: transport.options, reserve: Reserve::new() })
    }

    /// Returns the next connection and its two addresses.
    pub(crate) async fn accept_io(
        &mut self,
    ) -> Result<(Quiet<TcpStream>, Addresses), TransportError> {
        loop {
            let listener: &TcpListener = &self.io;
            let poll_accept = |cx: &mut Context<'_>| listener.poll_accept(cx);
            let (io, remote) = self.reserve.accept(&self.endpoint, poll_accept).await?;
            // Fails only if the connection is gone already; then it is the next one's turn.
            if let Ok(accepted) = self.prepare(io, remote) {
                return Ok(accepted);
            }
        }
    }

    fn prepare(
        &self,
        io: TcpStream,
        remote: SocketAddr,
    ) -> io::Result<(Quiet<TcpStream>, Addresses)> {
        self.options.set(&io)?;
        let addresses = Addresses { local: io.local_addr()?, remote };
        Ok((Quiet::tcp(io)?, addresses))
    }
}

#[async_trait]
impl Listener for TcpServer {
    fn endpoint(&self) -> Endpoint {
        self.endpoint.clone()
    }

    async fn accept(&mut self) -> Result<Stream, TransportError> {
        let (io, addresses) = self.accept_io().await?;
        Ok(Stream::new(io, addresses.describe(self.endpoint.clone())))
    }

    async fn close(self: Box<Self>) -> Result<(), TransportError> {
        Ok(())
    }

    #[cfg(unix)]
    fn hand_over(self: Box<Self>) -> Result<std::os::fd::OwnedFd, TransportError> {
        let Self { endpoint, io, .. } = *self;
        let io = io.into_inner().and_then(TcpListener::into_std);
        io.map(Into::into).map_err(|source| TransportError::Io {
            endpoint,
            op: "hand over",
            source,
        })
    }
}

/// The two ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
}

impl Addresses {
    /// Returns what is known about a peer so far.
    pub(crate) fn describe(self, endpoint: Endpoint) -> PeerInfo {
        PeerInfo::new(endpoint).with_remote(self.remote).with_local(self.local)
    }
}
