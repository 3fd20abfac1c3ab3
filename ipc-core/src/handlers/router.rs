//! Calling the handlers of a message: which of them run, and in which order. Pure.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::error::HandlerError;
use super::registry::{HandlerOrder, OnMessage, Registry, Snapshot};
use crate::{FormatError, Message};

impl<C, L> Registry<C, L> {
    /// Calls the handlers of `message` that are registered when it arrives: one that is added
    /// meanwhile waits for the next message, one that is removed meanwhile does not run any more,
    /// and no other is skipped. Named handlers run in the order of their registration, and those of
    /// any event after or before them. Those that run once are removed.
    ///
    /// Returns how many ran.
    pub(crate) fn dispatch(
        &self,
        snapshot: &mut Snapshot<C, L>,
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
            self.remove_done();
        }
        ran
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
