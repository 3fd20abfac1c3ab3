//! Who the peers of a server are: a table that the threads of its connections share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::PeerId;
use crate::hello::{Bye, Claim, Greeting, Identities, Identity, NotEntered, SameIdentity};
use crate::protocol::calls::{Failure, later};
use crate::runtime::clock;

/// What a server and its connections know of who the peers are.
#[derive(Debug)]
pub(super) struct Registry {
    /// The number that the server gives itself, 16 random hexadecimal digits.
    id: Box<str>,
    same: SameIdentity,
    next: AtomicU64,
    table: Mutex<Identities<Arc<Bell>>>,
}

/// One connection in it.
#[derive(Debug)]
pub(super) struct Entry {
    registry: Arc<Registry>,
    id: PeerId,
    identity: Option<Arc<Identity>>,
    bell: Arc<Bell>,
}

/// Why another thread wants a connection to end, for the thread that serves it.
#[derive(Debug, Default)]
struct Bell(Mutex<Option<Bye>>);

impl Registry {
    pub(super) fn new(same: SameIdentity) -> Arc<Self> {
        Arc::new(Self {
            id: format!("{:016x}", clock::random()).into(),
            same,
            next: AtomicU64::new(1),
            table: Mutex::new(Identities::new(same)),
        })
    }

    /// Returns the entry of a new connection.
    pub(super) fn admit(self: &Arc<Self>) -> Entry {
        let id = PeerId(self.next.fetch_add(1, Ordering::Relaxed));
        Entry { registry: Arc::clone(self), id, identity: None, bell: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Identities<Arc<Bell>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    pub(super) fn id(&self) -> PeerId {
        self.id
    }

    pub(super) fn identity(&self) -> Option<&Arc<Identity>> {
        self.identity.as_ref()
    }

    /// Enters the peer, and has those that it replaces be sent away. Returns what it is answered.
    pub(super) fn enter(
        &mut self,
        claim: Claim,
        features: Vec<Box<str>>,
    ) -> Result<Greeting, Failure> {
        let identity = claim.name.map(Identity::claimed);
        self.enter_as(identity).map_err(|why| why.failure())?;
        Ok(self.greeting(features))
    }

    /// Enters the peer as who it is, and has those that it replaces be sent away.
    pub(super) fn enter_as(&mut self, identity: Option<Identity>) -> Result<(), NotEntered> {
        let (now, bell) = (clock::now(), Arc::clone(&self.bell));
        for old in self.registry.lock().enter(self.id, identity.as_ref(), bell, now)? {
            *old.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Bye::replaced());
        }
        self.identity = identity.map(Arc::new);
        Ok(())
    }

    /// Returns what a peer is answered that was entered.
    pub(super) fn greeting(&self, features: Vec<Box<str>>) -> Greeting {
        Greeting { peer: Some(self.id), server: Some(self.registry.id.clone()), features }
    }

    /// Has the peer's identity refused for the time that the bye says.
    pub(super) fn refuse(&self, bye: &Bye) {
        if let (Some(time), Some(identity)) = (bye.refuse_for, &self.identity) {
            let now = clock::now();
            let name = Arc::clone(&identity.name);
            self.registry.lock().refuse(name, later(now, time), now);
        }
    }

    /// Returns whether another thread may want the connection to end, so that this has to be looked at.
    pub(super) fn may_be_replaced(&self) -> bool {
        self.registry.same == SameIdentity::ReplaceOld && self.identity.is_some()
    }

    /// Takes why another thread wants the connection to end, if one does.
    pub(super) fn take_bye(&self) -> Option<Bye> {
        self.bell.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Removes a connection that has ended; its identity is kept.
    pub(super) fn leave(&self) {
        self.registry.lock().remove(self.id);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.leave();
    }
}

/// How often a thread that waits looks whether another peer has taken its peer's identity.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(250);
