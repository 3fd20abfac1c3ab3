//! Calling the handlers of a message: which of them run, and in which order. Pure.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::error::HandlerError;
use super::registry::{HandlerOrder, OnMessage, Registry, Snapshot};
use crate::{FormatError, Message};

/// Whether the payload of a message is sound, or how to find out.
pub(crate) struct Soundness<C> {
    pub(crate) known: bool,
    pub(crate) check: C,
}

impl<C: Fn() -> bool> Soundness<C> {
    /// Returns whether the payload is sound; it is checked at most once more if it is.
    #[inline]
    pub(crate) fn holds(&mut self) -> bool {
        self.known = self.known || (self.check)();
        self.known
    }
}

impl<C, L> Registry<C, L> {
    /// Calls the handlers of `message` that are registered when it arrives: one that is added
    /// meanwhile waits for the next message, one that is removed meanwhile does not run any more,
    /// and no other is skipped. Named handlers run in the order of their registration, and those of
    /// any event after or before them. Those that run once are removed.
    ///
    /// The first of them may be what finds out that the payload is sound: if it reads all of the payload. All
    /// others run after that. `false` if the payload is not sound, and then no handler has run.
    #[inline(always)]
    pub(crate) fn dispatch(
        &self,
        snapshot: &mut Snapshot<C, L>,
        message: &Message,
        context: &C,
        soundness: &mut Soundness<impl Fn() -> bool>,
        mut failed: impl FnMut(HandlerError),
    ) -> bool {
        self.refresh(snapshot);
        let mut spent = false;
        let Some(table) = &snapshot.table else { return true };
        let named = table.named(message.event_bytes(), &mut snapshot.last);
        let lists = match self.order {
            HandlerOrder::NamedFirst => [named, &table.any],
            HandlerOrder::AnyFirst => [&table.any, named],
        };
        for handlers in lists {
            for handler in handlers {
                let reads_all = handler.reads_all && !handler.once;
                if !reads_all && !soundness.holds() {
                    return false;
                }
                if is_done(handler) {
                    continue;
                }
                spent |= handler.once;
                let result = call(handler, message, context);
                // Also after a panic: it can be that of the type that was read.
                soundness.known |= result.is_ok();
                if let Err(failure) = result {
                    if !soundness.holds() {
                        return false;
                    }
                    let of_any = table.any.iter().any(|any| Arc::ptr_eq(any, handler));
                    failed(failure.of(if of_any { "*" } else { message.event() }, message));
                }
            }
        }
        if spent {
            self.remove_done();
        }
        true
    }
}

/// What went wrong in a handler of an event that is yet to be named.
enum Failure {
    Payload(FormatError),
    Panic(String),
}

impl Failure {
    #[cold]
    fn of(self, event: &str, message: &Message) -> HandlerError {
        let event = event.to_owned();
        match self {
            Self::Payload(source) => HandlerError::payload(event, message, source),
            Self::Panic(message) => HandlerError::Panicked { event, message },
        }
    }
}

/// Returns whether a handler runs no more, and marks one that runs once as done.
fn is_done<C>(handler: &OnMessage<C>) -> bool {
    let done = &handler.done;
    done.load(Ordering::Relaxed) || (handler.once && done.swap(true, Ordering::Relaxed))
}

#[inline(always)]
fn call<C>(handler: &OnMessage<C>, message: &Message, context: &C) -> Result<(), Failure> {
    // A handler shares nothing with the registry, so nothing here can be left half done.
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::registry::Scope;
    use super::*;

    #[test]
    fn every_event_finds_its_handlers_whichever_came_before() {
        let registry = Registry::<Mutex<Vec<usize>>, ()>::new(HandlerOrder::NamedFirst);
        let events = ["", "a", "b", "xy", "yx", "none"];
        let add = |index: usize| {
            let call = move |_: &Message, calls: &Mutex<Vec<usize>>| {
                calls.lock().unwrap().push(index);
                Ok(())
            };
            registry.add(Scope::Event(events[index]), call)
        };
        let ids: Vec<_> = (0..5).map(add).collect();
        let mut snapshot = Snapshot::empty();
        let mut check = |index: usize, expected: &[usize]| {
            let calls = Mutex::default();
            let message = Message::new(events[index], None);
            let mut sound = Soundness { known: true, check: || false };
            assert!(registry.dispatch(&mut snapshot, &message, &calls, &mut sound, |_| {}));
            assert_eq!(*calls.lock().unwrap(), expected, "{}", events[index]);
        };
        for before in 0..6 {
            for index in 0..6 {
                check(before, &[before][usize::from(before == 5)..]);
                check(index, &[index][usize::from(index == 5)..]);
            }
        }
        // The places of those after it change.
        assert!(registry.remove(ids[1]));
        check(1, &[]);
        for index in [4, 3, 2, 0] {
            check(index, &[index]);
        }
    }
}
