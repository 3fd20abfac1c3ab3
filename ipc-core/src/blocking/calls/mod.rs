//! Calls without a runtime: what one side asks, one call at a time, and what it is asked.

mod answer;
mod ask;
mod builtin;
mod incoming;
mod methods;
mod ping;
mod sink;
mod stream;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use self::incoming::Inner;
use self::ping::Pings;
use self::stream::Items;
use super::greet::Purpose;
use crate::Message;
use crate::calls::CallError;
use crate::error::EmitError;
use crate::options::ConnectionConfig;
use crate::protocol::calls::{Abandoned, Answerer, Asker, CallNumber, Credit, Sent};
use crate::protocol::queue::{QueueLimit, SendQueue};
use crate::runtime::clock;

pub(super) use ask::{call, call_about, call_builtin};
pub use incoming::IncomingCall;
pub(super) use methods::call_methods;
pub use sink::Sink;
pub use stream::CallStream;
pub(super) use stream::call_stream;

/// How a call has ended: with the message whose payload is the result, or an error.
type Outcome = Result<Message, CallError>;

/// The calls of one side, in both directions. Made when the first one is.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) asker: Asker,
    /// The call that this side waits for.
    asking: Option<u64>,
    /// How it has ended.
    outcome: Option<Outcome>,
    /// Its items, if it is a stream.
    items: Option<Items>,
    /// What a silent peer was asked.
    pings: Pings,
    /// The calls that were written past the send queue, and what they are for.
    pub(super) asked: Vec<(u64, Purpose)>,
    /// Whether what was received last answers one of them.
    pub(super) answered_past_queue: bool,
    answerer: Answerer,
    /// The calls that run for the peer, by their ids.
    running: HashMap<u64, Weak<Inner>>,
    /// How many items the peer wants of those that it takes items of, by their ids.
    credits: HashMap<u64, Credit>,
    /// Whether the program has dropped one of them, unanswered.
    dropped: Arc<AtomicBool>,
    /// Whether new calls are refused, since this side closes.
    closing: bool,
    /// Whether this side has ended its writing direction.
    shut: bool,
    /// Whether a second call with a number in use was reported.
    duplicate_reported: bool,
}

impl Calls {
    pub(super) fn new(config: &ConnectionConfig) -> Self {
        // A client may still send an answer to the connection before this one, whose calls a server
        // has forgotten: the numbers of a server's calls begin anywhere.
        let first = if config.yields { 1 } else { (clock::chance() * 1e12) as u64 };
        Self {
            asker: Asker::starting_at(config.calls.ask_limits(config.sync), first),
            asking: None,
            outcome: None,
            items: None,
            pings: Pings::default(),
            asked: Vec::new(),
            answered_past_queue: false,
            answerer: Answerer::new(config.calls.answer_limits()),
            running: HashMap::new(),
            credits: HashMap::new(),
            dropped: Arc::default(),
            closing: false,
            shut: false,
            duplicate_reported: false,
        }
    }

    /// Handles that the connection is lost, in front of this queue: the call that it has carried fails,
    /// and those that run for the peer end.
    pub(super) fn connection_lost(&mut self, queue: &mut SendQueue) {
        let lost = self.asker.connection_lost(queue.first_unsent());
        for (number, sent) in lost.calls {
            self.end(number, Err(CallError::Disconnected { sent }));
        }
        self.pings.connection_lost();
        self.asked.clear();
        if !lost.frames.is_empty() {
            self.asker.taken_out(&queue.take_out(&lost.frames));
        }
        self.answerer.connection_lost();
        self.running.clear();
        self.credits.clear();
        (self.shut, self.duplicate_reported) = (false, false);
    }

    /// Handles that the queue dropped these frames: a call among them was not sent.
    fn evicted(&mut self, frames: Range<u64>, limit: usize) {
        for number in self.asker.evicted(frames) {
            let full = QueueLimit::Bytes { limit, actual: limit };
            self.end(number, Err(CallError::NotSent(EmitError::Full(full))));
        }
    }

    /// Ends a call that was written past the send queue, and returns what it was for, if there is one.
    fn take_asked(&mut self, number: u64) -> Option<Purpose> {
        let index = self.asked.iter().position(|(asked, _)| *asked == number)?;
        Some(self.asked.swap_remove(index).1)
    }

    /// Returns whether what was received last answers a call that was written past the send queue.
    pub(super) fn take_answered_past_queue(&mut self) -> bool {
        std::mem::take(&mut self.answered_past_queue)
    }

    fn end(&mut self, number: u64, outcome: Outcome) {
        if self.asking == Some(number) {
            self.outcome = Some(outcome);
        }
    }

    /// Returns whether the peer still wants the answer of this call, and it is one of this side's.
    pub(super) fn runs(&self, call: &IncomingCall) -> bool {
        self.running.get(&call.id()).is_some_and(|running| call.is(running))
    }

    /// Ends a call of the peer, and returns the number to answer, if it has one.
    fn done(&mut self, id: u64) -> Option<CallNumber> {
        self.forget(id);
        self.answerer.done(id)
    }

    /// Forgets a call of the peer that has ended.
    fn forget(&mut self, id: u64) {
        self.running.remove(&id);
        self.credits.remove(&id);
    }

    /// Ends the calls that the program dropped, and returns the numbers to answer.
    fn take_dropped(&mut self) -> Vec<CallNumber> {
        if !self.dropped.swap(false, Ordering::Acquire) {
            return Vec::new();
        }
        let running = self.running.iter();
        let mut ids: Vec<u64> =
            running.filter(|(_, call)| call.strong_count() == 0).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.into_iter().filter_map(|id| self.done(id)).collect()
    }

    /// Handles that this side has ended its writing direction: nothing more is answered.
    pub(super) fn shut_down(&mut self) {
        self.shut = true;
    }

    /// Returns the frame of the call that waits for a connection, if one does: none will come.
    pub(super) fn closed(&mut self, untouched: u64, error: fn(Sent) -> CallError) -> Option<u64> {
        let number = self.asking.filter(|_| self.outcome.is_none())?;
        let abandoned = self.asker.abandon(number, untouched);
        self.outcome = Some(Err(error(Sent::No)));
        match abandoned {
            Abandoned::TakeBack { frame } => Some(frame),
            _ => None,
        }
    }
}
