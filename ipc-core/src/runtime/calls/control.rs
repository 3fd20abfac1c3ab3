//! What a connection does with the messages that are calls and answers.

use std::time::Duration;

use super::methods::{MAX_TASKS, Methods};
use super::{Call, answer_failure, run};
use crate::calls::ReservedEvents;
use crate::error::Error;
use crate::options::ConnectionConfig;
use crate::protocol::calls::{
    Admission, Answer, CallFormat, CallNumber, Control, Failure, InvalidControl,
};
use crate::runtime::clock;
use crate::{FormatError, HandlerError, Message, MessageFormat, Peer};

/// Which messages of a connection may be calls and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ControlEvents {
    None,
    /// Those of events that begin with `$`.
    Reserved,
    Any,
}

impl ControlEvents {
    pub(crate) fn of(format: &impl MessageFormat, config: &ConnectionConfig) -> Self {
        match format.calls() {
            Some(_) if config.calls.reserved_events == ReservedEvents::Ordinary => Self::None,
            Some(format) if format.uses_any_event() => Self::Any,
            Some(_) => Self::Reserved,
            None => Self::None,
        }
    }

    /// Returns whether the message may be a call or an answer: one comparison for most.
    #[inline]
    pub(crate) fn may_be(self, message: &Message) -> bool {
        match self {
            Self::Reserved => message.event_bytes().first() == Some(&b'$'),
            Self::None => false,
            Self::Any => true,
        }
    }
}

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
        refuse(Failure::new("unknown_method", format!("there is no method {name:?}")));
        return None;
    };
    if methods.is_busy() {
        refuse(Failure::new("busy", format!("{MAX_TASKS} calls run, which is the limit")));
        return None;
    }
    let mut state = peer.calls().lock();
    if state.closing {
        refuse(Failure::new("closing", "the connection is about to close"));
        return None;
    }
    let (id, deadline) = match state.answerer.call(clock::now(), number.clone(), left) {
        Admission::Run { id, deadline } => (id, deadline),
        Admission::Busy { limit } => {
            refuse(Failure::new("busy", format!("{limit} calls run, which is the limit")));
            return None;
        }
        Admission::Duplicate => {
            let reported = std::mem::replace(&mut state.duplicate_reported, true);
            let error =
                FormatError::new("duplicate_call", "a call has the number of one that runs");
            return (!reported).then(|| error.into());
        }
    };
    drop(state);
    let call = Call::new(peer.clone(), std::sync::Arc::clone(&method), id, deadline);
    match method.start(args, call.clone()) {
        Ok(running) => run::start(call, &method, running).map(Error::from),
        Err(error) => {
            call.done();
            refuse(Failure::new("invalid_args", error.to_string()));
            Some(HandlerError::payload(name.to_owned(), args, error).into())
        }
    }
}
