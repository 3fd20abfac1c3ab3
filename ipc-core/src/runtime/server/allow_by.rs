//! `allow_by`: what each peer of a server may do, decided when it connects.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use crate::{Allow, MessageFormat, Peer, Server};

/// The program's function, if it has set one.
pub(crate) struct AllowBy<F>(RwLock<Option<Decide<F>>>);

type Decide<F> = Arc<dyn Fn(&Peer<F>) -> Allow + Send + Sync>;

impl<F: MessageFormat> Server<F> {
    /// Sets what each peer that connects from now on may do, in place of the
    /// [option](crate::ServerOptions::allow) for all. The function is called once for each, before
    /// [`ServerEvent::Connect`](crate::ServerEvent::Connect) and before anything of the peer is read. It
    /// must not block; for a peer for which it panics [nothing](Allow::nothing) is allowed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Allow, MsgPack, Server};
    /// # fn example(server: Server<MsgPack>) -> Result<(), ipc_core::PatternError> {
    /// let guest = Allow::new().events(["app.*"])?.calls(["status"])?;
    /// server.allow_by(move |peer| {
    ///     let user = peer.info().and_then(|info| info.credentials).map(|user| user.uid);
    ///     if user == Some(0) { Allow::new() } else { guest.clone() }
    /// });
    /// # Ok(()) }
    /// ```
    pub fn allow_by(&self, decide: impl Fn(&Peer<F>) -> Allow + Send + Sync + 'static) {
        let slot = &self.shared().allow_by.0;
        *slot.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(decide));
    }
}

impl<F> AllowBy<F> {
    pub(super) fn new() -> Self {
        Self(RwLock::new(None))
    }

    /// Returns what the peer may do; `None` if the program has set no function.
    pub(super) fn of(&self, peer: &Peer<F>) -> Option<Allow> {
        let decide = self.0.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        // The lock is free again: the function may do anything.
        let decided = catch_unwind(AssertUnwindSafe(|| decide(peer)));
        Some(decided.unwrap_or_else(|_| Allow::nothing()))
    }
}
