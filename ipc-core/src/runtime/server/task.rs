//! The tasks of a server: one that accepts, and one for each peer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ipc_codec::FrameEncoder;
use ipc_transport::{Listener, ReadHalf, Stream, Transport, TransportError};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::error::EmitError;
use crate::observe::trace;
use crate::options::ConnectionConfig;
use crate::protocol::connection::Role;
use crate::runtime::connection::{Connection, Ended};
use crate::runtime::dispatcher::{Backlog, Dispatcher};
use crate::runtime::outbox::encode_frame;
use crate::runtime::server::admission::Admission;
use crate::runtime::server::by_address::ByAddress;
use crate::runtime::server::file;
use crate::{EncodePayload, MessageFormat, Peer, PeerId, ServerEvent};

/// What the handles and the tasks of one server share.
pub(crate) struct Shared<F: MessageFormat> {
    pub(crate) format: Arc<F>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) config: Arc<ConnectionConfig>,
    pub(crate) hub: Arc<Dispatcher<F, ServerEvent<F>>>,
    encoder: FrameEncoder,
    admission: Admission,
    peers: Mutex<BTreeMap<PeerId, Peer<F>>>,
    pub(crate) by_address: ByAddress<F>,
    next_id: AtomicU64,
    /// Where the tasks run.
    runtime: OnceLock<Handle>,
    /// Who gets the listening socket when listening ends.
    #[cfg(unix)]
    pub(crate) heir: file::Heir,
    /// Set when listening is to stop.
    stop: watch::Sender<bool>,
    /// How many tasks run: the accepting one and one for each peer.
    tasks: watch::Sender<Tasks>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tasks {
    accepting: usize,
    peers: usize,
}

