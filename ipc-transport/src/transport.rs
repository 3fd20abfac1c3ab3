//! The two traits every kind of socket implements: dial and listen, then accept.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::dial_deadline::Deadline;
use crate::{Displacements, Endpoint, Stream, TransportError};

/// A way to reach an endpoint or to serve it: one implementation per kind of socket.
///
/// Dynamic dispatch happens at dial and accept only; the [`Stream`] they return is an enum.
/// Nothing here connects again after a failure: a policy above decides when to.
#[async_trait]
pub trait Transport: Debug + Send + Sync + 'static {
    /// Returns the endpoint this transport dials and listens at.
    fn endpoint(&self) -> Endpoint;

    /// Connects to the server that listens at the endpoint.
    ///
    /// # Errors
    ///
    /// [`TransportError::NobodyListening`] if there is no server; the kind's own documentation
    /// names the others.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons the attempt and closes what was opened for it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_transport::{Transport, UnixTransport};
    /// # use tokio::io::AsyncWriteExt;
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut stream = UnixTransport::new("/tmp/app.world").dial().await?;
    /// stream.write_all(b"hello").await?;
    /// stream.shutdown().await?;
    /// # Ok(()) }
    /// ```
    async fn dial(&self) -> Result<Stream, TransportError>;

    /// Connects as [`dial`](Self::dial) does, within this time.
    ///
    /// By default it is `dial` with a timeout. Kinds that know more say more: a server that was
    /// there and had no place for another client is [`TransportError::Busy`], and a host with
    /// several addresses has a reason for each.
    ///
    /// # Errors
    ///
    /// [`TransportError::ConnectTimeout`] or [`TransportError::Busy`] when the time is over; else
    /// as `dial`.
    ///
    /// # Cancel safety
    ///
    /// As `dial`.
    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        Deadline::after(limit).end(&self.endpoint(), self.dial()).await?
    }

    /// Starts to listen; clients can connect from the moment this returns.
    ///
    /// # Errors
    ///
    /// [`TransportError::AlreadyRunning`] or [`TransportError::AddressInUse`] if the endpoint is
    /// taken; the kind's own documentation names the others.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future frees the endpoint again.
    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError>;

    /// Returns whether its streams are plain sockets, which
    /// [`Stream::into_blocking`] takes off the runtime: what a driver without a runtime asks before
    /// it takes a transport.
    ///
    /// Default: `false`. Unix sockets and TCP can; a transport that wraps another one and returns
    /// its streams as they are answers what that one does.
    fn supports_blocking(&self) -> bool {
        false
    }
}

/// A listening endpoint. Dropping it frees the endpoint, as [`Listener::close`] does.
#[async_trait]
pub trait Listener: Debug + Send {
    /// Returns the endpoint as bound: a TCP port of 0 is replaced by the real one.
    fn endpoint(&self) -> Endpoint;

    /// Returns the next connection.
    ///
    /// Errors that concern one connection only (it was gone before it could be accepted) are
    /// not reported; the next one is returned instead.
    ///
    /// # Errors
    ///
    /// [`TransportError::TooManyFiles`] if the process or the system ran out of file
    /// descriptors. One waiting connection has then been accepted and closed, so its client is
    /// not left hanging; wait a moment before the next call. After every error the listener
    /// is still usable.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a dropped future loses no connection.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_transport::{Transport, UnixTransport};
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut listener = UnixTransport::new("/tmp/app.world").listen().await?;
    /// loop {
    ///     match listener.accept().await {
    ///         Ok(stream) => println!("{:?}", stream.peer()),
    ///         Err(error) if error.is_refusal() => println!("refused: {error}"),
    ///         Err(error) => return Err(error.into()),
    ///     }
    /// }
    /// # }
    /// ```
    async fn accept(&mut self) -> Result<Stream, TransportError>;

    /// Stops listening and frees the endpoint; a socket file is removed if it is still ours.
    ///
    /// # Errors
    ///
    /// [`TransportError::Io`] if the socket file cannot be removed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the listener all the same.
    async fn close(self: Box<Self>) -> Result<(), TransportError>;

    /// Returns what opens streams to addresses from this listener's own socket, for kinds of
    /// sockets that can: UDP. It works as long as the listener is there.
    fn opener(&self) -> Option<Arc<dyn OpenPeer>> {
        None
    }

    /// Returns the notices that the served socket file was removed or replaced, from now on; `None`
    /// for kinds without a file, and for a file that is not looked after.
    fn displacements(&self) -> Option<Displacements> {
        None
    }

    /// Stops accepting without freeing the endpoint and returns the listening socket, for another
    /// process that serves on with [`OpenTransport`](crate::OpenTransport).
    ///
    /// A socket file stays, and this process does not remove it any more; clients that wait to be
    /// accepted wait for the other process. The descriptor is closed in children that execute
    /// another program: what starts them passes it on, as their standard input, say.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unsupported`] for kinds that cannot: Unix sockets and TCP can.
    /// [`TransportError::Io`] if the system refuses. The endpoint is then freed.
    #[cfg(unix)]
    fn hand_over(self: Box<Self>) -> Result<std::os::fd::OwnedFd, TransportError> {
        Err(TransportError::Unsupported { endpoint: self.endpoint() })
    }
}

/// Opens streams from the socket of a [`Listener`], for sockets that know no connections.
pub trait OpenPeer: Debug + Send + Sync {
    /// Returns a stream to the address; an earlier stream to it then ends. Does not wait,
    /// and nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`TransportError::WrongFamily`] if the socket cannot send to such an address;
    /// [`TransportError::Io`] if the listener is closed.
    fn open(&self, remote: SocketAddr) -> Result<Stream, TransportError>;
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Box<T> {
    fn endpoint(&self) -> Endpoint {
        (**self).endpoint()
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        (**self).dial().await
    }

    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        (**self).dial_within(limit).await
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        (**self).listen().await
    }

    fn supports_blocking(&self) -> bool {
        (**self).supports_blocking()
    }
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn endpoint(&self) -> Endpoint {
        (**self).endpoint()
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        (**self).dial().await
    }

    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        (**self).dial_within(limit).await
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        (**self).listen().await
    }

    fn supports_blocking(&self) -> bool {
        (**self).supports_blocking()
    }
}
