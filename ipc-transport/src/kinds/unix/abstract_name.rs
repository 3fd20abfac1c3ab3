//! Unix stream sockets with a name in Linux's abstract namespace: no file, no rights, no leftovers.

#[cfg(unix)]
use std::time::Duration;

use async_trait::async_trait;

#[cfg(unix)]
use super::name::Name;
use super::options::{PeerCheck, SocketOptions, socket_setters};
use crate::{Endpoint, Listener, Stream, Transport, TransportError};

/// A name of Linux's abstract namespace, to dial or to serve.
///
/// Such a socket has no file: nothing is left behind by a server that is killed, and nothing has
/// to be replaced or removed. It has no rights either: **every user of the machine (of the network
/// namespace, to be exact) can connect, and can take the name first**. So both sides look at the
/// other's user before a byte is exchanged, and by default take only their own and root.
///
/// # Defaults
///
/// [`PeerCheck::SameUserOrRoot`] on both sides; a backlog of 511 connections.
///
/// # Errors
///
/// Dialing gives [`TransportError::NobodyListening`], and [`TransportError::ForeignOwner`] or
/// [`TransportError::UnknownOwner`] if the server is not to be trusted, and
/// [`TransportError::Busy`] if its backlog was full for as long as we waited; paths in errors are
/// the name after an `@`, as other tools show it. Listening gives [`TransportError::AddressInUse`].
/// Accepting gives [`TransportError::PeerRefused`] for a client that is not taken.
///
/// Both give [`TransportError::InvalidName`] for an empty name, [`TransportError::NameTooLong`] for
/// one of more than 107 bytes, [`TransportError::TooManyFiles`] and [`TransportError::Io`]; and,
/// anywhere but on Linux, [`TransportError::Unsupported`] only.
///
/// # Examples
///
/// ```
/// use ipc_transport::{AbstractTransport, PeerCheck};
///
/// let ours = AbstractTransport::new("app.world");
/// let for_everybody = AbstractTransport::new("app.world").with_accept_check(PeerCheck::Any);
/// ```
#[derive(Clone, Debug)]
pub struct AbstractTransport {
    name: String,
    socket: SocketOptions,
}

impl AbstractTransport {
    /// Returns a transport for a name, without the NUL byte the system puts before it.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let check = PeerCheck::SameUserOrRoot;
        Self { name: name.into(), socket: SocketOptions::new(check, check) }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sets which servers a client accepts, by default [`PeerCheck::SameUserOrRoot`].
    ///
    /// [`PeerCheck::StickyDirectory`] is taken as if the name were a file in such a directory.
    #[must_use]
    pub fn with_peer_check(mut self, check: PeerCheck) -> Self {
        self.socket.dial_check = check;
        self
    }

    /// Sets which clients a server accepts, by default [`PeerCheck::SameUserOrRoot`].
    ///
    /// [`PeerCheck::StickyDirectory`] is taken for [`PeerCheck::SameUserOrRoot`].
    #[must_use]
    pub fn with_accept_check(mut self, check: PeerCheck) -> Self {
        self.socket.accept_check = match check {
            PeerCheck::StickyDirectory => PeerCheck::SameUserOrRoot,
            other => other,
        };
        self
    }

    socket_setters!();
}

#[cfg(unix)]
impl AbstractTransport {
    async fn connect(&self, busy: Duration) -> Result<Stream, TransportError> {
        let name = Name::new(&self.name)?;
        super::connect::connect_abstract(&name, self.socket.dial_check, busy).await
    }
}

#[async_trait]
impl Transport for AbstractTransport {
    fn endpoint(&self) -> Endpoint {
        Endpoint::Abstract(self.name.clone())
    }

    fn supports_blocking(&self) -> bool {
        cfg!(unix)
    }

    #[cfg(unix)]
    async fn dial(&self) -> Result<Stream, TransportError> {
        self.connect(self.socket.busy_timeout.alone()).await
    }

    #[cfg(unix)]
    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        self.connect(self.socket.busy_timeout.within(limit)).await
    }

    #[cfg(not(unix))]
    async fn dial(&self) -> Result<Stream, TransportError> {
        Err(TransportError::Unsupported { endpoint: self.endpoint() })
    }

    #[cfg(unix)]
    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        let io = Name::new(&self.name)?.listen(self.socket.backlog)?;
        let check = self.socket.accept_check;
        Ok(Box::new(super::listener::UnixServer::new(self.endpoint(), io, check)))
    }

    #[cfg(not(unix))]
    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        Err(TransportError::Unsupported { endpoint: self.endpoint() })
    }
}
