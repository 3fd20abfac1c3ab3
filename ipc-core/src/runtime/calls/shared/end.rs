//! How calls end: by an answer, or since they are not waited for any more.

use super::primitives::now;
use super::{Calls, Outbox};
use crate::Message;
use crate::calls::CallError;
use crate::protocol::calls::{Abandoned, Answer, Answered, CallFormat, CallNumber, Failure};
use crate::runtime::calls::builtin::{self, Report};

impl Calls {
    /// Ends a call if it has not ended: its frame is taken back, or the peer told to cancel.
    pub(crate) fn abandon(&self, number: u64, outbox: &Outbox, format: &dyn CallFormat) {
        format.call_ended(number);
        let mut state = self.lock();
        state.slots.remove(number);
        match state.asker.abandon(number, outbox.first_untouched()) {
            Abandoned::Nothing => return,
            Abandoned::Cancel => {}
            Abandoned::TakeBack { frame } => {
                if !outbox.take_back(frame) {
                    state.asker.owe_cancel(number, frame);
                }
            }
        }
        state.send_cancels(outbox, format);
        drop(state);
        self.notify();
    }

    /// Handles an answer: a result, an item or a failure. Returns what a built-in method leaves to report.
    pub(crate) fn answered(
        &self,
        number: &CallNumber,
        kind: Answer,
        outcome: Result<Message, Failure>,
        outbox: &Outbox,
        format: &dyn CallFormat,
    ) -> Option<Report> {
        // This side numbers its calls with integers: another answer fits none.
        let number = match number {
            CallNumber::Integer(number) => *number,
            CallNumber::Text(_) => 0,
        };
        self.seen.answer();
        let mut state = self.lock();
        if let Some((on_answer, past_queue)) = state.waiting.answered(number) {
            state.answered_past_queue = past_queue;
            drop(state);
            return on_answer(builtin::outcome_of(kind == Answer::Item, outcome, format));
        }
        let answered = match kind {
            Answer::Last => state.asker.last_answer(number),
            Answer::Item => state.asker.answer(number, kind, now()),
        };
        let waker = match answered {
            None => return None,
            Some(Answered::Done) => state.slots.end(number, outcome.map_err(CallError::from)),
            Some(Answered::Item) => match outcome {
                Ok(item) => match state.slots.item(number, item) {
                    Ok(waker) => waker,
                    Err(overrun) => {
                        // What came before can still be read.
                        state.asker.cancel(number);
                        state.send_cancels(outbox, format);
                        state.slots.end(number, Err(overrun.into()))
                    }
                },
                Err(_) => None,
            },
            Some(Answered::Unexpected) => {
                state.send_cancels(outbox, format);
                state.slots.end(number, Err(CallError::UnexpectedStream))
            }
        };
        drop(state);
        self.notify();
        if let Some(waker) = waker {
            waker.wake();
        }
        None
    }
}
