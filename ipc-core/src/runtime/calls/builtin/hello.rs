//! `$hello`: a client says who it is, with its first frame.

use std::sync::Arc;

use super::{Notice, Report, answer, info};
use crate::hello::{Bye, Claim, Greeting, Identity, NotEntered};
use crate::protocol::builtin::{BuiltinFormat, HELLO};
use crate::protocol::calls::{CallNumber, Failure};
use crate::runtime::clock;
use crate::runtime::server::directory::Dismiss;
use crate::{Message, MessageFormat, Peer};

/// Enters a peer of a server into its table of identities, and answers it.
pub(super) fn handle<F: MessageFormat>(
    peer: &Peer<F>,
    format: &dyn BuiltinFormat,
    number: Option<&CallNumber>,
    args: &Message,
) -> Option<Report> {
    let entered = enter(peer, format, args);
    let greeting = entered.as_ref().map(|_| Some(greeting(peer).to_value()));
    if let Some(number) = number {
        let reply = greeting.map_err(Clone::clone);
        // An answer that finds no room is dropped, as a failure is.
        let _ = answer(format, number, reply, |write| peer.outbox().emit(write));
    }
    match entered {
        Ok(identity) => Some(Report::Notice(Notice::Identified(identity?))),
        Err(failure) => {
            if *failure.code == *"refused" {
                peer.dismiss(&Bye::new("refused", failure.message));
            }
            None
        }
    }
}

/// Enters the peer, and returns its identity if it has said a name.
fn enter<F: MessageFormat>(
    peer: &Peer<F>,
    format: &dyn BuiltinFormat,
    args: &Message,
) -> Result<Option<Arc<Identity>>, Failure> {
    let Some(directory) = &peer.config().directory else {
        return Err(Failure::unknown_method(HELLO));
    };
    if peer.config().max_datagram.is_some() {
        // Whoever sends from its address would be the peer.
        return Err(Failure::new("unsupported", "datagrams have no connection to say hello on"));
    }
    if peer.config().admits_by_token {
        return Err(too_late(peer.identity().is_some()));
    }
    let Claim { name, .. } = Claim::read(format, args)?;
    let identity = name.map(|name| Arc::new(Identity::claimed(name)));
    let mut state = directory.lock();
    // Under the lock: a peer is closed before it is removed from the directory.
    if !peer.outbox().is_open() {
        return Err(Failure::closing());
    }
    let handle = Arc::new(peer.clone());
    let replaced = state.identities.enter(peer.id(), identity.as_deref(), handle, clock::now());
    let replaced = replaced.map_err(|why| why.failure())?;
    if let Some(identity) = &identity {
        // Once: who is entered cannot be entered again.
        let _ = peer.identity_cell().set(Arc::clone(identity));
    }
    drop(state);
    replaced.iter().for_each(|old| old.dismiss(&Bye::replaced()));
    Ok(identity)
}

/// Returns what is answered to the hello of a peer that is in already, if a token admits: who it is was decided
/// before anything of it was handled.
pub(crate) fn too_late(is_identified: bool) -> Failure {
    match is_identified {
        true => NotEntered::Repeated.failure(),
        false => Failure::denied("$hello has to come first"),
    }
}

/// Answers the hello of a peer that was let in by it.
pub(crate) fn welcome<F: MessageFormat>(
    peer: &Peer<F>,
    format: &dyn BuiltinFormat,
    number: &CallNumber,
) {
    let greeting = greeting(peer).to_value();
    // An answer that finds no room is dropped, as any.
    let _ = answer(format, number, Ok(Some(greeting)), |write| peer.outbox().emit(write));
}

fn greeting<F: MessageFormat>(peer: &Peer<F>) -> Greeting {
    let server = peer.config().directory.as_ref().map(|directory| directory.id().into());
    Greeting { peer: Some(peer.id()), server, features: info::features(peer.config(), true, true) }
}
