//! `Once`: a handler that runs for the first event only.

use std::sync::{Mutex, PoisonError};

/// A handler that is taken out to be run; what it captured is dropped after that.
pub(super) struct Once<F>(Mutex<Option<F>>);

impl<F> Once<F> {
    pub(super) fn new(handler: F) -> Self {
        Self(Mutex::new(Some(handler)))
    }

    /// Returns the handler; `None` if it was taken before.
    pub(super) fn take(&self) -> Option<F> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
