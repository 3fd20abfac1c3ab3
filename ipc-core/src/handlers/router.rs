//! `Router`: which handlers an event has, and how they are called. Pure.

use std::any::Any;
use std::cmp::Ordering as Order;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::{FormatError, Message};

/// The handlers of one client or server, by event.
///
/// A message is handled by those handlers that are registered when it arrives: one that is added
/// meanwhile waits for the next message, one that is removed meanwhile does not run any more, and
/// no other is skipped. Named handlers run in the order of their registration, and those for any
/// event behind or before them.
pub(crate) struct Router<C> {
    table: Mutex<Arc<Table<C>>>,
    order: HandlerOrder,
    /// Counts the changes, so that a reader can keep its snapshot until there is one.
    version: AtomicU64,
}

/// When handlers for any event run. Among each other they run in the order of their registration,
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

/// One registration, to be ended with `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HandlerId(u64);

impl HandlerId {
    /// Returns the id of a handler that no router knows.
    #[cfg(feature = "tokio")]
    pub(crate) const fn elsewhere(number: u64) -> Self {
        // Routers count from 1 and never come this far.
        Self(u64::MAX - number)
    }
}

/// What went wrong in a handler. The others are called all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandlerError {
    /// The handler panicked.
    Panicked {
        /// The event whose handler it is; `*` if it is one of every event: what a peer called its
        /// event is in no error.
        event: String,
        /// The panic's message, if it had one.
        message: String,
    },
    /// The payload is not what the handler takes; the handler was not called.
    Payload {
        /// The event whose handler it is.
        event: String,
        /// Why the payload could not be read.
        source: FormatError,
    },
    /// The message has no payload, and its handler takes none without one; it was not called.
    NoPayload {
        /// The event whose handler it is.
        event: String,
        /// What the format says of it.
        source: FormatError,
    },
}

type HandlerFn<C> = dyn Fn(&Message, &C) -> Result<(), FormatError> + Send + Sync;

struct Handler<C> {
    id: HandlerId,
    once: bool,
    /// Set when the handler is removed, or has run and was to run once.
    done: AtomicBool,
    call: Box<HandlerFn<C>>,
}

pub(crate) struct Table<C> {
    /// Sorted by [`by_name`]. Looking a name up takes a few comparisons, mostly of lengths: for the
    /// events that programs have, less than it takes to hash the name.
    by_event: Vec<Named<C>>,
    any: Vec<Arc<Handler<C>>>,
}

/// The handlers of one event, in the order of their registration.
struct Named<C> {
    event: Box<str>,
    handlers: Vec<Arc<Handler<C>>>,
}

/// A router's table as one reader last saw it.
pub(crate) struct Snapshot<C> {
    table: Option<Arc<Table<C>>>,
    version: u64,
}

impl<C> Router<C> {
    pub(crate) fn new(order: HandlerOrder) -> Self {
        Self { table: Mutex::new(Arc::new(Table::new())), order, version: AtomicU64::new(1) }
    }

    /// Registers a handler, for one event or (`None`) for any.
    pub(crate) fn add(
        &self,
        event: Option<&str>,
        once: bool,
        call: impl Fn(&Message, &C) -> Result<(), FormatError> + Send + Sync + 'static,
    ) -> HandlerId {
        let mut id = HandlerId(0);
        self.change(|table, version| {
            id = HandlerId(version);
            let call = Box::new(call);
            let handler = Arc::new(Handler { id, once, done: AtomicBool::new(false), call });
            match event {
                Some(event) => table.named_mut(event).push(handler),
                None => table.any.push(handler),
            }
        });
        id
    }

    /// Removes a handler; `false` if it is not there (any more).
    pub(crate) fn remove(&self, id: HandlerId) -> bool {
        let mut found = false;
        self.change(|table, _| {
            table.retain(|_, handler| {
                let this = handler.id == id;
                found |= this && !handler.done.swap(this, Ordering::Relaxed);
                !this
            });
        });
        found
    }

    /// Removes every handler of an event, or (`None`) every handler there is.
    pub(crate) fn remove_all(&self, event: Option<&str>) {
        self.change(|table, _| {
            table.retain(|name, handler| {
                let hit = event.is_none() || event == name;
                if hit {
                    handler.done.store(true, Ordering::Relaxed);
                }
                !hit
            });
        });
    }

    /// Brings a reader's snapshot up to date.
    pub(crate) fn refresh(&self, snapshot: &mut Snapshot<C>) {
        let version = self.version.load(Ordering::Acquire);
        if snapshot.version != version {
            let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = Snapshot { table: Some(Arc::clone(&table)), version };
            drop(table);
            // Dropping the old table may drop what a removed handler captured, which may come
            // back here.
            *snapshot = fresh;
        }
    }

