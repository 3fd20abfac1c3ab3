//! A server and its socket file: told when the file is lost, stopped then if that is wanted, or handed
//! to another process.

use std::sync::Arc;
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};

#[cfg(unix)]
use ipc_transport::TransportError;
use ipc_transport::{Displaced, Displacements, Listener};
#[cfg(unix)]
use tokio::sync::oneshot;

#[cfg(unix)]
#[cfg(unix)]
use crate::error::Error;
use crate::runtime::dispatcher::Backlog;
use crate::runtime::outbox::Want;
use crate::runtime::server::task::Shared;
use crate::{MessageFormat, Server, ServerEvent};

/// Waits for the next notice that the socket file is lost; for ever if there are none.
pub(crate) async fn next(notices: &mut Option<Displacements>) -> Displaced {
    if let Some(notices) = notices {
        if let Some(notice) = notices.next().await {
            return notice;
        }
    }
    std::future::pending().await
}

/// Tells of the notices that are there already.
pub(crate) fn tell<F: MessageFormat>(
    shared: &Shared<F>,
    notices: &mut Option<Displacements>,
    backlog: &mut Backlog<F, ServerEvent<F>>,
) {
    while let Some(notice) = notices.as_mut().and_then(Displacements::try_next) {
        shared.hub.lifecycle(ServerEvent::Displaced(notice), backlog);
    }
}

/// Closes the listener, or gives it to whoever asked for it.
pub(crate) async fn end<F: MessageFormat>(
    shared: &Shared<F>,
    listener: Box<dyn Listener>,
    backlog: &mut Backlog<F, ServerEvent<F>>,
) {
    #[cfg(unix)]
    if let Some(heir) = shared.heir.take() {
        // Whoever does not wait for the socket any more has it closed.
        let _ = heir.send(listener.hand_over());
        return;
    }
    if let Err(error) = listener.close().await {
        shared.hub.error(None, error.into(), backlog);
    }
}

/// Ends the server whose file is lost: closes the peers when what waits for them is written, then
/// ends the streams of events.
pub(crate) async fn stop<F: MessageFormat>(shared: Arc<Shared<F>>) {
    shared.ask_to_stop();
    let peers: Vec<_> = shared.peers().values().cloned().collect();
    peers.iter().for_each(|peer| peer.outbox().want(Want::Close));
    // Each has a limit of its own, `close_timeout`.
    shared.all_gone().await;
    shared.hub.end();
}

/// Whoever asked for the listening socket.
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
    /// Stops accepting and returns the listening socket, for another process that serves on with
    /// [`OpenTransport`](ipc_transport::OpenTransport): see
    /// [`Listener::hand_over`](ipc_transport::Listener::hand_over).
    ///
    /// A socket file stays where it is. The peers stay connected, until
    /// [`shutdown`](Self::shutdown) or the last clone is dropped; the server does not listen again.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the server does not listen, now or any more; [`Error::Transport`] for
    /// kinds of sockets that cannot be handed over, and the endpoint is then freed.
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
