//! A server's socket file: reports that it is lost, stops the server then if that is wanted, and hands
//! the socket to another process.

use std::sync::Arc;
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};

#[cfg(unix)]
use ipc_transport::TransportError;
use ipc_transport::{Displaced, Displacements, Listener};
#[cfg(unix)]
use tokio::sync::oneshot;

use crate::runtime::dispatcher::Backlog;
use crate::runtime::outbox::Want;
use crate::runtime::server::shared::Shared;
use crate::{MessageFormat, ServerEvent};
#[cfg(unix)]
use crate::{Server, error::Error};

/// Waits for the next notice that the socket file is lost; for ever without a source of notices.
pub(crate) async fn next(notices: &mut Option<Displacements>) -> Displaced {
    if let Some(notices) = notices {
        if let Some(notice) = notices.next().await {
            return notice;
        }
    }
    std::future::pending().await
}

/// Dispatches the notices that have already come.
pub(crate) fn report<F: MessageFormat>(
    shared: &Shared<F>,
    notices: &mut Option<Displacements>,
    backlog: &mut Backlog<F, ServerEvent<F>>,
) {
    while let Some(notice) = notices.as_mut().and_then(Displacements::try_next) {
        shared.dispatcher.lifecycle(ServerEvent::Displaced(notice), backlog);
    }
}

/// Closes the listener, or hands it over if that was asked for.
pub(crate) async fn end<F: MessageFormat>(
    shared: &Shared<F>,
    listener: Box<dyn Listener>,
    backlog: &mut Backlog<F, ServerEvent<F>>,
) {
    #[cfg(unix)]
    if let Some(heir) = shared.heir.take() {
        // If the caller no longer waits for the socket, it is closed.
        let _ = heir.send(listener.hand_over());
        return;
    }
    if let Err(error) = listener.close().await {
        shared.dispatcher.error(None, error.into(), backlog);
    }
}

/// Stops a server whose file is lost: closes the peers when their queues are written, then ends the
/// streams of events.
pub(crate) async fn stop<F: MessageFormat>(shared: Arc<Shared<F>>) {
    shared.ask_to_stop();
    let peers: Vec<_> = shared.peers().values().cloned().collect();
    peers.iter().for_each(|peer| peer.outbox().want(Want::Close));
    // Each within its `close_timeout`.
    shared.all_gone().await;
    shared.dispatcher.end();
}

/// The caller that asked for the listening socket.
#[cfg(unix)]
#[derive(Debug, Default)]
pub(crate) struct Heir(Mutex<Option<Sender>>);

#[cfg(unix)]
type Sender = oneshot::Sender<Result<std::os::fd::OwnedFd, TransportError>>;

#[cfg(unix)]
impl Heir {
    fn set(&self, heir: Sender) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(heir);
    }

    fn take(&self) -> Option<Sender> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(unix)]
impl<F: MessageFormat> Server<F> {
    /// Stops accepting and returns the listening socket, for another process that continues with
    /// [`OpenTransport`](ipc_transport::OpenTransport): see
    /// [`Listener::hand_over`](ipc_transport::Listener::hand_over).
    ///
    /// A socket file stays where it is. The peers stay connected, until
    /// [`shutdown`](Self::shutdown) or the last clone is dropped; the server does not listen again.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the server does not listen (any more); [`Error::Transport`] for kinds of
    /// sockets that cannot be handed over, and the endpoint is then freed.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the socket is closed, and its file may stay.
    pub async fn hand_over(&self) -> Result<std::os::fd::OwnedFd, Error> {
        let shared = self.shared();
        if self.endpoint().is_none() || shared.is_stopped() {
            return Err(Error::Closed);
        }
        let (heir, mut socket) = oneshot::channel();
        shared.heir.set(heir);
        shared.stop_listening().await;
        match socket.try_recv() {
            Ok(socket) => Ok(socket?),
            // The task that listened was gone, with its runtime, say.
            Err(_) => Err(Error::Closed),
        }
    }
}
