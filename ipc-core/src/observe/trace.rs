//! Reports to `tracing`, with the feature of that name; without it, nothing.
//!
//! Connections have spans, with the endpoint and the peer's number; their lifecycle events are
//! reported at the level `DEBUG`, errors and refusals at `WARN`. Payloads never are.

use ipc_transport::Endpoint;

use crate::{ClientEvent, Peer, ServerEvent};

/// A lifecycle event that can be reported.
pub(crate) trait Traced {
    /// Reports the event.
    fn trace(&self);
}

#[cfg(feature = "tracing")]
impl Traced for ClientEvent {
    fn trace(&self) {
        match self {
            Self::Connect => tracing::debug!("connected"),
            Self::Disconnect(reason) => tracing::debug!(%reason, "disconnected"),
            Self::Destroy => tracing::debug!("destroyed"),
            Self::Error(error) => warn(error),
            Self::Greeted(_) => tracing::debug!("greeted"),
            Self::Dismissed(bye) => {
                tracing::warn!(code = &*bye.code, why = &*bye.message, "dismissed");
            }
        }
    }
}

#[cfg(feature = "tracing")]
impl<F: crate::MessageFormat> Traced for ServerEvent<F> {
    fn trace(&self) {
        match self {
            // Not traced, since nothing has happened but what the program asked for.
            Self::Listening(_) | Self::Group(_) | Self::Topic(_) => {}
            Self::Connect(_) => tracing::debug!("connected"),
            Self::Disconnect { reason, .. } => tracing::debug!(%reason, "disconnected"),
            Self::Error { error, .. } => warn(error),
            Self::Identified { identity, .. } => {
                tracing::debug!(name = &*identity.name, proof = ?identity.proof, "identified");
            }
            Self::Refused { why, .. } => tracing::warn!(code = why.code(), %why, "refused"),
            Self::Displaced(displaced) => tracing::warn!(%displaced, "displaced"),
        }
    }
}

#[cfg(feature = "tracing")]
fn warn(error: &crate::Error) {
    tracing::warn!(code = error.code(), %error, "error");
}

#[cfg(not(feature = "tracing"))]
impl Traced for ClientEvent {
    fn trace(&self) {}
}

#[cfg(not(feature = "tracing"))]
impl<F> Traced for ServerEvent<F> {
    fn trace(&self) {}
}

/// Returns the future of a client's task in its span.
#[cfg(feature = "tracing")]
pub(crate) fn client<T: Future>(
    endpoint: &Endpoint,
    task: T,
) -> impl Future<Output = T::Output> + use<T> {
    use tracing::Instrument;
    task.instrument(tracing::debug_span!("ipc_client", %endpoint))
}

/// Returns the future of a task that serves a peer in its span.
#[cfg(feature = "tracing")]
pub(crate) fn peer<F, T>(peer: &Peer<F>, task: T) -> impl Future<Output = T::Output> + use<F, T>
where
    F: crate::MessageFormat,
    T: Future,
{
    use tracing::Instrument;
    let span = match peer.info() {
        Some(info) => {
            tracing::debug_span!("ipc_peer", endpoint = %info.endpoint, peer = peer.id().get())
        }
        None => tracing::debug_span!("ipc_peer", peer = peer.id().get()),
    };
    task.instrument(span)
}

/// Returns the future of a task in the span of the one that starts it.
#[cfg(feature = "tracing")]
pub(crate) fn within<T: Future>(task: T) -> impl Future<Output = T::Output> + use<T> {
    use tracing::Instrument;
    task.in_current_span()
}

/// Reports that a client was dropped that was never started: its program may wait for it.
#[cfg(feature = "tracing")]
pub(crate) fn never_started(endpoint: &Endpoint) {
    tracing::warn!(%endpoint, "client dropped without having been started: it never connected");
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn never_started(_: &Endpoint) {}

#[cfg(not(feature = "tracing"))]
pub(crate) fn client<T: Future>(_: &Endpoint, task: T) -> T {
    task
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn within<T: Future>(task: T) -> T {
    task
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn peer<F, T: Future>(_: &Peer<F>, task: T) -> T {
    task
}