impl<F: MessageFormat> Shared<F> {
    pub(crate) fn new(
        format: F,
        transport: Arc<dyn Transport>,
        admission: Admission,
        config: ConnectionConfig,
    ) -> Self {
        Self {
            encoder: FrameEncoder::new(format.framing(), config.limits),
            format: Arc::new(format),
            transport,
            hub: Arc::new(Dispatcher::new(config.handler_order, |peer, error| {
                ServerEvent::Error { peer: peer.cloned(), error }
            })),
            config: Arc::new(config),
            admission,
            peers: Mutex::new(BTreeMap::new()),
            by_address: ByAddress::new(),
            next_id: AtomicU64::new(1),
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

    /// Returns the frame of a message for many, once for all of them.
    pub(crate) fn encode<T: ?Sized>(&self, event: &str, payload: &T) -> Result<Bytes, EmitError>
    where
        F: EncodePayload<T>,
    {
        self.config.sent.tell(&*self.format, event, payload);
        encode_frame(&self.encoder, |out| self.format.encode(event, payload, out))
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

/// Starts the task that accepts.
pub(crate) fn start<F: MessageFormat>(shared: Arc<Shared<F>>, listener: Box<dyn Listener>) {
    shared.runtime.get_or_init(Handle::current);
    // Counted here, so that a shutdown that comes first waits for it.
    shared.tasks.send_modify(|tasks| tasks.accepting += 1);
    let running = Running { shared, accepting: true };
    tokio::spawn(accept(running, listener));
}

async fn accept<F: MessageFormat>(running: Running<F>, mut listener: Box<dyn Listener>) {
    let shared = &running.shared;
    let mut stop = shared.stop.subscribe();
    let mut pause = ACCEPT_PAUSE;
    let mut backlog = Backlog::new();
    let mut notices = listener.displacements();
    let displaced = loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break false,
            notice = file::next(&mut notices) => {
                shared.hub.lifecycle(ServerEvent::Displaced(notice), &mut backlog);
                continue;
            }
            // A stream that is full delays new connections, too.
            accepted = async {
                backlog.flushed().await;
                listener.accept().await
            } => accepted,
        };
        match accepted {
            Ok(stream) => {
                pause = ACCEPT_PAUSE;
                admit(shared, stream, &mut backlog);
            }
            // A peer that is refused must not delay the others.
            Err(error) if error.is_refusal() => {
                shared.hub.error(None, error.into(), &mut backlog);
            }
            Err(error @ TransportError::Displaced { .. }) => {
                file::tell(shared, &mut notices, &mut backlog);
                shared.hub.error(None, error.into(), &mut backlog);
                break true;
            }
            Err(error) => {
                shared.hub.error(None, error.into(), &mut backlog);
                // Out of file descriptors, say: trying at once would spin, not trying at all
                // would leave the server deaf.
                tokio::select! {
                    biased;
                    _ = stop.wait_for(|stop| *stop) => break false,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(MAX_ACCEPT_PAUSE);
            }
        }
    };
    file::end(shared, listener, &mut backlog).await;
    backlog.force();
    if displaced {
        let shared = Arc::clone(shared);
        // A shutdown that waits for this task must not wait for what follows.
        drop(running);
        file::stop(shared).await;
    }
}

/// Admits a new connection, or closes it if there are enough.
fn admit<F: MessageFormat>(
    shared: &Arc<Shared<F>>,
    stream: Stream,
    backlog: &mut Backlog<F, ServerEvent<F>>,
) {
    // Each sender of datagrams is a peer: the transport bounds how many there are.
    if stream.max_datagram().is_none() {
        if let Err(limit) = shared.admission.check(stream.peer(), &shared.peers()) {
            drop(stream);
            shared.hub.lifecycle(ServerEvent::Refused { limit }, backlog);
            return;
        }
    }
    enter(shared, stream, |_| {});
}

/// Adds the peer of a stream that was opened from this side.
pub(crate) fn open<F: MessageFormat>(shared: &Arc<Shared<F>>, stream: Stream) -> Peer<F> {
    enter(shared, stream, Peer::not_heard_yet)
}

/// Makes a peer for a stream and starts its task.
fn enter<F: MessageFormat>(
    shared: &Arc<Shared<F>>,
    stream: Stream,
    prepare: impl FnOnce(&Peer<F>),
) -> Peer<F> {
    let id = PeerId(shared.next_id.fetch_add(1, Ordering::Relaxed));
    let peer = Peer::new(id, Arc::clone(&shared.format), &shared.config);
    peer.set_info(stream.peer().clone());
    prepare(&peer);
    let datagrams = stream.max_datagram().is_some();
    let (reader, writer) = stream.into_split();
    peer.outbox().attach(writer);
    shared.peers().insert(id, peer.clone());
    if datagrams {
        shared.by_address.insert(&peer);
    }
    if shared.is_stopped() {
        // The server was dropped just now, perhaps before this peer was on its list.
        peer.close();
    }
    shared.tasks.send_modify(|tasks| tasks.peers += 1);
    let running = Running { shared: Arc::clone(shared), accepting: false };
    // Made here, so that it is dropped even if the task never runs: its runtime may stop.
    let gone = Gone { shared: Arc::clone(shared), peer: peer.clone() };
    let task = trace::peer(&peer, serve(running, gone, reader));
    match shared.runtime.get() {
        Some(runtime) => drop(runtime.spawn(task)),
        None => drop(tokio::spawn(task)),
    }
    peer
}

async fn serve<F: MessageFormat>(running: Running<F>, gone: Gone<F>, reader: ReadHalf) {
    let (shared, peer) = (&running.shared, gone.peer.clone());
    let (hub, config) = (Arc::clone(&shared.hub), Arc::clone(&shared.config));
    let mut connection = Connection::new(peer.clone(), hub, config, reader, Role::Server);
    connection.lifecycle(ServerEvent::Connect(peer.clone()));
    let reason = (&mut connection).await;
    let Ended { reason, mut backlog, .. } = connection.finish(reason);
    // From here on messages to it are refused, and what waited is handed back.
    drop(gone);
    let event = ServerEvent::Disconnect { peer: peer.clone(), reason };
    shared.hub.lifecycle(event, &mut backlog);
    // A server that stops does not wait for the readers of its streams.
    let mut stop = shared.stop.subscribe();
    tokio::select! {
        biased;
        () = backlog.settle(peer.outbox()) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    backlog.force();
}

/// Counts a task while it runs, however it ends.
struct Running<F: MessageFormat> {
    shared: Arc<Shared<F>>,
    accepting: bool,
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
            self.shared.hub.end();
        }
    }
}

/// Removes a peer from the list and closes its outbox, however its task ends.
struct Gone<F: MessageFormat> {
    shared: Arc<Shared<F>>,
    peer: Peer<F>,
}

impl<F: MessageFormat> Drop for Gone<F> {
    fn drop(&mut self) {
        // If the task ends before its time, since its runtime stops.
        self.peer.outbox().write_last();
        self.peer.outbox().detach();
        self.peer.outbox().close();
        self.shared.peers().remove(&self.peer.id());
        self.shared.by_address.remove(&self.peer);
    }
}

/// The first pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// The longest pause after failed accepts: a server recovers within a second.
const MAX_ACCEPT_PAUSE: Duration = Duration::from_secs(1);
