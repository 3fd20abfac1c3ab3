//! `UdpListener`: one bound socket whose newcomers are accepted, and what opens streams from it.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use tokio::task::AbortHandle;

use super::shared::Shared;
use crate::{Endpoint, Listener, OpenPeer, Stream, TransportError};

#[derive(Debug)]
pub(super) struct UdpListener {
    shared: Arc<Shared>,
    /// The task that reads for all streams. It has to read even while no stream is accepted.
    reading: AbortHandle,
}

impl UdpListener {
    pub(super) fn start(shared: Arc<Shared>) -> Self {
        let of_task = Arc::clone(&shared);
        let reading = tokio::spawn(async move {
            let mut timer = None;
            poll_fn(|cx| of_task.poll_work(cx, &mut timer)).await;
        });
        Self { shared, reading: reading.abort_handle() }
    }
}

#[async_trait]
impl Listener for UdpListener {
    fn endpoint(&self) -> Endpoint {
        self.shared.endpoint()
    }

    async fn accept(&mut self) -> Result<Stream, TransportError> {
        // Before a stream is taken out, which would be lost if this is dropped while it waits.
        tokio::task::consume_budget().await;
        loop {
            // Only this one waits, and a notice that comes before it waits is kept for it.
            let news = self.shared.news.notified();
            match self.shared.next() {
                Ok(Some(stream)) => return Ok(stream),
                Err(source) => {
                    let endpoint = self.endpoint();
                    return Err(TransportError::Io { endpoint, op: "receive", source });
                }
                Ok(None) => news.await,
            }
        }
    }

    async fn close(self: Box<Self>) -> Result<(), TransportError> {
        Ok(())
    }

    fn opener(&self) -> Option<Arc<dyn OpenPeer>> {
        Some(Arc::new(Opener { shared: Arc::downgrade(&self.shared), endpoint: self.endpoint() }))
    }
}

impl Drop for UdpListener {
    fn drop(&mut self) {
        self.shared.close();
        self.reading.abort();
    }
}

/// Opens streams over the listener's socket, as long as the listener is there.
#[derive(Debug)]
struct Opener {
    shared: Weak<Shared>,
    endpoint: Endpoint,
}

impl OpenPeer for Opener {
    fn open(&self, remote: SocketAddr) -> Result<Stream, TransportError> {
        match self.shared.upgrade() {
            Some(shared) => shared.open(remote),
            None => Err(TransportError::Io {
                endpoint: self.endpoint.clone(),
                op: "open",
                source: std::io::ErrorKind::NotConnected.into(),
            }),
        }
    }
}