    fn change(&self, change: impl FnOnce(&mut Table<C>, u64)) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.version.load(Ordering::Relaxed);
        let mut new = table.copy();
        change(&mut new, version);
        let old = std::mem::replace(&mut *table, Arc::new(new));
        self.version.store(version + 1, Ordering::Release);
        // Dropping a handler drops what it captured, which may come back here.
        drop(table);
        drop(old);
    }

    /// Calls the handlers of `message` and returns how many ran; those that ran for the only
    /// time are removed.
    pub(crate) fn dispatch(
        &self,
        snapshot: &mut Snapshot<C>,
        message: &Message,
        context: &C,
        mut failed: impl FnMut(HandlerError),
    ) -> usize {
        self.refresh(snapshot);
        let mut ran = 0;
        let mut spent = None;
        let Some(table) = &snapshot.table else { return ran };
        let named = table.named(message.event_bytes());
        let (first, second) = match self.order {
            HandlerOrder::NamedFirst => (named, table.any.as_slice()),
            HandlerOrder::AnyFirst => (table.any.as_slice(), named),
        };
        for handler in first.iter().chain(second) {
            if handler.done.load(Ordering::Relaxed) {
                continue;
            }
            if handler.once {
                if handler.done.swap(true, Ordering::Relaxed) {
                    continue;
                }
                spent = Some(handler.id);
            }
            ran += 1;
            if let Err(failure) = call(handler, message, context) {
                let of_any = table.any.iter().any(|any| Arc::ptr_eq(any, handler));
                failed(failure.of(if of_any { "*" } else { message.event() }, message));
            }
        }
        if spent.is_some() {
            self.change(|table, _| {
                table.retain(|_, handler| !handler.done.load(Ordering::Relaxed));
            });
        }
        ran
    }
}

/// What went wrong in a handler, before it is said in whose.
enum Failure {
    Payload(FormatError),
    Panic(String),
}

impl Failure {
    #[cold]
    fn of(self, event: &str, message: &Message) -> HandlerError {
        let event = event.to_owned();
        match self {
            Self::Payload(source) if message.payload().is_none() => {
                HandlerError::NoPayload { event, source }
            }
            Self::Payload(source) => HandlerError::Payload { event, source },
            Self::Panic(message) => HandlerError::Panicked { event, message },
        }
    }
}

fn call<C>(handler: &Handler<C>, message: &Message, context: &C) -> Result<(), Failure> {
    // A handler shares nothing with the router, so nothing here can be left half done.
    match catch_unwind(AssertUnwindSafe(|| (handler.call)(message, context))) {
        Ok(result) => result.map_err(Failure::Payload),
        Err(panic) => Err(Failure::Panic(panic_message(&*panic))),
    }
}

/// Returns the message of a panic, or an empty string if it carried none.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or_default().into()
}

impl<C> Table<C> {
    fn new() -> Self {
        Self { by_event: Vec::new(), any: Vec::new() }
    }

    /// Returns the handlers of an event.
    fn named(&self, event: &[u8]) -> &[Arc<Handler<C>>] {
        let found = self.by_event.binary_search_by(|named| by_name(&named.event, event));
        let found = found.ok().and_then(|index| self.by_event.get(index));
        found.map_or(&[], |named| &named.handlers)
    }

    /// Returns the list of an event's handlers, a new one if there is none.
    fn named_mut(&mut self, event: &str) -> &mut Vec<Arc<Handler<C>>> {
        let found = self.by_event.binary_search_by(|named| by_name(&named.event, event.as_bytes()));
        let index = found.unwrap_or_else(|index| {
            let new = Named { event: event.into(), handlers: Vec::new() };
            self.by_event.insert(index, new);
            index
        });
        // The search found it here, or it was put here.
        &mut self.by_event[index].handlers
    }

    fn copy(&self) -> Self {
        Self { by_event: self.by_event.clone(), any: self.any.clone() }
    }

    /// Keeps the handlers for which `keep` says so; it is given their event, `None` for any.
    fn retain(&mut self, mut keep: impl FnMut(Option<&str>, &Handler<C>) -> bool) {
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

impl<C> Clone for Named<C> {
    fn clone(&self) -> Self {
        Self { event: self.event.clone(), handlers: self.handlers.clone() }
    }
}

impl<C> Snapshot<C> {
    /// Returns the snapshot of no table: the first `refresh` fills it.
    pub(crate) fn empty() -> Self {
        Self { table: None, version: 0 }
    }

    /// Lets go of the table: a reader that has nothing to do does not keep removed handlers, and
    /// what they captured, alive.
    pub(crate) fn release(&mut self) {
        *self = Self::empty();
    }
}

impl<C> fmt::Debug for Router<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").finish_non_exhaustive()
    }
}

impl HandlerError {
    /// Returns a stable code, for programs: `handler_panicked`, or that of the [`FormatError`].
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Panicked { .. } => "handler_panicked",
            Self::Payload { source, .. } | Self::NoPayload { source, .. } => source.code(),
        }
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked { event, message } => {
                write!(f, "a handler of {event:?} panicked: {message}")
            }
            Self::Payload { event, .. } => {
                write!(f, "the payload of {event:?} is not what its handler takes")
            }
            Self::NoPayload { event, .. } => {
                write!(f, "a message {event:?} has no payload, which its handler needs")
            }
        }
    }
}

impl std::error::Error for HandlerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Panicked { .. } => None,
            Self::Payload { source, .. } | Self::NoPayload { source, .. } => Some(source),
        }
    }
}
