//! What a connection does with the messages that are calls and answers.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
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
        // What was decoded is sound.
        Ok(mut control) => perform(peer, methods, format, &mut control, now).unwrap_or_default(),
        Err(InvalidControl { error, number, .. }) => {
            if let Some(number) = number {
                let failure = Failure::new("invalid_call", error.to_string());
                answer_failure(peer.outbox(), format, &number, &failure);
            }
            Some(Report::Error(error.into()))
        }
    })
}

/// Does what a control says, which came at `now`, and takes what it needs of it. Returns what there is to
/// report, if anything.
///
/// # Errors
///
/// The message of a call that was presumed and whose arguments are not sound; then nothing was done.
pub(crate) fn perform<F: MessageFormat>(
    peer: &Peer<F>,
    methods: &Methods<F>,
    format: &dyn CallFormat,
    control: &mut Control,
    now: impl FnOnce() -> Instant,
) -> Result<Option<Report>, Message> {
    let calls = peer.calls();
    match control {
        Control::Answer { number, more, result } => {
            let kind = if *more { Answer::Item } else { Answer::Last };
            return Ok(calls.answered(number, kind, Ok(result.take()), peer.outbox(), format));
        }
        Control::Failure { number, failure } => {
            return Ok(failed(peer, format, number, failure));
        }
        Control::Call { number, left, credit, message, .. } => {
            let (number, left, credit) = (number.take(), *left, *credit);
            let asked = Incoming { number, left, credit, args: message };
            return call(peer, methods, format, asked, now).map_err(|Unsound| message.take());
        }
        Control::Cancel(number) => {
            let mut state = calls.lock();
            if let Some(id) = state.answerer.cancel(number) {
                state.stop(id);
            }
            drop(state);
            calls.notify();
        }
        Control::Credit(number, items) => {
            let mut state = calls.lock();
            if let Some(id) = state.answerer.running(number) {
                if let Some(credit) = state.credits.get_mut(id) {
                    credit.add(*items);
                }
            }
            drop(state);
            calls.notify();
        }
    }
    Ok(None)
}

/// Does what a failure says, and takes it.
#[cold]
fn failed<F: MessageFormat>(
    peer: &Peer<F>,
    format: &dyn CallFormat,
    number: &CallNumber,
    failure: &mut Failure,
) -> Option<Report> {
    let empty = Failure { code: Box::default(), message: Box::default(), data: None };
    let outcome = Err(mem::replace(failure, empty));
    peer.calls().answered(number, Answer::Last, outcome, peer.outbox(), format)
}

/// The arguments of a call that was presumed are not sound.
struct Unsound;

/// A call of the peer.
struct Incoming<'a> {
    /// The number to answer; a notice has none.
    number: Option<CallNumber>,
    left: Option<Duration>,
    credit: Option<u32>,
    args: &'a Message,
}

/// Runs a method, or answers why not. Returns what there is to report, if anything.
///
/// Reading the arguments can be what finds out whether they are sound; else they are checked before
/// anything is done.
fn call<F: MessageFormat>(
    peer: &Peer<F>,
    methods: &Methods<F>,
    format: &dyn CallFormat,
    incoming: Incoming<'_>,
    now: impl FnOnce() -> Instant,
) -> Result<Option<Report>, Unsound> {
    let Incoming { number, left, credit, args } = incoming;
    let check = || match args.is_presumed() && !peer.format().is_sound(args) {
        true => Err(Unsound),
        false => Ok(()),
    };
    let refuse = |failure: Failure| {
        check()?;
        let Some(number) = &number else {
            return Ok(Some(Report::Error(Error::NoticeRefused(failure.into()))));
        };
        answer_failure(peer.outbox(), format, number, &failure);
        Ok(None)
    };
    let name = || args.event();
    if let Some(format) = is_builtin(args.event_bytes()).then(|| format.builtins()).flatten() {
        check()?;
        return Ok(builtin::handle(peer, methods, format, number.as_ref(), args));
    }
    // Before anything else, so that it does not show whether there is such a method.
    if peer.restrictions().is_some_and(|restrictions| !restrictions.allow.permits_call(name())) {
        refuse(Failure::call_denied(name()))?;
        // The connection shortens the name and says what follows.
        let (what, name) = (Denied::Call, name().to_owned());
        return Ok(Some(Report::Error(Error::Denied { what, name, then: OnDenied::Report })));
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
    if !method.reads_all() {
        check()?;
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
            check()?;
            let reported = mem::replace(&mut state.duplicate_reported, true);
            return Ok((!reported).then(|| Report::Error(duplicate().into())));
        }
    };
    if let Some(credit) = credit.filter(|_| streams) {
        state.credits.insert(id, Credit::new(credit));
    }
    drop(state);
    let call = Call::new(peer.clone(), method, id, deadline);
    // A type may panic at what is malformed.
    let error = match catch_unwind(AssertUnwindSafe(|| call.begin(args))) {
        Ok(Ok(running)) => {
            return Ok(run::start(call, running).map(|error| Report::Error(error.into())));
        }
        Ok(Err(error)) => error,
        Err(panic) if check().is_ok() => resume_unwind(panic),
        Err(_) => {
            call.done();
            return Err(Unsound);
        }
    };
    call.done();
    refuse(Failure::invalid_args(&error))?;
    Ok(Some(Report::Error(HandlerError::payload(name().to_owned(), args, error).into())))
}
