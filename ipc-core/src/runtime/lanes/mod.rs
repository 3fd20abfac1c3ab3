//! Lanes: the events of one peer on their way through async handlers.
//!
//! Each handler has a lane at each peer, while events of that peer wait or run there. What waits in all
//! lanes of a peer is bounded: beyond that its connection is not read from.

pub(crate) mod handler;
pub(crate) mod report;
mod run;
mod table;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::handler::AsyncHandler;
use self::table::Table;
use crate::Message;
use crate::runtime::outbox::Outbox;

/// The lanes of one peer. Its lock is never held while a handler runs, and is taken before the outbox's.
pub(crate) struct Lanes<F> {
    table: Mutex<Table<F>>,
}

impl<F> Lanes<F> {
    /// Returns lanes in which so many bytes of messages may wait.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { table: Mutex::new(Table::new(max_bytes)) }
    }

    /// Puts a message into the handler's lane if it has to wait there; otherwise the caller handles it
    /// now. Stops the reading if the lanes are now full.
    fn wait(&self, handler: &Arc<AsyncHandler<F>>, message: &Message, outbox: &Outbox) -> bool {
        let mut table = self.lock();
        if handler.is_removed() {
            // Removed just now. What waited was dropped, or is about to be.
            return true;
        }
        let waits = table.wait(handler, message);
        if waits && table.is_full() {
            outbox.mark_backlogged();
        }
        waits
    }

    /// Counts one more task of the handler.
    fn start(&self, handler: &Arc<AsyncHandler<F>>) {
        self.lock().start(handler);
    }

    /// Takes the next message for a task of the handler; `None` ends the task.
    fn next(&self, handler: &Arc<AsyncHandler<F>>, outbox: &Outbox) -> Option<Message> {
        self.change(outbox, |table| table.next(handler))
    }

    /// Drops what waits for the handler.
    fn clear(&self, handler: &Arc<AsyncHandler<F>>, outbox: &Outbox) {
        drop(self.change(outbox, |table| table.clear(handler)));
    }

    /// Ends a task of the handler that stops early, since its runtime does. The last one drops what
    /// waits.
    fn abandon(&self, handler: &Arc<AsyncHandler<F>>, outbox: &Outbox) {
        drop(self.change(outbox, |table| table.abandon(handler)));
    }

    /// Changes the table, and resumes the reading if the lanes have space again.
    fn change<R>(&self, outbox: &Outbox, change: impl FnOnce(&mut Table<F>) -> R) -> R {
        let mut table = self.lock();
        let result = change(&mut table);
        let resumes = outbox.is_backlogged() && table.has_space();
        if resumes {
            outbox.clear_backlogged();
        }
        drop(table);
        if resumes {
            outbox.wake_driver();
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, Table<F>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
