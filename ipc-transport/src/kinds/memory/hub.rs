//! The names served inside this process: who listens where.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::mpsc;

use super::Duplex;

/// A set of names that memory transports dial and serve.
///
/// [`MemoryTransport::new`](super::MemoryTransport::new) uses one set shared by the whole
/// process; a hub of one's own keeps tests that run side by side apart. Clones share the set.
#[derive(Clone, Default)]
pub struct MemoryHub {
    names: Arc<Mutex<HashMap<String, mpsc::Sender<Duplex>>>>,
}

impl MemoryHub {
    /// Returns an empty set of names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the set shared by the whole process.
    pub(super) fn shared() -> Self {
        static SHARED: OnceLock<MemoryHub> = OnceLock::new();
        SHARED.get_or_init(Self::default).clone()
    }

    /// Takes a name, or returns `None` if it is taken.
    pub(super) fn claim(&self, name: &str, backlog: usize) -> Option<mpsc::Receiver<Duplex>> {
        match self.lock().entry(name.to_owned()) {
            Entry::Occupied(_) => None,
            Entry::Vacant(free) => {
                let (sender, receiver) = mpsc::channel(backlog);
                free.insert(sender);
                Some(receiver)
            }
        }
    }

    pub(super) fn release(&self, name: &str) {
        self.lock().remove(name);
    }

    pub(super) fn find(&self, name: &str) -> Option<mpsc::Sender<Duplex>> {
        self.lock().get(name).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Duplex>>> {
        // A map operation that panicked leaves the map usable.
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().keys()).finish()
    }
}
