//! Starting a client: explicitly, or with the first call that needs it.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use ipc_transport::RuntimeError;

use crate::MessageFormat;
use crate::error::Error;
use crate::observe::trace;
use crate::runtime::client::Inner;
use crate::runtime::client::task::Task;
use crate::runtime::events::Starter;

/// A client that is about to start: dropping this starts it. Small, since each message asks for it.
pub(crate) struct Beginning<F: MessageFormat>(Option<Box<Task<F>>>);

impl<F: MessageFormat> Drop for Beginning<F> {
    fn drop(&mut self) {
        if let Some(mut task) = self.0.take() {
            task.start();
            tokio::spawn(trace::client(&task.endpoint(), task.run()));
        }
    }
}

impl<F: MessageFormat> Inner<F> {
    /// Starts the client unless it was started, or closed, before.
    pub(crate) fn start(&self) -> Result<(), RuntimeError> {
        self.beginning().map(drop)
    }

    /// Returns whether the client was started or closed before: one load, for each `emit`.
    #[inline]
    pub(crate) fn is_started(&self) -> bool {
        self.started.load(Ordering::Acquire)
    }

    /// Returns a guard that starts the client when it is dropped, unless it was started or closed
    /// before: a message that is sent meanwhile is queued before anything can fail.
    #[inline]
    pub(crate) fn beginning(&self) -> Result<Option<Beginning<F>>, RuntimeError> {
        if self.is_started() { Ok(None) } else { self.begin() }
    }

    #[cold]
    fn begin(&self) -> Result<Option<Beginning<F>>, RuntimeError> {
        let mut slot = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(task) = &*slot else { return Ok(None) };
        RuntimeError::check(&task.endpoint())?;
        let task = slot.take();
        self.started.store(true, Ordering::Release);
        Ok(Some(Beginning(task.map(Box::new))))
    }

    /// Closes a client that was never started, without dialing.
    pub(crate) fn end_unstarted(&self, error: Option<Error>) {
        if let Some(task) = self.take_task() {
            task.end(error);
        }
    }

    pub(crate) fn take_task(&self) -> Option<Task<F>> {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.started.store(true, Ordering::Release);
        task
    }
}

impl<F: MessageFormat> Starter for Inner<F> {
    fn start_or_end(&self) {
        // No return value can report it, and waiting would never end.
        if let Err(error) = self.start() {
            self.end_unstarted(Some(error.into()));
        }
    }
}
