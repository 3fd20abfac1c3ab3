//! `Registry`: which handlers there are, for messages and for lifecycle events. Pure.

use std::cmp::Ordering as Order;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::{EventNames, FormatError, Message};

/// The handlers of one client or server. `C` is the context of a message, `L` the lifecycle event.
///
/// Whoever dispatches does so from a table that does not change meanwhile: a handler that is added
/// by another runs from the next message on, and one that is removed is marked as done, so that it
/// does not run any more.
pub(crate) struct Registry<C, L> {
    table: Mutex<Arc<Table<C, L>>>,
    /// Counts the changes, so that a reader can keep its snapshot until there is one.
    version: AtomicU64,
    pub(super) order: HandlerOrder,
}

/// When handlers of any event run. Among each other they run in the order of their registration,
/// and so do the named ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum HandlerOrder {
    /// After the handlers of the message's own event. The default.
    #[default]
    NamedFirst,
    /// Before them.
    AnyFirst,
}

/// One registration, which `off` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HandlerId(u64);

/// A handler; `F` is its function.
pub(super) struct Handler<F: ?Sized> {
    pub(super) id: HandlerId,
    /// Whether it runs once.
    pub(super) once: bool,
    /// Whether it stays when the handlers of all messages are removed.
    stays: bool,
    /// Whether it begins by reading all of the payload, so that nothing has happened if that fails, and
    /// the payload is sound if it does not.
    pub(super) reads_all: bool,
    /// Set when the handler is removed, or has run and runs once.
    pub(super) done: AtomicBool,
    /// Called when the handler is removed, under the registry's lock.
    removed: Option<Box<dyn Fn() + Send + Sync>>,
    pub(super) call: Box<F>,
}

impl<F: ?Sized> Handler<F> {
    /// Marks the handler as removed; `false` if it was, or has run and runs once.
    fn remove(&self) -> bool {
        if let Some(removed) = &self.removed {
            removed();
        }
        !self.done.swap(true, Ordering::Relaxed)
    }
}

/// A handler of messages.
pub(super) type OnMessage<C> = Handler<Handle<C>>;

/// The function of a handler of messages.
type Handle<C> = dyn Fn(&Message, &C) -> Result<(), FormatError> + Send + Sync;

/// A handler of lifecycle events.
pub(super) type OnLifecycle<L> = Handler<dyn Fn(&L) + Send + Sync>;

/// Which messages a handler is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'a> {
    /// Each message with this event.
    Event(&'a str),
    /// The next message with this event.
    Once(&'a str),
    /// Every message.
    Any,
    /// Every message, also after the handlers of all messages are removed.
    Watch,
}

/// When a lifecycle handler runs: those of one phase in the order of their registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    First,
    Last,
}

pub(crate) struct Table<C, L> {
    /// Sorted by [`by_name`]. Looking a name up takes a few comparisons, mostly of lengths: for the
    /// events that programs have, less than it takes to hash the name.
    by_event: Vec<Named<C>>,
    pub(super) any: Vec<Arc<OnMessage<C>>>,
    pub(super) first: Vec<Arc<OnLifecycle<L>>>,
    pub(super) last: Vec<Arc<OnLifecycle<L>>>,
}

/// The handlers of one event, in the order of their registration.
struct Named<C> {
    event: Box<str>,
    handlers: Vec<Arc<OnMessage<C>>>,
}

/// A registry's table as one reader last saw it.
pub(crate) struct Snapshot<C, L> {
    pub(super) table: Option<Arc<Table<C, L>>>,
    version: u64,
    /// Where in the table the last event was found.
    pub(super) last: usize,
    presumes: bool,
}

impl<C, L> Registry<C, L> {
    pub(crate) fn new(order: HandlerOrder) -> Self {
        Self { table: Mutex::new(Arc::new(Table::new())), version: AtomicU64::new(1), order }
    }

    /// Registers a handler of messages.
    pub(crate) fn add(
        &self,
        scope: Scope<'_>,
        call: impl Fn(&Message, &C) -> Result<(), FormatError> + Send + Sync + 'static,
    ) -> HandlerId {
        self.add_with(scope, false, None, call)
    }

