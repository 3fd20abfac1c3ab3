//! What a connection does with the messages that are calls and answers.

use std::time::Duration;

use super::builtin::Report;
use super::methods::{Answers, MAX_TASKS, Methods};
use super::{Call, answer_failure, builtin, run};
use crate::calls::failure::duplicate;
use crate::protocol::builtin::is_builtin;
use crate::protocol::calls::{
    Admission, Answer, CallFormat, CallNumber, Control, Credit, Failure, InvalidControl,
};
use crate::runtime::clock;
use crate::{HandlerError, Message, MessageFormat, Peer};

/// Handles a message that may be a call or an answer, and then takes it. `None` if it is neither;
/// otherwise what is to be reported, if there is one.
#[inline(never)]
pub(crate) fn handle<F: MessageFormat>(
    peer: &Peer<F>,
    methods: &Methods<F>,
    message: &mut Message,
) -> Option<Option<Report>> {
    let format = peer.format().calls()?;
    let (calls, outbox) = (peer.calls(), peer.outbox());
    let answered = |number, kind, outcome| calls.answered(&number, kind, outcome, outbox, format);
    match format.take_control(message)? {
        Err(InvalidControl { error, number, .. }) => {
            if let Some(number) = number {
                let failure = Failure::new("invalid_call", error.to_string());
                answer_failure(outbox, format, &number, &failure);
            }
            return Some(Some(Report::Error(error.into())));
        }
        Ok(Control::Answer { number, more, result }) => {
            let kind = if more { Answer::Item } else { Answer::Last };
            return Some(answered(number, kind, Ok(result)));
        }
        Ok(Control::Failure { number, failure }) => {
            return Some(answered(number, Answer::Last, Err(failure)));
        }
        Ok(Control::Call { number, left, credit, message, .. }) => {
            let asked = Incoming { number, left, credit, args: &message };
            return Some(call(peer, methods, format, asked));
        }
        Ok(Control::Cancel(number)) => {
            let mut state = calls.lock();
            if let Some(id) = state.answerer.cancel(&number) {
                state.stop(id);
            }
            drop(state);
            calls.ended.notify_waiters();
        }
        Ok(Control::Credit(number, items)) => {
            let mut state = calls.lock();
            if let Some(id) = state.answerer.running(&number) {
                if let Some(credit) = state.credits.get_mut(&id) {
                    credit.add(items);
                }
            }
            drop(state);
            calls.ended.notify_waiters();
        }
    }
    Some(None)
}

/// A call of the peer.
struct Incoming<'a> {
    /// The number to answer; a notice has none.
    number: Option<CallNumber>,
    left: Option<Duration>,
    credit: Option<u32>,
    args: &'a Message,
}

/// Runs a method, or answers why not. Returns what is to be reported, if there is something.
fn call<F: MessageFormat>(
    peer: &Peer<F>,
    methods: &Methods<F>,
    format: &dyn CallFormat,
    incoming: Incoming<'_>,
) -> Option<Report> {
    let Incoming { number, left, credit, args } = incoming;
    let refuse = |failure: Failure| {
        if let Some(number) = &number {
            answer_failure(peer.outbox(), format, number, &failure);
        }
    };
    let name = args.event();
    if let Some(format) = is_builtin(name).then(|| format.builtins()).flatten() {
        return builtin::handle(peer, methods, format, number.as_ref(), args);
    }
    let Some(method) = methods.get(name) else {
        refuse(Failure::unknown_method(name));
        return None;
    };
    if methods.is_busy() {
        refuse(Failure::busy(MAX_TASKS));
        return None;
    }
    let streams = method.answers == Answers::Items;
    if streams && (credit.is_none() || number.is_none()) {
        refuse(Failure::new("needs_stream", format!("{name:?} answers with a stream")));
        return None;
    }
    let mut state = peer.calls().lock();
    if streams && state.credits.len() >= MAX_STREAMS {
        refuse(Failure::new("busy", format!("{MAX_STREAMS} streams run, which is the limit")));
        return None;
    }
    if state.closing {
        refuse(Failure::closing());
        return None;
    }
    let now = clock::now();
    let admission = match &number {
        Some(number) if streams => state.answerer.call_stream(now, number.clone(), left),
        number => state.answerer.call(now, number.clone(), left),
    };
    let (id, deadline) = match admission {
        Admission::Run { id, deadline } => (id, deadline),
        Admission::Busy { limit } => {
            refuse(Failure::busy(limit));
            return None;
        }
        Admission::Duplicate => {
            let reported = std::mem::replace(&mut state.duplicate_reported, true);
            return (!reported).then(|| Report::Error(duplicate().into()));
        }
    };
    if let Some(credit) = credit.filter(|_| streams) {
        state.credits.insert(id, Credit::new(credit));
    }
    drop(state);
    let call = Call::new(peer.clone(), std::sync::Arc::clone(&method), id, deadline);
    match method.start(args, call.clone()) {
        Ok(running) => run::start(call, &method, running).map(|error| Report::Error(error.into())),
        Err(error) => {
            call.done();
            refuse(Failure::invalid_args(&error));
            Some(Report::Error(HandlerError::payload(name.to_owned(), args, error).into()))
        }
    }
}

/// How many streams run at a time for one peer; beyond it calls are answered `busy`.
const MAX_STREAMS: usize = 128;
