//! `Report`: how a task that is not a connection's own reports an error.

use std::future::Future;
use std::pin::Pin;

use crate::error::Error;
use crate::observe::trace::Traced;
use crate::runtime::dispatcher::{Backlog, Dispatcher};
use crate::{MessageFormat, Peer};

/// What reports the errors of a peer's tasks.
pub(crate) trait Report<F>: Send + Sync {
    /// Calls the lifecycle handlers with an error, and returns a future that puts it into the streams,
    /// too: it waits while they are full, until the peer is closed.
    fn report(&self, peer: Peer<F>, error: Error) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

impl<F, L> Report<F> for Dispatcher<F, L>
where
    F: MessageFormat,
    L: Clone + Traced + Send + Sync + 'static,
{
    fn report(&self, peer: Peer<F>, error: Error) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut backlog = Backlog::new();
        self.error(Some(&peer), error, &mut backlog);
        Box::pin(async move {
            tokio::select! {
                biased;
                () = backlog.flushed() => {}
                () = peer.closed() => backlog.force(),
            }
        })
    }
}
