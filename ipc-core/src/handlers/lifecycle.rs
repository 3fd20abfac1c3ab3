//! Calling the handlers of a lifecycle event. Pure.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use super::error::HandlerError;
use super::registry::{OnLifecycle, Registry};
use super::router::panic_message;

impl<C, L> Registry<C, L> {
    /// Calls the lifecycle handlers with `event`. If one panics, the others are notified of that,
    /// once, with what `report` makes of it; returns these reports.
    pub(crate) fn notify(&self, event: &L, report: impl Fn(HandlerError) -> L) -> Vec<L> {
        let mut panics = Vec::new();
        let table = self.table();
        let handlers = || table.first.iter().chain(&table.last);
        for (index, handler) in handlers().enumerate() {
            let Err(message) = call(handler, event) else { continue };
            let event = report(HandlerError::Panicked { event: "(lifecycle)".into(), message });
            for (_, other) in handlers().enumerate().filter(|(other, _)| *other != index) {
                // A panic while a panic is reported is ignored.
                let _ = call(other, &event);
            }
            panics.push(event);
        }
        panics
    }
}

/// Calls a handler unless it was removed; fails with the message of its panic.
fn call<L>(handler: &OnLifecycle<L>, event: &L) -> Result<(), String> {
    if handler.done.load(Ordering::Relaxed) {
        return Ok(());
    }
    catch_unwind(AssertUnwindSafe(|| (handler.call)(event))).map_err(|panic| panic_message(&*panic))
}
