//! Why a command cannot go on: what it says, and its exit.

use std::io::{self, Write};

use ipc_codec::DecodeError;
use ipc_compat::{IpcError, codes};
use ipc_core::{DisconnectReason, Error, SubscribeError};
use ipc_transport::TransportError;

use crate::exit::Exit;
use crate::io::instruction::BadInstruction;
use crate::io::lines::{Line, chain};
use crate::io::stderr::Diagnostics;
use crate::io::streams::Stdout;

/// Reports settings that cannot be used.
pub(crate) fn unusable(log: Diagnostics, error: &IpcError) -> Exit {
    log.fail(format_args!("{}", chain(error)));
    Exit::Usage
}

/// Reports a token that cannot be shown.
pub(crate) fn wrong_hello(log: Diagnostics, error: &(dyn std::error::Error + 'static)) -> Exit {
    log.fail(format_args!("{}", chain(error)));
    Exit::Usage
}

/// Reports why the command cannot start.
pub(crate) fn cannot_start(log: Diagnostics, error: &io::Error) -> Exit {
    log.fail(format_args!("cannot start: {error}"));
    Exit::Failed
}

/// Prints to stdout, waiting until it is written, and returns how the command ends.
pub(crate) fn print(log: Diagnostics, bytes: &[u8]) -> Exit {
    Stdout.write_all(bytes).map_or_else(|error| unwritable(log, &error), |()| Exit::Done)
}

/// Returns how a command ends whose stdout cannot be written any more.
pub(crate) fn unwritable(log: Diagnostics, error: &io::Error) -> Exit {
    // The latter if it is a socket, as Node gives its children.
    if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) {
        // Its reader has seen enough, as `head` does.
        return Exit::Done;
    }
    log.fail(format_args!("cannot write to stdout: {error}"));
    Exit::Failed
}

/// Returns whether the error is the peer's breach of the protocol. Whether the connection ended
/// with it depends on the dialect.
pub(crate) fn is_breach(error: &Error) -> bool {
    match error {
        Error::Frame(DecodeError::Truncated { .. }) => false,
        Error::Frame(_) | Error::Foreign { .. } | Error::Format(_) | Error::FrameTimeout { .. } => {
            true
        }
        _ => false,
    }
}

/// Returns whether to stop retrying: another attempt cannot succeed, or not before an owner or a
/// certificate is changed.
pub(crate) fn gives_up_on(error: &Error) -> bool {
    let Error::Transport(error) = error else { return false };
    match error {
        TransportError::ForeignOwner { .. } | TransportError::UnknownOwner { .. } => true,
        TransportError::WrongFamily { .. } => true,
        TransportError::Handshake { failure, .. } => failure.is_rejection(),
        error => error.is_permanent(),
    }
}

/// Returns why a connection ended, for people.
pub(crate) fn reason(reason: &DisconnectReason) -> String {
    match reason {
        DisconnectReason::Error(error) => chain(&**error),
        by => format!("closed {by}"),
    }
}

/// Returns why a client has no connection, and the option that believes a server of another user.
pub(crate) fn why(error: &Error) -> String {
    match error {
        Error::Transport(TransportError::ForeignOwner { actual, .. }) => {
            format!("{}; --peer-user {actual} believes it", chain(error))
        }
        error => chain(error),
    }
}

/// Returns the line of an error of a client.
pub(crate) fn line(error: &Error) -> Line<'static> {
    match Line::error(error, None) {
        Line::Error { code, peer, .. } => Line::Error { code, message: why(error), peer },
        line => line,
    }
}

/// Returns the line of topics that the client has not subscribed to.
pub(crate) fn not_subscribed(error: &SubscribeError) -> Line<'static> {
    let code = codes::of_subscribe(error).to_owned();
    Line::Error {
        code: code.into(),
        message: format!("not subscribed: {}", chain(error)),
        peer: None,
    }
}

/// Returns the line of a command that cannot be done.
pub(crate) fn bad(why: &BadInstruction) -> Line<'static> {
    Line::Error { code: "ERR_BAD_COMMAND".into(), message: why.to_string(), peer: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_is_named_with_the_option_that_believes_it() {
        let path = "/tmp/app.world".into();
        let error = TransportError::ForeignOwner { path, expected: 1000, actual: 1001 };
        let error = Error::from(error);
        assert!(why(&error).ends_with("; --peer-user 1001 believes it"), "{}", why(&error));
    }
}
