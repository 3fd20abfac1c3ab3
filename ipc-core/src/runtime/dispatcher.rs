//! `Dispatcher`: where what happens is told to handlers and streams.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use crate::error::Error;
use crate::handlers::router::{Router, Snapshot, panic_message};
use crate::observe::trace::Traced;
use crate::runtime::events::{Events, Incoming, Queue};
use crate::runtime::outbox::{Outbox, Want};
use crate::{DecodePayload, HandlerError, HandlerId, HandlerOrder, Message, MessageFormat, Peer};

/// The handlers and streams of one client or server. `L` is its lifecycle event.
pub(crate) struct Dispatcher<F, L> {
    pub(crate) router: Router<Peer<F>>,
    lifecycle: Mutex<Arc<Vec<LifecycleHandler<L>>>>,
    /// How many lifecycle handlers were registered so far.
    registered: AtomicU64,
    queues: Mutex<Queues<F, L>>,
    /// Whether there is a stream at all, so that nobody looks at the lock in vain.
    streamed: AtomicBool,
    error: fn(Option<&Peer<F>>, Arc<Error>) -> L,
}

struct LifecycleHandler<L> {
    id: HandlerId,
    turn: Turn,
    /// Set when it is removed: it does not run any more, not even for the event at hand.
    done: Arc<AtomicBool>,
    call: Arc<dyn Fn(&L) + Send + Sync>,
}

/// When a lifecycle handler runs: those of the same turn in the order of their registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Turn {
    First,
    Last,
}

/// The streams, and whether nothing comes any more.
struct Queues<F, L> {
    open: Vec<Arc<Queue<F, L>>>,
    ended: bool,
}

/// Items on their way into streams that were full.
pub(crate) struct Backlog<F, L> {
    items: Vec<Stuck<F, L>>,
}

/// An item, and the stream it is meant for.
type Stuck<F, L> = (Arc<Queue<F, L>>, Option<Incoming<F, L>>);

impl<F: MessageFormat, L: Clone + Traced> Dispatcher<F, L> {
    /// Returns a hub; `error` makes the lifecycle event of an error.
    pub(crate) fn new(order: HandlerOrder, error: fn(Option<&Peer<F>>, Arc<Error>) -> L) -> Self {
        Self {
            router: Router::new(order),
            lifecycle: Mutex::new(Arc::new(Vec::new())),
            registered: AtomicU64::new(0),
            queues: Mutex::new(Queues { open: Vec::new(), ended: false }),
            streamed: AtomicBool::new(false),
            error,
        }
    }

    /// Registers a handler that takes the payload as a `T`.
    pub(crate) fn on<T>(
        &self,
        event: &str,
        once: bool,
        handler: impl Fn(T, &Peer<F>) + Send + Sync + 'static,
    ) -> HandlerId
    where
        F: DecodePayload<T>,
    {
        self.router.add(Some(event), once, move |message, peer: &Peer<F>| {
            handler(peer.decode(message)?, peer);
            Ok(())
        })
    }

    /// Registers a handler for every message.
    pub(crate) fn on_any(
        &self,
        handler: impl Fn(&Message, &Peer<F>) + Send + Sync + 'static,
    ) -> HandlerId {
        self.router.add(None, false, move |message, peer: &Peer<F>| {
            handler(message, peer);
            Ok(())
        })
    }

    pub(crate) fn on_lifecycle(
        &self,
        turn: Turn,
        handler: impl Fn(&L) + Send + Sync + 'static,
    ) -> HandlerId {
        let id = HandlerId::elsewhere(self.registered.fetch_add(1, Ordering::Relaxed));
        let (done, call) = (Arc::default(), Arc::new(handler));
        let mut handlers = self.lifecycle.lock().unwrap_or_else(PoisonError::into_inner);
        let at = handlers.partition_point(|other| other.turn <= turn);
        Arc::make_mut(&mut handlers).insert(at, LifecycleHandler { id, turn, done, call });
        id
    }

    /// Removes a handler of messages or of lifecycle events; `false` if there is none such.
    pub(crate) fn off(&self, id: HandlerId) -> bool {
        let mut handlers = self.lifecycle.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = handlers.iter().position(|handler| handler.id == id) else {
            drop(handlers);
            return self.router.remove(id);
        };
        let removed = Arc::make_mut(&mut handlers).remove(at);
        removed.done.store(true, Ordering::Relaxed);
        // Dropping it drops what it captured, which may come back here.
        drop(handlers);
        true
    }

