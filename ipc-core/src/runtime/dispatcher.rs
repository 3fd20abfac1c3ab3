//! `Dispatcher`: dispatches messages and lifecycle events to handlers and event streams.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use crate::error::Error;
use crate::handlers::registry::Snapshot;
use crate::handlers::router::Soundness;
use crate::observe::trace::Traced;
use crate::runtime::calls::builtin::Notice;
use crate::runtime::events::{Events, Incoming, Queue, Wanted};
use crate::runtime::outbox::{Outbox, Want};
use crate::{HandlerError, HandlerOrder, Handlers, Message, MessageFormat, Peer};

/// The handlers and streams of one client or server. `L` is its lifecycle event.
pub(crate) struct Dispatcher<F, L> {
    pub(crate) handlers: Handlers<F, L>,
    queues: Mutex<Queues<F, L>>,
    /// Whether there is a stream at all, so that the lock is not taken in vain.
    streamed: AtomicBool,
    /// Makes the lifecycle event of an error.
    error: fn(Option<&Peer<F>>, Arc<Error>) -> L,
    /// Makes the lifecycle event of a notice, if it is one of this side.
    notice: fn(&Peer<F>, Notice) -> Option<L>,
}

/// The streams, and whether they have ended.
struct Queues<F, L> {
    open: Vec<Arc<Queue<F, L>>>,
    ended: bool,
}

/// Items on their way into streams that were full.
pub(crate) struct Backlog<F, L> {
    items: Vec<Pending<F, L>>,
}

/// An item, and the stream it is meant for.
type Pending<F, L> = (Arc<Queue<F, L>>, Option<Incoming<F, L>>);

impl<F: MessageFormat, L: Clone + Traced> Dispatcher<F, L> {
    /// Returns a dispatcher without streams; `error` makes the lifecycle event of an error, `notice` that
    /// of a notice.
    pub(crate) fn new(
        order: HandlerOrder,
        error: fn(Option<&Peer<F>>, Arc<Error>) -> L,
        notice: fn(&Peer<F>, Notice) -> Option<L>,
    ) -> Arc<Self>
    where
        L: Send + Sync + 'static,
    {
        Arc::new_cyclic(|this: &Weak<Self>| Self {
            handlers: Handlers::new(order, Weak::clone(this) as _),
            queues: Mutex::new(Queues { open: Vec::new(), ended: false }),
            streamed: AtomicBool::new(false),
            error,
            notice,
        })
    }

    /// Returns a stream of what is wanted of all that is dispatched from now on.
    pub(crate) fn events(&self, max_bytes: usize, wanted: Wanted) -> Events<F, L> {
        let (events, queue) = Events::new(max_bytes, wanted);
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if queues.ended {
            queue.items.end();
            return events;
        }
        queues.open.retain(|queue| !queue.items.is_dropped());
        queues.open.push(queue);
        self.streamed.store(true, Ordering::Release);
        events
    }

    /// Dispatches a message to its handlers, then to the streams. What a stream has no room for is
    /// left in `backlog`, in order.
    ///
    /// # Errors
    ///
    /// The message, if it was presumed and its payload is not sound; then nothing was called.
    // Called for every message from one place, and for few from another.
    #[inline(always)]
    pub(crate) fn message(
        &self,
        snapshot: &mut Snapshot<Peer<F>, L>,
        message: Message,
        peer: &Peer<F>,
        backlog: &mut Backlog<F, L>,
        presumed: bool,
    ) -> Result<(), Message> {
        let mut failures = Vec::new();
        let failed = |error| failures.push(error);
        let check = || peer.format().is_sound(&message);
        let mut soundness = Soundness { known: !presumed, check };
        let registry = &self.handlers.registry;
        let dispatched = registry.dispatch(snapshot, &message, peer, &mut soundness, failed);
        if !dispatched || !soundness.holds() {
            return Err(message);
        }
        if self.streamed.load(Ordering::Acquire) {
            self.stream(Incoming::Message(message.sound(), peer.clone()), backlog);
        }
        if !failures.is_empty() {
            self.failed(failures, peer, backlog);
        }
        Ok(())
    }

    /// Dispatches what handlers of one message failed with.
    #[cold]
    fn failed(&self, failures: Vec<HandlerError>, peer: &Peer<F>, backlog: &mut Backlog<F, L>) {
        for failure in failures {
            self.error(Some(peer), failure.into(), backlog);
        }
    }

