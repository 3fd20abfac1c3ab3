//! `Shared`: what the handles and the tasks of one server share.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use ipc_codec::FrameEncoder;
use ipc_transport::Transport;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::options::ConnectionConfig;
use crate::protocol::calls::SharedNumbers;
use crate::runtime::calls::builtin::Notice;
use crate::runtime::clock;
use crate::runtime::dispatcher::{Backlog, Dispatcher};
use crate::runtime::server::admission::Admission;
use crate::runtime::server::allow_by::AllowBy;
use crate::runtime::server::by_address::ByAddress;
use crate::runtime::server::directory::{Change, Directory, DirectoryLimits};
#[cfg(unix)]
use crate::runtime::server::file;
use crate::runtime::server::token::Gate;
use crate::{MessageFormat, Peer, PeerId, ServerEvent};

/// What the handles and the tasks of one server share.
pub(crate) struct Shared<F: MessageFormat> {
    pub(crate) format: Arc<F>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) config: Arc<ConnectionConfig>,
    pub(crate) dispatcher: Arc<Dispatcher<F, ServerEvent<F>>>,
    /// What is known of the peers by their numbers.
    pub(crate) directory: Arc<Directory>,
    pub(crate) encoder: FrameEncoder,
    pub(super) admission: Admission,
    /// What a peer has to pass after that, if it has to.
    pub(super) gate: Option<Arc<Gate>>,
    pub(super) allow_by: AllowBy<F>,
    peers: Mutex<BTreeMap<PeerId, Peer<F>>>,
    pub(crate) by_address: ByAddress<F>,
    pub(super) next_id: AtomicU64,
    /// The numbers of calls that go to many peers.
    pub(super) surveys: SharedNumbers,
    /// Where the tasks run.
    pub(super) runtime: OnceLock<Handle>,
    /// Who gets the listening socket when listening ends.
    #[cfg(unix)]
    pub(crate) heir: file::Heir,
    /// Set when listening is to stop: also those that wait to be let in.
    pub(super) stop: watch::Sender<bool>,
    /// How many tasks run: the accepting one and one for each peer.
    pub(super) tasks: watch::Sender<Tasks>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tasks {
    pub(super) accepting: usize,
    pub(super) peers: usize,
}

impl<F: MessageFormat> Shared<F> {
    pub(crate) fn new(
        format: F,
        transport: Arc<dyn Transport>,
        admission: Admission,
        gate: Option<Arc<Gate>>,
        limits: DirectoryLimits,
        mut config: ConnectionConfig,
    ) -> Self {
        let dispatcher = Dispatcher::new(
            config.handler_order,
            |peer, error| ServerEvent::Error { peer: peer.cloned(), error },
            |peer, notice| match notice {
                Notice::Identified(identity) => {
                    Some(ServerEvent::Identified { peer: peer.clone(), identity })
                }
                Notice::Greeted(_) | Notice::Dismissed(_) => None,
            },
        );
        let directory = Arc::new(Directory::new(limits, notify_of(&dispatcher)));
        config.directory = Some(Arc::clone(&directory));
        Self {
            encoder: FrameEncoder::new(format.framing(), config.limits),
            format: Arc::new(format),
            transport,
            dispatcher,
            directory,
            config: Arc::new(config),
            admission,
            gate,
            allow_by: AllowBy::new(),
            peers: Mutex::new(BTreeMap::new()),
            by_address: ByAddress::new(),
            next_id: AtomicU64::new(1),
            // An answer to an earlier server of the same address may still come.
            surveys: SharedNumbers::starting_at((clock::chance() * 1e12) as u64),
            runtime: OnceLock::new(),
            #[cfg(unix)]
            heir: file::Heir::default(),
            stop: watch::Sender::new(false),
            tasks: watch::Sender::new(Tasks::default()),
        }
    }

    pub(crate) fn peers(&self) -> MutexGuard<'_, BTreeMap<PeerId, Peer<F>>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ask_to_stop(&self) {
        let _ = self.stop.send_replace(true);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Ends listening and waits until the socket is closed and its file removed.
    pub(crate) async fn stop_listening(&self) {
        self.ask_to_stop();
        let _ = self.tasks.subscribe().wait_for(|tasks| tasks.accepting == 0).await;
    }

    /// Returns whether no peer has a task.
    pub(crate) fn is_alone(&self) -> bool {
        self.tasks.borrow().peers == 0
    }

    /// Waits until the task of every peer has ended.
    pub(crate) async fn all_gone(&self) {
        let _ = self.tasks.subscribe().wait_for(|tasks| tasks.peers == 0).await;
    }
}

/// Returns what calls the lifecycle handlers with what has changed.
fn notify_of<F: MessageFormat>(
    dispatcher: &Arc<Dispatcher<F, ServerEvent<F>>>,
) -> impl Fn(Change) + Send + Sync + 'static {
    // Each peer holds the directory, and a handler may hold a peer.
    let dispatcher = Arc::downgrade(dispatcher);
    move |change| {
        let Some(dispatcher) = dispatcher.upgrade() else { return };
        let mut backlog = Backlog::new();
        let event = match change {
            Change::Group(event) => ServerEvent::Group(event),
            Change::Topic(event) => ServerEvent::Topic(event),
        };
        dispatcher.notify(&event, &mut backlog);
        backlog.force();
    }
}

/// Counts a task while it runs, however it ends.
pub(super) struct Running<F: MessageFormat> {
    pub(super) shared: Arc<Shared<F>>,
    pub(super) accepting: bool,
}

impl<F: MessageFormat> Drop for Running<F> {
    fn drop(&mut self) {
        if self.accepting {
            // Also if its runtime stops: without this task nothing accepts.
            self.shared.ask_to_stop();
        }
        let mut left = 0;
        self.shared.tasks.send_modify(|tasks| {
            let count = if self.accepting { &mut tasks.accepting } else { &mut tasks.peers };
            *count -= 1;
            left = tasks.accepting + tasks.peers;
        });
        if left == 0 && self.shared.is_stopped() {
            self.shared.dispatcher.end();
        }
    }
}

/// Removes a peer from the list and closes its outbox, however its task ends.
pub(super) struct Gone<F: MessageFormat> {
    pub(super) shared: Arc<Shared<F>>,
    pub(super) peer: Peer<F>,
}

impl<F: MessageFormat> Drop for Gone<F> {
    fn drop(&mut self) {
        // If the task ends before its time, since its runtime stops.
        self.peer.outbox().write_last();
        self.peer.detach();
        self.peer.end();
        self.shared.peers().remove(&self.peer.id());
        self.shared.by_address.remove(&self.peer);
        self.shared.directory.remove(self.peer.id());
    }
}
