//! `Table`: which messages of a peer wait for which async handler, and how many run. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

use super::handler::AsyncHandler;
use crate::Message;

/// The lanes of one peer. There is one for each handler that has a task; messages wait in it only while
/// as many tasks run as may.
pub(super) struct Table<F> {
    lanes: Vec<Lane<F>>,
    /// How many bytes wait in all lanes.
    bytes: usize,
    max_bytes: usize,
}

struct Lane<F> {
    handler: Arc<AsyncHandler<F>>,
    waiting: VecDeque<Message>,
    /// How many tasks handle its messages.
    tasks: usize,
}

impl<F> Table<F> {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { lanes: Vec::new(), bytes: 0, max_bytes }
    }

    /// Adds a message to the handler's lane, if as many of its tasks run as may. Returns whether it did.
    pub(super) fn wait(&mut self, handler: &Arc<AsyncHandler<F>>, message: &Message) -> bool {
        let Some(index) = self.position(handler) else { return false };
        let lane = &mut self.lanes[index];
        if lane.tasks < handler.concurrency() {
            return false;
        }
        lane.waiting.push_back(message.clone());
        self.bytes = self.bytes.saturating_add(weight(message));
        true
    }

    /// Counts one more task of the handler.
    pub(super) fn start(&mut self, handler: &Arc<AsyncHandler<F>>) {
        match self.position(handler) {
            Some(index) => self.lanes[index].tasks += 1,
            None => {
                let (handler, waiting) = (Arc::clone(handler), VecDeque::new());
                self.lanes.push(Lane { handler, waiting, tasks: 1 });
            }
        }
    }

    /// Returns the next message for a task of the handler. `None`: there is none, and the task is not
    /// counted any more.
    pub(super) fn next(&mut self, handler: &Arc<AsyncHandler<F>>) -> Option<Message> {
        let index = self.position(handler)?;
        let next = self.lanes[index].waiting.pop_front();
        match &next {
            Some(message) => self.bytes = self.bytes.saturating_sub(weight(message)),
            None => drop(self.end_task(index)),
        }
        next
    }

    /// Removes and returns what waits for the handler.
    #[must_use]
    pub(super) fn clear(&mut self, handler: &Arc<AsyncHandler<F>>) -> VecDeque<Message> {
        match self.position(handler) {
            Some(index) => {
                let waiting = std::mem::take(&mut self.lanes[index].waiting);
                self.forget(&waiting);
                waiting
            }
            None => VecDeque::new(),
        }
    }

    /// Ends a task of the handler that leaves messages waiting. Returns them if it was the last.
    #[must_use]
    pub(super) fn abandon(&mut self, handler: &Arc<AsyncHandler<F>>) -> VecDeque<Message> {
        let index = self.position(handler);
        let waiting = index.and_then(|index| self.end_task(index)).unwrap_or_default();
        self.forget(&waiting);
        waiting
    }

    /// Returns whether so much waits that nothing more may come.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= self.max_bytes
    }

    /// Returns whether enough was taken that more may come: half of it, so that a peer is read from in
    /// larger pieces than one message.
    pub(super) fn has_space(&self) -> bool {
        self.bytes <= self.max_bytes / 2
    }

    /// Ends a task of this lane. Removes the lane with its last task, and returns what waits there. The
    /// caller has the handler, so that none is dropped here.
    fn end_task(&mut self, index: usize) -> Option<VecDeque<Message>> {
        let lane = &mut self.lanes[index];
        lane.tasks -= 1;
        if lane.tasks > 0 {
            return None;
        }
        let waiting = self.lanes.swap_remove(index).waiting;
        if self.lanes.is_empty() {
            // An idle peer has no memory for lanes.
            self.lanes = Vec::new();
        }
        Some(waiting)
    }

    fn forget(&mut self, messages: &VecDeque<Message>) {
        self.bytes = self.bytes.saturating_sub(messages.iter().map(weight).sum());
    }

    fn position(&self, handler: &Arc<AsyncHandler<F>>) -> Option<usize> {
        self.lanes.iter().position(|lane| Arc::ptr_eq(&lane.handler, handler))
    }
}

/// Returns about how many bytes of memory a message that waits holds.
fn weight(message: &Message) -> usize {
    message.held_bytes().saturating_add(MESSAGE_BYTES)
}

/// What a message costs beside its bytes.
const MESSAGE_BYTES: usize = 128;
