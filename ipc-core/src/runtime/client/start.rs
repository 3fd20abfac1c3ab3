//! When a client begins to dial: with an explicit start, or with the first call that needs it.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use ipc_transport::RuntimeError;

use crate::MessageFormat;
use crate::error::Error;
use crate::observe::trace;
use crate::runtime::client::Inner;
use crate::runtime::client::task::Task;

/// A client that a stream of its events starts when it is first polled.
pub(crate) trait Starter: Send + Sync {
    /// Starts the client, or ends it if it cannot run here.
    fn start_or_end(&self);
}

/// A client that is about to start: dropping this starts it.
pub(crate) struct Beginning<F: MessageFormat>(Option<Task<F>>);

impl<F: MessageFormat> Drop for Beginning<F> {
    fn drop(&mut self) {
        if let Some(mut task) = self.0.take() {
            task.start();
            tokio::spawn(trace::client(&task.endpoint(), task.run()));
        }
    }
}

impl<F: MessageFormat> Inner<F> {
    /// Starts the client unless it was started, or ended, before.
    pub(crate) fn start(&self) -> Result<(), RuntimeError> {
        self.beginning().map(drop)
    }

    /// Returns whether the client was started or ended before: one load, for each `emit`.
    #[inline]
    pub(crate) fn is_started(&self) -> bool {
        self.started.load(Ordering::Acquire)
    }

    /// Starts the client, unless it was started or ended before, when what this returns is dropped:
    /// a message that is sent meanwhile is queued before anything can have failed.
    pub(crate) fn beginning(&self) -> Result<Option<Beginning<F>>, RuntimeError> {
        if self.is_started() {
            return Ok(None);
        }
        let mut slot = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(task) = &*slot else { return Ok(None) };
        RuntimeError::check(&task.endpoint())?;
        let task = slot.take();
        self.started.store(true, Ordering::Release);
        Ok(Some(Beginning(task)))
    }

    /// Ends a client that was never started, without dialing.
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
        // There is no return value to say it with, and waiting would be for ever.
        if let Err(error) = self.start() {
            self.end_unstarted(Some(error.into()));
        }
    }
}
