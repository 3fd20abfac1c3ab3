//! `IncomingCall`: a call of the peer, for the program to answer.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::Message;
use crate::runtime::clock;

/// A call of the peer: answer it with `answer` or `fail` of the client or connection that it came from.
/// Cheap to clone; it can be sent to another thread, and its result back.
///
/// When the last clone is dropped without an answer, the call is answered `cancelled` the next time its
/// client or connection waits. So a program that takes no calls has to do nothing about them, and its
/// peers learn of it at once.
#[derive(Clone)]
pub struct IncomingCall {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    id: u64,
    wants: Wants,
    deadline: Instant,
    args: Message,
    /// Whether it was answered.
    done: AtomicBool,
    /// Set when it is dropped and was not.
    dropped: Arc<AtomicBool>,
}

/// What the asker wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    Nothing,
    Answer,
    Items,
}

impl IncomingCall {
    pub(super) fn new(
        id: u64,
        wants: Wants,
        deadline: Instant,
        args: Message,
        dropped: Arc<AtomicBool>,
    ) -> Self {
        let done = AtomicBool::new(false);
        Self { inner: Arc::new(Inner { id, wants, deadline, args, done, dropped }) }
    }

    /// Returns the name of the method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.inner.args.event()
    }

    /// Returns the arguments: the payload of a message whose event is the method. `decode` of the
    /// client or connection reads them as a type.
    #[must_use]
    pub fn args(&self) -> &Message {
        &self.inner.args
    }

    /// Returns whether no answer is wanted: the peer sent it with `notice`.
    #[must_use]
    pub fn is_notice(&self) -> bool {
        self.inner.wants == Wants::Nothing
    }

    /// Returns whether the peer takes items: put them into a `sink` of the client or connection. It can
    /// be answered with one result, too.
    #[must_use]
    pub fn wants_stream(&self) -> bool {
        self.inner.wants == Wants::Items
    }

    /// Returns when the call is over at the latest: what the asker gave it, at most the option
    /// [`max_time`](crate::CallOptions::max_time), since it was received.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.inner.deadline
    }

    /// Returns how long the call still has. Give it to `call_within` for a call that is made on behalf
    /// of this one.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.inner.deadline.saturating_duration_since(clock::now())
    }

    pub(super) fn id(&self) -> u64 {
        self.inner.id
    }

    pub(super) fn downgrade(&self) -> Weak<Inner> {
        Arc::downgrade(&self.inner)
    }

    /// Returns whether it is this one: ids are unique within one client or connection only.
    pub(super) fn is(&self, other: &Weak<Inner>) -> bool {
        std::ptr::eq(Arc::as_ptr(&self.inner), other.as_ptr())
    }

    /// Makes dropping it no event.
    pub(super) fn set_done(&self) {
        self.inner.done.store(true, Ordering::Relaxed);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if !self.done.load(Ordering::Relaxed) {
            // The count of holders is 0 by now, which is what whoever sees this looks for.
            self.dropped.store(true, Ordering::Release);
        }
    }
}

impl fmt::Debug for IncomingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingCall").field("args", &self.inner.args).finish_non_exhaustive()
    }
}
