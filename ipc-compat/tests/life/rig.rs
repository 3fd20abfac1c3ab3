//! Places to serve and dial at, over several kinds of socket, and runtimes of several kinds.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ipc_compat::{Config, Ipc, Retries};
use ipc_transport::{
    Endpoint, MemoryTransport, TcpTransport, Transport, UdpTransport, UnixTransport,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Unix,
    Tcp,
    Udp,
    Memory,
}

pub(crate) const CONNECTED: [Kind; 3] = [Kind::Unix, Kind::Tcp, Kind::Memory];

pub(crate) const ALL: [Kind; 4] = [Kind::Unix, Kind::Tcp, Kind::Udp, Kind::Memory];

/// A place that no other test has.
pub(crate) struct Place {
    kind: Kind,
    pub(crate) directory: TempDir,
    name: String,
}

impl Place {
    pub(crate) fn new(kind: Kind) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("life-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Self { kind, directory: TempDir::new().unwrap(), name }
    }

    /// Returns what a server listens on; a port is the system's choice.
    pub(crate) fn server(&self) -> Arc<dyn Transport> {
        match self.kind {
            Kind::Unix => Arc::new(UnixTransport::new(self.path())),
            Kind::Tcp => Arc::new(TcpTransport::new("127.0.0.1", 0)),
            Kind::Udp => Arc::new(UdpTransport::udp4("127.0.0.1", 0)),
            Kind::Memory => Arc::new(MemoryTransport::new(self.name.clone())),
        }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("socket")
    }
}

/// Returns what dials a server that listens here.
pub(crate) fn at(endpoint: &Endpoint) -> Arc<dyn Transport> {
    Arc::from(endpoint.transport().unwrap())
}

/// Returns an object whose clients do not try again.
pub(crate) fn ipc() -> Ipc {
    let mut config = Config::classic();
    config.max_retries = Retries::Times(0);
    Ipc::new(config)
}

/// Returns a runtime with one thread, and one with several.
pub(crate) fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
    ]
}

/// Returns a runtime whose threads run by themselves.
pub(crate) fn threads() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// Waits for what has to come.
#[track_caller]
pub(crate) fn soon<T>(future: impl Future<Output = T>) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        let within = tokio::time::timeout(Duration::from_secs(60), future).await;
        assert!(within.is_ok(), "waited in vain at {caller}");
        within.unwrap()
    }
}
