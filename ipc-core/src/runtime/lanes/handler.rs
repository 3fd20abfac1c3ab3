//! `AsyncHandler`: a registered function that returns a future for each event.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};

use tokio::sync::watch;

use super::report::Report;
use crate::{FormatError, HandlerOptions, Message, MessageFormat, Peer};

/// An async handler. What it handles for each peer is in the peer's [`Lanes`](super::Lanes).
pub(crate) struct AsyncHandler<F> {
    options: HandlerOptions,
    start: Box<Start<F>>,
    /// Whether the handler was removed.
    removed: watch::Sender<bool>,
    /// What reports the errors of its tasks.
    pub(super) report: Weak<dyn Report<F>>,
}

/// Reads the payload and returns the future that handles it.
type Start<F> = dyn Fn(&Message, &Peer<F>) -> Result<Running, FormatError> + Send + Sync;

/// The future of one event.
pub(super) type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<F> AsyncHandler<F> {
    /// Returns a handler that reads messages with `read`, and whose errors are reported with `report`.
    pub(crate) fn new<T, Fut>(
        options: HandlerOptions,
        report: Weak<dyn Report<F>>,
        read: impl Fn(&F, &Message) -> Result<T, FormatError> + Send + Sync + 'static,
        handle: impl Fn(T, Peer<F>) -> Fut + Send + Sync + 'static,
    ) -> Arc<Self>
    where
        F: MessageFormat,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let start = move |message: &Message, peer: &Peer<F>| {
            let payload = read(peer.format(), message)?;
            Ok(Box::pin(handle(payload, peer.clone())) as Running)
        };
        let removed = watch::Sender::new(false);
        Arc::new(Self { options, start: Box::new(start), removed, report })
    }

    /// Ends the handler: no event starts any more.
    pub(crate) fn remove(&self) {
        let _ = self.removed.send_replace(true);
    }

    pub(super) fn is_removed(&self) -> bool {
        *self.removed.borrow()
    }

    /// Waits until the handler is removed.
    pub(super) async fn removed(&self) {
        // The sender is here, so it is not dropped meanwhile.
        let _ = self.removed.subscribe().wait_for(|removed| *removed).await;
    }

    /// Returns the future that handles a message.
    pub(super) fn start(&self, message: &Message, peer: &Peer<F>) -> Result<Running, FormatError> {
        (self.start)(message, peer)
    }

    pub(super) fn concurrency(&self) -> usize {
        self.options.concurrency
    }
}