    pub(crate) fn events(&self, max_bytes: usize) -> Events<F, L> {
        let (events, queue) = Events::new(max_bytes);
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if queues.ended {
            queue.end();
            return events;
        }
        queues.open.retain(|queue| !queue.is_dropped());
        queues.open.push(queue);
        self.streamed.store(true, Ordering::Release);
        events
    }

    /// Gives a message to its handlers, then to the streams. What a stream has no room for is
    /// left in `backlog`, in order.
    pub(crate) fn message(
        &self,
        snapshot: &mut Snapshot<Peer<F>>,
        message: Message,
        peer: &Peer<F>,
        backlog: &mut Backlog<F, L>,
    ) {
        let mut failures = Vec::new();
        self.router.dispatch(snapshot, &message, peer, |error| failures.push(error));
        if self.streamed.load(Ordering::Acquire) {
            self.stream(Incoming::Message(message, peer.clone()), backlog);
        }
        for failure in failures {
            self.error(Some(peer), failure.into(), backlog);
        }
    }

    /// Tells of an error on the connection to `peer`, or of the server's own.
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

    /// Tells of a lifecycle event.
    pub(crate) fn lifecycle(&self, event: L, backlog: &mut Backlog<F, L>) {
        event.trace();
        let panics = self.tell(&event);
        if self.streamed.load(Ordering::Acquire) {
            for event in std::iter::once(event).chain(panics) {
                self.stream(Incoming::Lifecycle(event), backlog);
            }
        }
    }

    /// Calls the lifecycle handlers. One that panics is told of to the others, once; returns what
    /// they were told.
    fn tell(&self, event: &L) -> Vec<L> {
        let mut panics = Vec::new();
        let handlers = Arc::clone(&self.lifecycle.lock().unwrap_or_else(PoisonError::into_inner));
        for (index, handler) in handlers.iter().enumerate() {
            let run = || {
                if !handler.is_done() {
                    (handler.call)(event)
                }
            };
            let Err(panic) = catch_unwind(AssertUnwindSafe(run)) else { continue };
            let (event, message) = ("(lifecycle)".to_owned(), panic_message(&*panic));
            let error = Arc::new(HandlerError::Panicked { event, message }.into());
            let event = (self.error)(None, error);
            let others = handlers.iter().enumerate().filter(|(other, _)| *other != index);
            for (_, other) in others {
                // A second panic has nobody left to be told to.
                let run = || {
                    if !other.is_done() {
                        (other.call)(&event)
                    }
                };
                let _ = catch_unwind(AssertUnwindSafe(run));
            }
            panics.push(event);
        }
        panics
    }

    fn stream(&self, item: Incoming<F, L>, backlog: &mut Backlog<F, L>) {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = queues.open.iter().filter(|queue| !queue.is_dropped()).peekable();
        let mut item = Some(item);
        while let Some(queue) = open.next() {
            // The last one gets the item itself: mostly there is but one.
            let item = if open.peek().is_some() { item.clone() } else { item.take() };
            backlog.items.push((Arc::clone(queue), item));
        }
    }
}

impl<L> LifecycleHandler<L> {
    fn is_done(&self) -> bool {
        self.done.load(Ordering::Relaxed)
    }
}

impl<L> Clone for LifecycleHandler<L> {
    fn clone(&self) -> Self {
        let (done, call) = (Arc::clone(&self.done), Arc::clone(&self.call));
        Self { id: self.id, turn: self.turn, done, call }
    }
}

impl<F, L> Dispatcher<F, L> {
    /// Ends the streams, those to come too: nothing happens any more.
    pub(crate) fn end(&self) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.ended = true;
        let open = std::mem::take(&mut queues.open);
        drop(queues);
        open.iter().for_each(|queue| queue.end());
    }
}

impl<F, L> Drop for Dispatcher<F, L> {
    /// Without handles and tasks nothing can happen any more.
    fn drop(&mut self) {
        self.end();
    }
}

impl<F, L> Backlog<F, L> {
    pub(crate) fn new() -> Self {
        Self { items: Vec::new() }
    }

    /// Moves what it can into the streams; ready when nothing is left.
    pub(crate) fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.items.is_empty() {
            return Poll::Ready(());
        }
        // An item must not overtake an earlier one of the same stream.
        let mut full: Vec<Arc<Queue<F, L>>> = Vec::new();
        self.items.retain_mut(|(queue, item)| {
            if full.iter().any(|other| Arc::ptr_eq(other, queue)) {
                return true;
            }
            let pending = queue.poll_push(cx, item).is_pending();
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

    /// Waits until everything is in the streams, or until the peer is to go.
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
            queue.push_over(item);
        }
    }
}

impl<F, L> std::fmt::Debug for Dispatcher<F, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatcher").finish_non_exhaustive()
    }
}
