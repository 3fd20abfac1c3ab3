//! Built-in methods: those whose names begin with `$`, which the library answers itself.
//!
//! A built-in method has a file of its own and a line in [`handle`]. It is answered at once, on the
//! connection's task, so it takes no place among the calls that run.

mod ask;
pub(crate) mod bye;
pub(crate) mod hello;
pub(crate) mod info;
mod ping;
mod topics;
mod waiting;

use std::sync::Arc;

use bytes::BytesMut;

use super::methods::Methods;
use crate::error::{EmitError, Error};
use crate::hello::{Bye, Greeting, HelloEnd, Identity};
use crate::protocol::builtin::{BYE, BuiltinFormat, HELLO, INFO, PING, SUB, UNSUB, Value};
use crate::protocol::calls::{CallNumber, Failure, Signal};
use crate::{FormatError, Message, MessageFormat, Peer};

pub(crate) use ask::{Asked, about_of, format_of, outcome_of};
pub(crate) use ping::Pings;
pub(crate) use waiting::{OnAnswer, Outcome, Waiting};

/// What a built-in method answers: a result, nothing, or why it failed.
pub(crate) type Reply = Result<Option<Value>, Failure>;

/// What a call or an answer leaves to report, or to notice.
#[derive(Debug)]
pub(crate) enum Report {
    /// An error.
    Error(Error),
    /// Something to tell the program.
    Notice(Notice),
    /// This side's `$hello` is answered.
    Hello(HelloEnd),
}

/// What a built-in method has to tell the program.
#[derive(Debug)]
pub(crate) enum Notice {
    /// A peer of a server has said who it is.
    Identified(Arc<Identity>),
    /// The server has answered a client's `$hello`.
    Greeted(Greeting),
    /// The server is about to close the connection.
    Dismissed(Bye),
}

/// Answers a call of a built-in method. A notice has no number.
#[cold]
pub(super) fn handle<F: MessageFormat>(
    peer: &Peer<F>,
    methods: &Methods<F>,
    format: &dyn BuiltinFormat,
    number: Option<&CallNumber>,
    args: &Message,
) -> Option<Report> {
    let mut denied = None;
    let reply = match (args.event(), number) {
        // Its answer is all that it does.
        (INFO, None) => return None,
        (HELLO, number) => return hello::handle(peer, format, number, args),
        (INFO, Some(_)) => {
            let (config, asker) = (peer.config(), peer.info());
            let methods = Some(methods.list());
            let (asker, identities) = (asker.as_deref(), config.directory.is_some());
            info::Side { config, asker, methods, streams: true, identities }.answer()
        }
        (BYE, None) => return bye::handle(peer, format, args),
        (PING, _) => {
            peer.calls().seen.ping();
            Ok(None)
        }
        (method @ (SUB | UNSUB), _) => topics::answer(peer, format, method, args, &mut denied),
        (other, _) => Err(Failure::unknown_method(other)),
    };
    if let Some(number) = number {
        // An answer that finds no room is dropped, as a failure is.
        let _ = answer(format, number, reply, |write| peer.outbox().emit(write));
    }
    denied.map(Report::Error)
}

/// Answers a call with a reply, or with `too_large` if that is too large. `emit` puts a frame into the
/// send queue.
pub(crate) fn answer(
    format: &dyn BuiltinFormat,
    number: &CallNumber,
    reply: Reply,
    mut emit: impl FnMut(&mut Write<'_>) -> Result<(), EmitError>,
) -> Result<(), EmitError> {
    let mut send = |reply: &Reply| emit(&mut |out| write(format, number, reply, out));
    match send(&reply).map_err(|error| (error.clone(), Failure::instead_of_result(error))) {
        Ok(()) => Ok(()),
        Err((_, Some(failure))) if reply.is_ok() => send(&Err(failure)),
        Err((error, _)) => Err(error),
    }
}

/// Appends a frame.
pub(crate) type Write<'a> = dyn FnMut(&mut BytesMut) -> Result<(), FormatError> + 'a;

fn write(
    format: &dyn BuiltinFormat,
    number: &CallNumber,
    reply: &Reply,
    out: &mut BytesMut,
) -> Result<(), FormatError> {
    match reply {
        Ok(Some(result)) => format.encode_builtin_answer(number, result, out),
        Ok(None) => format.encode_signal(&Signal::End(number), out),
        Err(failure) => format.encode_signal(&Signal::Failure(number, failure), out),
    }
}
