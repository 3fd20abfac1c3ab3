//! The tasks of a server: one that accepts, and one for each peer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ipc_transport::{Listener, PeerInfo, ReadHalf, Stream, TransportError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::access::Restrictions;
use crate::observe::trace;
use crate::protocol::connection::Role;
use crate::runtime::clock;
use crate::runtime::connection::{Connection, Ended};
use crate::runtime::dispatcher::Backlog;
use crate::runtime::server::file;
use crate::runtime::server::newcomer::not_entered;
use crate::runtime::server::shared::{Gone, Running, Shared};
use crate::runtime::server::waiting::{self, Refused};
use crate::{Bye, Identity, MessageFormat, Peer, PeerId, Refusal, ServerEvent};

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
    let (refusals, mut reports) = mpsc::channel(REFUSALS);
    let displaced = loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break false,
            notice = file::next(&mut notices) => {
                shared.dispatcher.lifecycle(ServerEvent::Displaced(notice), &mut backlog);
                continue;
            }
            // A stream that is full delays new connections, too.
            accepted = async {
                backlog.flushed().await;
                tokio::select! {
                    biased;
                    Some(refused) = reports.recv() => Err(refused),
                    accepted = listener.accept() => Ok(accepted),
                }
            } => accepted,
        };
        let accepted = match accepted {
            Ok(accepted) => accepted,
            Err((info, why)) => {
                shared.dispatcher.lifecycle(ServerEvent::Refused { info, why }, &mut backlog);
                continue;
            }
        };
        match accepted {
            Ok(stream) => {
                pause = ACCEPT_PAUSE;
                admit(shared, stream, &refusals, &mut backlog);
                if shared.gate.as_ref().is_some_and(|gate| gate.room().is_full()) {
                    // Each of those that wait is heard before another displaces it.
                    tokio::task::yield_now().await;
                }
            }
            // A peer that is refused must not delay the others.
            Err(error @ TransportError::PeerRefused { .. }) => refused(shared, error, &mut backlog),
            Err(error @ TransportError::Displaced { .. }) => {
                file::report(shared, &mut notices, &mut backlog);
                shared.dispatcher.error(None, error.into(), &mut backlog);
                break true;
            }
            Err(error) => {
                shared.dispatcher.error(None, error.into(), &mut backlog);
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
    while let Ok((info, why)) = reports.try_recv() {
        shared.dispatcher.lifecycle(ServerEvent::Refused { info, why }, &mut backlog);
    }
    // Those that still wait to report one go on without.
    drop(reports);
    file::end(shared, listener, &mut backlog).await;
    backlog.force();
    if displaced {
        let shared = Arc::clone(shared);
        // A shutdown that waits for this task must not wait for what follows.
        drop(running);
        file::stop(shared).await;
    }
}

/// Admits a new connection, lets it wait until its peer has shown its token, or closes it at once.
fn admit<F: MessageFormat>(
    shared: &Arc<Shared<F>>,
    stream: Stream,
    refusals: &mpsc::Sender<Refused>,
    backlog: &mut Backlog<F, ServerEvent<F>>,
) {
    let info = stream.peer();
    // Who it is comes first: one who may not come in does not learn whether there is a place.
    let admitted = shared.admission.access.decide(info).and_then(|()| {
        // Each sender of datagrams is a peer: the transport bounds how many there are.
        let counted = stream.max_datagram().is_none();
        if counted { shared.admission.has_place(info, &shared.peers()) } else { Ok(()) }
    });
    let info = info.clone();
    let entered = admitted.and_then(|()| match &shared.gate {
        Some(gate) => waiting::enter(shared, gate, stream, refusals),
        None => {
            drop(enter(shared, stream, |_| {}));
            Ok(())
        }
    });
    match entered {
        Ok(()) => {}
        Err(why) => {
            let info = Arc::new(info);
            shared.dispatcher.lifecycle(ServerEvent::Refused { info, why }, backlog);
        }
    }
}

/// Reports a peer that the transport has refused.
fn refused<F: MessageFormat>(
    shared: &Arc<Shared<F>>,
    error: TransportError,
    backlog: &mut Backlog<F, ServerEvent<F>>,
) {
    if let TransportError::PeerRefused { endpoint, .. } = &error {
        let info = Arc::new(PeerInfo::new(endpoint.clone()));
        let why = Refusal::Transport(Arc::new(error));
        shared.dispatcher.lifecycle(ServerEvent::Refused { info, why }, backlog);
    }
}

/// Adds the peer of a stream that was opened from this side.
pub(crate) fn open<F: MessageFormat>(shared: &Arc<Shared<F>>, stream: Stream) -> Peer<F> {
    enter(shared, stream, Peer::mark_unknown)
}

/// Makes a peer for a stream and starts its task.
fn enter<F: MessageFormat>(
    shared: &Arc<Shared<F>>,
    stream: Stream,
    prepare: impl FnOnce(&Peer<F>),
) -> Peer<F> {
    // Made here, so that it is dropped even if the task never runs: its runtime may stop.
    let gone = new_peer(shared, stream.peer().clone(), prepare);
    let peer = gone.peer.clone();
    let datagrams = stream.max_datagram().is_some();
    let (reader, writer) = stream.into_split();
    peer.outbox().attach(writer);
    shared.peers().insert(peer.id(), peer.clone());
    if datagrams {
        shared.by_address.insert(&peer);
    }
    if shared.is_stopped() {
        // The server was dropped just now, perhaps before this peer was on its list.
        peer.close();
    }
    shared.tasks.send_modify(|tasks| tasks.peers += 1);
    let running = Running { shared: Arc::clone(shared), accepting: false };
    let task = trace::peer(&peer, serve(running, gone, reader, Vec::new()));
    match shared.runtime.get() {
        Some(runtime) => drop(runtime.spawn(task)),
        None => drop(tokio::spawn(task)),
    }
    peer
}

/// Makes a peer that is not on the server's list yet.
fn new_peer<F: MessageFormat>(
    shared: &Arc<Shared<F>>,
    info: PeerInfo,
    prepare: impl FnOnce(&Peer<F>),
) -> Gone<F> {
    let id = PeerId(shared.next_id.fetch_add(1, Ordering::Relaxed));
    let peer = Peer::new(id, Arc::clone(&shared.format), &shared.config);
    peer.set_info(info);
    prepare(&peer);
    let allow = shared.allow_by.of(&peer).unwrap_or_else(|| shared.config.allow.clone());
    peer.restrict(Restrictions::new(shared.config.rate, allow, shared.config.on_denied));
    Gone { shared: Arc::clone(shared), peer }
}

/// Makes a peer of a connection that has waited, if there still is a place and its identity may have it. Takes
/// the stream then, and returns the half to read from.
///
/// # Errors
///
/// Why it is refused; `None` if the server stops.
pub(super) fn admit_waiting<F: MessageFormat>(
    shared: &Arc<Shared<F>>,
    info: &PeerInfo,
    identity: Option<Identity>,
    stream: &mut Option<Stream>,
) -> Result<(Gone<F>, ReadHalf), Option<Refusal>> {
    let identity = identity.map(Arc::new);
    let gone = new_peer(shared, info.clone(), |peer| {
        if let Some(identity) = &identity {
            // Once: it is new.
            let _ = peer.identity_cell().set(Arc::clone(identity));
        }
    });
    let (replaced, reader) = {
        let peer = &gone.peer;
        let mut directory = shared.directory.lock();
        let mut peers = shared.peers();
        if shared.is_stopped() {
            return Err(None);
        }
        shared.admission.has_place(info, &peers)?;
        let replaced = match &identity {
            Some(identity) => {
                let handle = Arc::new(peer.clone());
                let entered =
                    directory.identities.enter(peer.id(), Some(identity), handle, clock::now());
                entered.map_err(|why| not_entered(why, identity))?
            }
            None => Vec::new(),
        };
        let (reader, writer) = stream.take().ok_or(None)?.into_split();
        peer.outbox().attach(writer);
        peers.insert(peer.id(), peer.clone());
        (replaced, reader)
    };
    replaced.iter().for_each(|old| old.dismiss(&Bye::replaced()));
    Ok((gone, reader))
}

/// Runs a peer's connection to its end. `first` is what was read of it before.
pub(super) async fn serve<F: MessageFormat>(
    running: Running<F>,
    gone: Gone<F>,
    reader: ReadHalf,
    first: Vec<u8>,
) {
    let (shared, peer) = (&running.shared, gone.peer.clone());
    let (dispatcher, config) = (Arc::clone(&shared.dispatcher), Arc::clone(&shared.config));
    let mut connection = Connection::new(peer.clone(), dispatcher, config, reader, Role::Server);
    connection.lifecycle(ServerEvent::Connect(peer.clone()));
    if let Some(identity) = peer.identity() {
        // Known before the connection began.
        connection.lifecycle(ServerEvent::Identified { peer: peer.clone(), identity });
    }
    connection.take_first(&first);
    drop(first);
    let reason = (&mut connection).await;
    let Ended { reason, mut backlog, .. } = connection.finish(reason);
    // From here on messages to it are refused, and what waited is handed back.
    drop(gone);
    let event = ServerEvent::Disconnect { peer: peer.clone(), reason };
    shared.dispatcher.lifecycle(event, &mut backlog);
    // A server that stops does not wait for the readers of its streams.
    let mut stop = shared.stop.subscribe();
    tokio::select! {
        biased;
        () = backlog.settle(peer.outbox()) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    backlog.force();
}

/// How many reports of peers that were refused wait for the task that accepts; more wait in their own tasks.
const REFUSALS: usize = 16;

/// The first pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// The longest pause after failed accepts: a server recovers within a second.
const MAX_ACCEPT_PAUSE: Duration = Duration::from_secs(1);