    /// Dispatches an error on the connection to `peer`, or the server's own, and returns it.
    pub(crate) fn error(
        &self,
        peer: Option<&Peer<F>>,
        error: Error,
        backlog: &mut Backlog<F, L>,
    ) -> Arc<Error> {
        let error = Arc::new(error);
        self.lifecycle((self.error)(peer, Arc::clone(&error)), backlog);
        error
    }

    /// Dispatches what a built-in method has to tell the program.
    pub(crate) fn notice(&self, peer: &Peer<F>, notice: Notice, backlog: &mut Backlog<F, L>) {
        if let Some(event) = (self.notice)(peer, notice) {
            self.lifecycle(event, backlog);
        }
    }

    /// Dispatches a lifecycle event to the handlers and to the streams.
    pub(crate) fn lifecycle(&self, event: L, backlog: &mut Backlog<F, L>) {
        event.trace();
        let panics = self.call(&event);
        self.stream_all(std::iter::once(event).chain(panics), backlog);
    }

    /// Calls the handlers of an event that is for no stream. The streams get the panics in them.
    pub(crate) fn notify(&self, event: &L, backlog: &mut Backlog<F, L>) {
        let panics = self.call(event);
        self.stream_all(panics, backlog);
    }

    /// Calls the handlers of a lifecycle event and returns the events of those that panicked, with
    /// which the others were called.
    fn call(&self, event: &L) -> Vec<L> {
        self.handlers.registry.notify(event, |error| (self.error)(None, Arc::new(error.into())))
    }

    fn stream_all(&self, events: impl IntoIterator<Item = L>, backlog: &mut Backlog<F, L>) {
        if self.streamed.load(Ordering::Acquire) {
            for event in events {
                self.stream(Incoming::Lifecycle(event), backlog);
            }
        }
    }

    fn stream(&self, item: Incoming<F, L>, backlog: &mut Backlog<F, L>) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if queues.open.iter().any(|queue| queue.items.is_dropped()) {
            queues.open.retain(|queue| !queue.items.is_dropped());
            self.streamed.store(!queues.open.is_empty(), Ordering::Release);
        }
        let mut takers = queues.open.iter().filter(|queue| queue.takes(&item));
        let Some(mut queue) = takers.next() else { return };
        for next in takers {
            backlog.items.push((Arc::clone(queue), Some(item.clone())));
            queue = next;
        }
        // The last one gets the item itself: mostly there is but one.
        backlog.items.push((Arc::clone(queue), Some(item)));
    }
}

impl<F, L> Dispatcher<F, L> {
    /// Ends the streams, also those to come: nothing is dispatched any more.
    pub(crate) fn end(&self) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.ended = true;
        let open = std::mem::take(&mut queues.open);
        drop(queues);
        open.iter().for_each(|queue| queue.items.end());
    }
}

impl<F, L> Drop for Dispatcher<F, L> {
    /// Without handles and tasks nothing is dispatched any more.
    fn drop(&mut self) {
        self.end();
    }
}

impl<F, L> Backlog<F, L> {
    pub(crate) fn new() -> Self {
        Self { items: Vec::new() }
    }

    /// Moves what it can into the streams; ready when nothing is left.
    #[inline]
    pub(crate) fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.items.is_empty() { Poll::Ready(()) } else { self.poll_push(cx) }
    }

    // Most programs have no stream, and every message comes past here.
    #[cold]
    fn poll_push(&mut self, cx: &Context<'_>) -> Poll<()> {
        // An item must not overtake an earlier one of the same stream.
        let mut full: Vec<Arc<Queue<F, L>>> = Vec::new();
        self.items.retain_mut(|(queue, item)| {
            if full.iter().any(|other| Arc::ptr_eq(other, queue)) {
                return true;
            }
            let pending = queue.items.poll_push(cx, item).is_pending();
            if pending {
                full.push(Arc::clone(queue));
            }
            pending
        });
        if self.items.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Waits until everything is in the streams.
    pub(crate) async fn flushed(&mut self) {
        std::future::poll_fn(|cx| self.poll_flush(cx)).await;
    }

    /// Waits until everything is in the streams, or the peer is asked to close.
    pub(crate) async fn settle(&mut self, outbox: &Outbox) {
        std::future::poll_fn(|cx| {
            if outbox.register(cx) == Want::Open { self.poll_flush(cx) } else { Poll::Ready(()) }
        })
        .await;
    }

    /// Puts what is left into the streams although there is no room: the few items of one frame
    /// or one end.
    pub(crate) fn force(&mut self) {
        for (queue, item) in self.items.drain(..) {
            queue.items.push_over(item);
        }
    }
}

impl<F, L> std::fmt::Debug for Dispatcher<F, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatcher").finish_non_exhaustive()
    }
}