    /// Registers a handler of messages; `reads_all` says whether it begins by reading all of the payload,
    /// and `removed` is called when it is removed.
    pub(crate) fn add_with(
        &self,
        scope: Scope<'_>,
        reads_all: bool,
        removed: Option<Box<dyn Fn() + Send + Sync>>,
        call: impl Fn(&Message, &C) -> Result<(), FormatError> + Send + Sync + 'static,
    ) -> HandlerId {
        self.change(|table, id| {
            let (once, stays) = (matches!(scope, Scope::Once(_)), matches!(scope, Scope::Watch));
            let (done, call) = (AtomicBool::new(false), Box::new(call) as _);
            let handler = Arc::new(Handler { id, once, stays, reads_all, done, removed, call });
            match scope {
                Scope::Event(event) | Scope::Once(event) => table.named_mut(event).push(handler),
                Scope::Any | Scope::Watch => table.any.push(handler),
            }
            id
        })
    }

    /// Registers one handler for the messages of all these events, as [`add_with`](Self::add_with);
    /// `removed` is called when the last of them is removed.
    pub(crate) fn add_events(
        &self,
        names: &EventNames,
        reads_all: bool,
        removed: Option<Box<dyn Fn() + Send + Sync>>,
        call: impl Fn(&Message, &C) -> Result<(), FormatError> + Send + Sync + 'static,
    ) -> HandlerId {
        let call = Arc::new(call);
        let left =
            Arc::new(AtomicUsize::new(names.iter().len() + usize::from(names.takes_others())));
        let removed: Option<Arc<dyn Fn() + Send + Sync>> = removed.map(Arc::from);
        let removed = || {
            let (removed, left) = (removed.clone()?, Arc::clone(&left));
            let removed = move || {
                if left.fetch_sub(1, Ordering::Relaxed) == 1 {
                    removed();
                }
            };
            Some(Box::new(removed) as Box<dyn Fn() + Send + Sync>)
        };
        self.change(|table, id| {
            // One for each event, since each can be removed alone.
            let handler = |reads_all, call: Box<Handle<C>>| {
                let (once, stays, done) = (false, false, AtomicBool::new(false));
                Arc::new(Handler { id, once, stays, reads_all, done, removed: removed(), call })
            };
            for name in names.iter() {
                let call = Arc::clone(&call);
                let call = Box::new(move |message: &Message, context: &C| call(message, context));
                table.named_mut(name).push(handler(reads_all, call));
            }
            if names.takes_others() {
                let names = names.clone();
                let call = Box::new(move |message: &Message, context: &C| {
                    if names.contains(message.event()) { Ok(()) } else { call(message, context) }
                });
                table.any.push(handler(false, call));
            }
            id
        })
    }

    /// Registers a handler of lifecycle events.
    pub(crate) fn add_lifecycle(
        &self,
        phase: Phase,
        call: impl Fn(&L) + Send + Sync + 'static,
    ) -> HandlerId {
        self.change(|table, id| {
            let done = AtomicBool::new(false);
            let call = Box::new(call) as _;
            let (once, stays, reads_all, removed) = (false, true, false, None);
            let handler = Arc::new(Handler { id, once, stays, reads_all, done, removed, call });
            match phase {
                Phase::First => table.first.push(handler),
                Phase::Last => table.last.push(handler),
            }
            id
        })
    }

    /// Removes a handler, of messages or of lifecycle events; `false` if it is not there (any more).
    pub(crate) fn remove(&self, id: HandlerId) -> bool {
        self.change(|table, _| {
            let mut removed = false;
            table.retain(|_, handler| {
                let hit = handler.id == id;
                removed |= hit && handler.remove();
                !hit
            });
            for handlers in [&mut table.first, &mut table.last] {
                handlers.retain(|handler| {
                    let hit = handler.id == id;
                    removed |= hit && handler.remove();
                    !hit
                });
            }
            removed
        })
    }

    /// Removes every handler of an event, or (`None`) of messages, but for those that stay.
    pub(crate) fn remove_all(&self, event: Option<&str>) {
        self.change(|table, _| {
            table.retain(|name, handler| {
                let hit = if event.is_none() { !handler.stays } else { event == name };
                if hit {
                    handler.remove();
                }
                !hit
            });
        });
    }

    /// Removes those handlers of messages that have run and run once.
    pub(super) fn remove_done(&self) {
        self.change(|table, _| {
            table.retain(|_, handler| !handler.done.load(Ordering::Relaxed));
        });
    }

