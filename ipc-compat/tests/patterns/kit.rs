//! What the patterns share: a place of their own for each, deadlines, and the way out of a handler.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ipc_compat::{Config, Dialect, Ipc, NodeFormat};
use ipc_core::EventStream;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Both dialects.
pub(crate) const DIALECTS: [Dialect; 2] = [Dialect::Classic, Dialect::V14];

/// A directory for the sockets of one test; it goes with it.
#[derive(Debug)]
pub(crate) struct Room {
    dialect: Dialect,
    dir: TempDir,
}

impl Room {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, dir: TempDir::new().unwrap() }
    }

    /// Returns the socket root, with the trailing `/` that node-ipc needs.
    pub(crate) fn root(&self) -> String {
        format!("{}/", self.dir.path().display())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Returns an object of the room's dialect. A lost connection is made again after 5 ms, so that
    /// the test is not slowed down.
    pub(crate) fn ipc(&self, id: &str) -> Ipc {
        Ipc::new(config(self.dialect, &self.root(), id))
    }
}

/// Returns a config for a program in the room with this root.
pub(crate) fn config(dialect: Dialect, root: &str, id: &str) -> Config {
    let mut config = match dialect {
        Dialect::V14 => Config::v14(),
        _ => Config::classic(),
    };
    config.socket_root = PathBuf::from(root);
    config.id = id.to_owned();
    config.retry = Duration::from_millis(5);
    config
}

/// Waits for what arrives for certain; a test that would hang ends here.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let result = tokio::time::timeout(DEADLINE, future).await;
    result.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Waits for the next payload of a stream of events.
pub(crate) async fn heard<L, T>(stream: &mut EventStream<NodeFormat, L, T>) -> T {
    soon("an event", stream.next()).await.expect("nothing comes any more").unwrap()
}

/// Returns the way out of a handler, and where it leads.
pub(crate) fn inbox<T>() -> (Post<T>, Inbox<T>) {
    let (sender, receiver) = unbounded_channel();
    (Post(sender), Inbox(receiver))
}

/// Where a handler puts what it was given. The test may have ended without wanting it.
#[derive(Debug)]
pub(crate) struct Post<T>(UnboundedSender<T>);

impl<T> Post<T> {
    pub(crate) fn put(&self, item: T) {
        let _ = self.0.send(item);
    }
}

impl<T> Clone for Post<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// What handlers were given, in its order.
#[derive(Debug)]
pub(crate) struct Inbox<T>(UnboundedReceiver<T>);

impl<T> Inbox<T> {
    /// Waits for the next.
    pub(crate) async fn next(&mut self) -> T {
        soon("an event", self.0.recv()).await.expect("nothing comes any more")
    }

    /// Waits for this many.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<T> {
        let mut items = Vec::with_capacity(count);
        while items.len() < count {
            items.push(self.next().await);
        }
        items
    }

    /// Returns whether no item is left that was not waited for.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Returns a loopback address that is one test's own, so that its ports are all free, also while its
/// server is away. Where there is only one loopback address, no other program may use such a port.
pub(crate) fn own_address() -> String {
    static USED: AtomicU32 = AtomicU32::new(0);
    let (id, test) = (std::process::id(), USED.fetch_add(1, Ordering::Relaxed));
    match cfg!(target_os = "linux") {
        true => format!("127.{}.{}.{}", 2 + test % 250, 1 + id / 250 % 250, 1 + id % 250),
        false => "127.0.0.1".to_owned(),
    }
}

/// Far longer than anything takes on a machine with other work.
const DEADLINE: Duration = Duration::from_secs(120);
