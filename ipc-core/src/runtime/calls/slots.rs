//! `Slots`: what the futures of open calls wait for.

use std::collections::HashMap;
use std::task::Waker;

use crate::Message;
use crate::calls::CallError;

/// How a call has ended: with the message whose payload is the result, or an error.
pub(super) type Outcome = Result<Message, CallError>;

/// The futures of open calls, by the numbers of the calls.
#[derive(Debug, Default)]
pub(super) struct Slots(HashMap<u64, Slot>);

#[derive(Debug)]
enum Slot {
    /// The call is open.
    Open(Option<Waker>),
    /// It has ended, and its future has not seen it yet.
    Ended(Outcome),
}

impl Slots {
    /// Adds a call.
    pub(super) fn open(&mut self, number: u64) {
        self.0.insert(number, Slot::Open(None));
    }

    /// Ends a call and returns the waker of its future, if that waits.
    pub(super) fn end(&mut self, number: u64, outcome: Outcome) -> Option<Waker> {
        match self.0.get_mut(&number) {
            Some(slot @ Slot::Open(_)) => match std::mem::replace(slot, Slot::Ended(outcome)) {
                Slot::Open(waker) => waker,
                Slot::Ended(_) => None,
            },
            _ => None,
        }
    }

    /// Removes a call that has ended and returns how; otherwise keeps the waker.
    pub(super) fn take(&mut self, number: u64, waker: &Waker) -> Option<Outcome> {
        match self.0.get_mut(&number)? {
            Slot::Open(kept) => {
                match kept {
                    Some(kept) if kept.will_wake(waker) => {}
                    kept => *kept = Some(waker.clone()),
                }
                None
            }
            Slot::Ended(_) => match self.0.remove(&number) {
                Some(Slot::Ended(outcome)) => Some(outcome),
                _ => None,
            },
        }
    }

    /// Removes a call whose future was dropped.
    pub(super) fn remove(&mut self, number: u64) {
        self.0.remove(&number);
    }
}