    /// Returns the table as it is now.
    pub(super) fn table(&self) -> Arc<Table<C, L>> {
        Arc::clone(&self.table.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Brings a reader's snapshot up to date.
    #[inline]
    pub(super) fn refresh(&self, snapshot: &mut Snapshot<C, L>) {
        let version = self.version.load(Ordering::Acquire);
        if snapshot.version != version || snapshot.table.is_none() {
            self.renew(snapshot, version);
        }
    }

    #[cold]
    fn renew(&self, snapshot: &mut Snapshot<C, L>, version: u64) {
        let table = self.table();
        if snapshot.version != version {
            snapshot.presumes = table.reads_first(self.order);
            snapshot.version = version;
        }
        // Dropping the old table may drop what a removed handler captured, which may come back here.
        snapshot.table = Some(table);
    }

    /// Replaces the table by a changed copy; `change` is given the id of a handler that it adds.
    fn change<R>(&self, change: impl FnOnce(&mut Table<C, L>, HandlerId) -> R) -> R {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.version.load(Ordering::Relaxed);
        let mut new = (**table).clone();
        let result = change(&mut new, HandlerId(version));
        let old = std::mem::replace(&mut *table, Arc::new(new));
        self.version.store(version + 1, Ordering::Release);
        // Dropping a handler drops what it captured, which may come back here.
        drop(table);
        drop(old);
        result
    }
}

impl<C, L> Table<C, L> {
    fn new() -> Self {
        Self { by_event: Vec::new(), any: Vec::new(), first: Vec::new(), last: Vec::new() }
    }

    /// Returns the handlers of an event. It is looked for at `last` first, which becomes where it was
    /// found: the next message often has the same.
    pub(super) fn named(&self, event: &[u8], last: &mut usize) -> &[Arc<OnMessage<C>>] {
        match self.by_event.get(*last) {
            Some(named) if named.event.as_bytes() == event => &named.handlers,
            _ => self.search(event, last),
        }
    }

    #[inline(never)]
    fn search(&self, event: &[u8], found: &mut usize) -> &[Arc<OnMessage<C>>] {
        let index = self.by_event.binary_search_by(|named| by_name(&named.event, event));
        *found = index.unwrap_or(*found);
        let named = index.ok().and_then(|index| self.by_event.get(index));
        named.map_or(&[], |named| &named.handlers)
    }

    /// Returns the list of an event's handlers, a new one if there is none.
    fn named_mut(&mut self, event: &str) -> &mut Vec<Arc<OnMessage<C>>> {
        let found = self.by_event.binary_search_by(|named| by_name(&named.event, event.as_bytes()));
        let index = found.unwrap_or_else(|index| {
            let new = Named { event: event.into(), handlers: Vec::new() };
            self.by_event.insert(index, new);
            index
        });
        // The search found it here, or it was put here.
        &mut self.by_event[index].handlers
    }

    /// Returns whether there is a message whose first handler begins by reading all of the payload.
    fn reads_first(&self, order: HandlerOrder) -> bool {
        let named = |named: &Named<C>| named.handlers.first().is_some_and(|first| first.reads_all);
        let any_runs_first = order == HandlerOrder::AnyFirst && !self.any.is_empty();
        !any_runs_first && self.by_event.iter().any(named)
    }

    /// Keeps the handlers of messages for which `keep` says so; it is given their event, `None` for
    /// any.
    fn retain(&mut self, mut keep: impl FnMut(Option<&str>, &OnMessage<C>) -> bool) {
        self.by_event.retain_mut(|named| {
            named.handlers.retain(|handler| keep(Some(&named.event), handler));
            !named.handlers.is_empty()
        });
        self.any.retain(|handler| keep(None, handler));
    }
}

/// Compares two names: by their lengths first, which mostly differ and cost nothing.
fn by_name(one: &str, other: &[u8]) -> Order {
    one.len().cmp(&other.len()).then_with(|| one.as_bytes().cmp(other))
}

impl<C, L> Clone for Table<C, L> {
    fn clone(&self) -> Self {
        Self {
            by_event: self.by_event.clone(),
            any: self.any.clone(),
            first: self.first.clone(),
            last: self.last.clone(),
        }
    }
}

impl<C> Clone for Named<C> {
    fn clone(&self) -> Self {
        Self { event: self.event.clone(), handlers: self.handlers.clone() }
    }
}

impl<C, L> Snapshot<C, L> {
    /// Returns the snapshot of no table: the first `refresh` fills it.
    pub(crate) fn empty() -> Self {
        Self { table: None, version: 0, last: 0, presumes: true }
    }

    /// Returns whether it is worth presuming a message: there was a handler lately that begins by reading the
    /// payload of its message, and none that runs before it.
    #[inline]
    pub(crate) fn presumes(&self) -> bool {
        self.presumes
    }

    /// Drops the table: an idle reader does not keep removed handlers, and what they captured,
    /// alive. What was learned of it is kept for when it is taken again, unchanged as it mostly is.
    pub(crate) fn release(&mut self) {
        self.table = None;
    }
}

impl<C, L> fmt::Debug for Registry<C, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}
