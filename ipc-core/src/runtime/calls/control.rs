//! What a connection does with the messages that are calls and answers.

use std::time::Duration;

use super::methods::{MAX_TASKS, Methods};
use super::{Call, answer_failure, run};
use crate::calls::failure::duplicate;
use crate::error::Error;
use crate::protocol::calls::{
    Admission, Answer, CallFormat, CallNumber, Control, Failure, InvalidControl,
};
use crate::runtime::clock;
use crate::{HandlerError, Message, MessageFormat, Peer};

/// Handles a message that may be a call or an answer. `None` if it is neither; otherwise the error to
/// report, if there is one.
#[inline(never)]
pub(crate) fn handle<F: MessageFormat>(
    peer: &Peer<F>,
    methods: &Methods<F>,
    message: &Message,
) -> Option<Option<Error>> {
    let format = peer.format().calls()?;
    let (calls, outbox) = (peer.calls(), peer.outbox());
    let answered = |number, kind, outcome| calls.answered(&number, kind, outcome, outbox, format);
    match format.control(message)? {
        Err(InvalidControl { error, number, .. }) => {
            if let Some(number) = number {
                let failure = Failure::new("invalid_call", error.to_string());
                answer_failure(outbox, format, &number, &failure);
            }
            return Some(Some(error.into()));
        }
        Ok(Control::Answer { number, more, result }) => {
            answered(number, if more { Answer::Item } else { Answer::Last }, Ok(result));
        }
        Ok(Control::Failure { number, failure }) => answered(number, Answer::Last, Err(failure)),
        Ok(Control::Call { number, left, message, .. }) => {
            return Some(call(peer, methods, format, number, left, &message));
        }
        Ok(Control::Cancel(number)) => {
            let mut state = calls.lock();
            if let Some(id) = state.answerer.cancel(&number) {
                state.stop(id);
            }
            drop(state);
            calls.ended.notify_waiters();
        }
        Ok(Control::Credit(..)) => {}
    }
    Some(None)
}

/// Runs a method, or answers why not. Returns the error to report, if there is one.
fn call<F: MessageFormat>(
    peer: &Peer<F>,
    methods: &Methods<F>,
    format: &dyn CallFormat,
    number: Option<CallNumber>,
    left: Option<Duration>,
    args: &Message,
) -> Option<Error> {
    let refuse = |failure: Failure| {
        if let Some(number) = &number {
            answer_failure(peer.outbox(), format, number, &failure);
        }
    };
    let name = args.event();
    let Some(method) = methods.get(name) else {
        refuse(Failure::unknown_method(name));
        return None;
    };
    if methods.is_busy() {
        refuse(Failure::busy(MAX_TASKS));
        return None;
    }
    let mut state = peer.calls().lock();
    if state.closing {
        refuse(Failure::closing());
        return None;
    }
    let (id, deadline) = match state.answerer.call(clock::now(), number.clone(), left) {
        Admission::Run { id, deadline } => (id, deadline),
        Admission::Busy { limit } => {
            refuse(Failure::busy(limit));
            return None;
        }
        Admission::Duplicate => {
            let reported = std::mem::replace(&mut state.duplicate_reported, true);
            return (!reported).then(|| duplicate().into());
        }
    };
    drop(state);
    let call = Call::new(peer.clone(), std::sync::Arc::clone(&method), id, deadline);
    match method.start(args, call.clone()) {
        Ok(running) => run::start(call, &method, running).map(Error::from),
        Err(error) => {
            call.done();
            refuse(Failure::invalid_args(&error));
            Some(HandlerError::payload(name.to_owned(), args, error).into())
        }
    }
}
