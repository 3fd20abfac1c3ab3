//! What a connection does with the messages that are calls and answers.

use std::time::{Duration, Instant};

use super::builtin::Report;
use super::methods::{Answers, MAX_TASKS, Methods};
use super::shared::answer_failure;
use super::{Call, builtin, run};
use crate::calls::failure::duplicate;
use crate::error::Error;
use crate::protocol::builtin::is_builtin;
use crate::protocol::calls::{
    Admission, Answer, CallFormat, CallNumber, Control, Credit, Failure, InvalidControl,
    MAX_STREAMS,
};
use crate::{Denied, HandlerError, Message, MessageFormat, OnDenied, Peer};

/// Handles a message that may be a call or an answer, and then takes it. `None` if it is neither;
/// otherwise what there is to report, if anything.
#[inline(never)]
pub(crate) fn handle<F: MessageFormat>(
    peer: &Peer<F>,
    methods: &Methods<F>,
    message: &mut Message,
    now: impl FnOnce() -> Instant,
) -> Option<Option<Report>> {
    let format = peer.format().calls()?;
    Some(match format.take_control(message)? {
        Ok(control) => perform(peer, methods, format, control, now),
        Err(InvalidControl { error, number, .. }) => {
            if let Some(number) = number {
                let failure = Failure::new("invalid_call", error.to_string());
                answer_failure(peer.outbox(), format, &number, &failure);
            }
            Some(Report::Error(error.into()))
        }
    })
}

/// Does what a control says, which came at `now`. Returns what there is to report, if anything.
pub(crate) fn perform<F: MessageFormat>(
    peer: &Peer<F>,
    methods: &Methods<F>,
    format: &dyn CallFormat,
    control: Control,
    now: impl FnOnce() -> Instant,
) -> Option<Report> {
    let (calls, outbox) = (peer.calls(), peer.outbox());
    let answered = |number, kind, outcome| calls.answered(&number, kind, outcome, outbox, format);
    match control {
        Control::Answer { number, more, result } => {
            let kind = if more { Answer::Item } else { Answer::Last };
            return answered(number, kind, Ok(result));
        }
        Control::Failure { number, failure } => {
            return answered(number, Answer::Last, Err(failure));
        }
        Control::Call { number, left, credit, message, .. } => {
            let asked = Incoming { number, left, credit, args: &message };
            return call(peer, methods, format, asked, now);
        }
        Control::Cancel(number) => {
            let mut state = calls.lock();
            if let Some(id) = state.answerer.cancel(&number) {
                state.stop(id);
            }
            drop(state);
            calls.notify();
        }
        Control::Credit(number, items) => {
            let mut state = calls.lock();
            if let Some(id) = state.answerer.running(&number) {
                if let Some(credit) = state.credits.get_mut(id) {
                    credit.add(items);
                }
            }
            drop(state);
            calls.notify();
        }
    }
    None
}

/// A call of the peer.
struct Incoming<'a> {
    /// The number to answer; a notice has none.
    number: Option<CallNumber>,
    left: Option<Duration>,
    credit: Option<u32>,
    args: &'a Message,
}

/// Runs a method, or answers why not. Returns what there is to report, if anything.
fn call<F: MessageFormat>(
    peer: &Peer<F>,
    methods: &Methods<F>,
    format: &dyn CallFormat,
    incoming: Incoming<'_>,
    now: impl FnOnce() -> Instant,
) -> Option<Report> {
    let Incoming { number, left, credit, args } = incoming;
    let refuse = |failure: Failure| {
        let Some(number) = &number else {
            return Some(Report::Error(Error::NoticeRefused(failure.into())));
        };
        answer_failure(peer.outbox(), format, number, &failure);
        None
    };
    let name = || args.event();
    if let Some(format) = is_builtin(args.event_bytes()).then(|| format.builtins()).flatten() {
        return builtin::handle(peer, methods, format, number.as_ref(), args);
    }
    // Before anything else, so that it does not show whether there is such a method.
    if peer.restrictions().is_some_and(|restrictions| !restrictions.allow.permits_call(name())) {
        refuse(Failure::call_denied(name()));
        // The connection shortens the name and says what follows.
        let (what, name) = (Denied::Call, name().to_owned());
        return Some(Report::Error(Error::Denied { what, name, then: OnDenied::Report }));
    }
    let Some(method) = methods.get(args) else {
        return refuse(Failure::unknown_method(name()));
    };
    if methods.is_busy() {
        return refuse(Failure::busy(MAX_TASKS));
    }
    let streams = method.answers == Answers::Items;
    if streams && (credit.is_none() || number.is_none()) {
        return refuse(Failure::needs_stream(name()));
    }
    let mut state = peer.calls().lock();
    if streams && state.credits.len() >= MAX_STREAMS {
        return refuse(Failure::busy_with_streams());
    }
    if state.closing {
        return refuse(Failure::closing());
    }
    let now = now();
    let admission = match &number {
        Some(number) if streams => state.answerer.call_stream(now, number.clone(), left),
        number => state.answerer.call(now, number.clone(), left),
    };
    let (id, deadline) = match admission {
        Admission::Run { id, deadline } => (id, deadline),
        Admission::Busy { limit } => {
            return refuse(Failure::busy(limit));
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
    let call = Call::new(peer.clone(), method, id, deadline);
    match call.begin(args) {
        Ok(running) => run::start(call, running).map(|error| Report::Error(error.into())),
        Err(error) => {
            call.done();
            refuse(Failure::invalid_args(&error));
            Some(Report::Error(HandlerError::payload(name().to_owned(), args, error).into()))
        }
    }
}
