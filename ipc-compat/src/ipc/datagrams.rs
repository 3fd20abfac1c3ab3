//! What a server on UDP has beside others: messages to an address, from whom nothing need have come.

use std::net::{IpAddr, SocketAddr};

use ipc_core::{EmitError, EncodePayload, Error};

use super::{IpcServer, Socket};
use crate::{NodeFormat, RawData, codes};

/// An address to send a datagram to: a [`SocketAddr`], or an IP address and a port.
///
/// Names of hosts are not looked up: that takes time, and this does not wait.
pub trait ToAddress {
    /// Returns the address.
    ///
    /// # Errors
    ///
    /// [`EmitToError::Host`] if the host is no IP address.
    fn to_address(self) -> Result<SocketAddr, EmitToError>;
}

impl ToAddress for SocketAddr {
    fn to_address(self) -> Result<SocketAddr, EmitToError> {
        Ok(self)
    }
}

impl ToAddress for (IpAddr, u16) {
    fn to_address(self) -> Result<SocketAddr, EmitToError> {
        Ok(self.into())
    }
}

impl ToAddress for (&str, u16) {
    fn to_address(self) -> Result<SocketAddr, EmitToError> {
        let host = self.0.parse::<IpAddr>();
        let host = host.map_err(|_| EmitToError::Host { host: self.0.to_owned() })?;
        Ok((host, self.1).into())
    }
}

/// Why a message to an address was not taken. Nothing of it was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmitToError {
    /// The host is a name, or nothing at all.
    #[error("{host:?} is no IP address")]
    Host {
        /// The host.
        host: String,
    },
    /// The server cannot send to the address.
    #[error(transparent)]
    Peer(#[from] Error),
    /// The message was not taken.
    #[error(transparent)]
    Emit(#[from] EmitError),
}

impl EmitToError {
    /// Returns a short name of the error that never changes, as [`codes::of`] does.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Host { .. } => codes::ARGUMENT,
            Self::Peer(error) => codes::of(error),
            Self::Emit(error) => codes::of_emit(error),
        }
    }
}

impl IpcServer {
    /// Sends an event to an address, in a datagram from the server's own port: node-ipc's `emit`
    /// with `{address, port}`. Nothing need have come from there. Over other sockets than UDP, one
    /// of the clients has to have the address.
    ///
    /// # Errors
    ///
    /// [`EmitToError`].
    // Wire rule W47
    pub fn emit_to<T: ?Sized>(
        &self,
        to: impl ToAddress,
        event: &str,
        data: &T,
    ) -> Result<(), EmitToError>
    where
        NodeFormat: EncodePayload<T>,
    {
        self.send_to(to, |socket| self.emit(socket, event, data))
    }

    /// Sends bytes to an address in raw mode. Else as [`emit_to`](Self::emit_to).
    ///
    /// # Errors
    ///
    /// [`EmitToError`].
    pub fn write_to<'a>(
        &self,
        to: impl ToAddress,
        data: impl Into<RawData<'a>>,
    ) -> Result<(), EmitToError> {
        let data = data.into();
        self.send_to(to, |socket| socket.emit(NodeFormat::RAW_EVENT, &data))
    }

    fn send_to(
        &self,
        to: impl ToAddress,
        send: impl Fn(&Socket) -> Result<(), EmitError>,
    ) -> Result<(), EmitToError> {
        let to = to.to_address()?;
        match send(&self.core().peer_at(to)?) {
            // It was silent for so long that it is forgotten just now.
            Err(EmitError::Closed) => Ok(send(&self.core().peer_at(to)?)?),
            result => Ok(result?),
        }
    }
}

/// Returns whether the peer is only an address that datagrams came from or go to.
// Wire rule W45
pub(super) fn is_datagram(socket: &Socket) -> bool {
    socket.info().is_some_and(|info| info.endpoint.max_datagram().is_some())
}
