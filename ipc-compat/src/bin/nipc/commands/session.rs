//! What `serve` and `connect` have in common: where lines go, and how many messages are wanted.

use std::io::{self, IsTerminal, Write, stdout};
use std::time::Duration;

use ipc_compat::{Config, IpcClient, IpcError, Socket};
use ipc_core::session::State;
use ipc_core::{CloseReport, DisconnectReason, Error, Message};
use ipc_transport::TransportError;
use tokio::sync::watch;

use crate::cli::Printing;
use crate::cli::raw;
use crate::cli::udp;
use crate::exit::Exit;
use crate::io::instruction::BadCommand;
use crate::io::lines::{Line, chain};
use crate::io::pretty;
use crate::io::stderr::Log;
use crate::io::stdin::Commands;
use crate::io::stdout::{Output, Style};
use crate::io::streams::{Stdin, Stdout};

/// Returns stdout, printed to as the options say.
///
/// # Errors
///
/// If there can be no thread.
pub(crate) fn output(printing: &Printing) -> io::Result<Output> {
    let style = if printing.json || !(printing.pretty || stdout().is_terminal()) {
        Style::Json
    } else {
        Style::Pretty { coloured: pretty::may_colour() }
    };
    Output::start(Stdout, style, printing.quiet)
}

/// Returns stdin's commands, none of which is longer than what may be sent under these settings.
///
/// # Errors
///
/// If there can be no thread.
pub(crate) fn commands(config: &Config) -> io::Result<Commands> {
    let max_frame = config.limits().max_frame();
    // In raw mode a byte is two digits.
    let longest = if config.raw_buffer { max_frame.saturating_mul(2) } else { max_frame };
    // A line has a few words more than the frame, and may be spaced out.
    Commands::read(Stdin, longest.saturating_add(64 * 1024))
}

/// Prints to stdout, waiting until it is written, and returns how the command ends.
pub(crate) fn print(log: Log, bytes: &[u8]) -> Exit {
    Stdout.write_all(bytes).map_or_else(|error| unwritable(log, &error), |()| Exit::Done)
}

/// Returns how a command ends whose stdout cannot be written any more.
pub(crate) fn unwritable(log: Log, error: &io::Error) -> Exit {
    // The latter if it is a socket, as Node gives its children.
    if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) {
        // Who read it has seen enough, as `head` does.
        return Exit::Done;
    }
    log.fail(format_args!("cannot write to stdout: {error}"));
    Exit::Failed
}

/// Counts the messages that are still wanted.
#[derive(Debug)]
pub(crate) struct Wanted {
    left: watch::Sender<Option<usize>>,
}

impl Wanted {
    pub(crate) fn new(count: Option<usize>) -> Self {
        Self { left: watch::Sender::new(count) }
    }

    /// Prints a message and counts it, or does neither if it is not wanted any more.
    pub(crate) async fn print(
        &self,
        output: &Output,
        message: &Message,
        (socket, peer): (&Socket, Option<u64>),
    ) {
        if *self.left.borrow() == Some(0) {
            return;
        }
        let from = peer.and_then(|_| udp::address(socket));
        let line = match raw::bytes(message, socket.format()) {
            Some(bytes) => Line::Data { peer, from, bytes },
            None => {
                let (name, data) = (message.event(), message.payload());
                Line::Message { peer, from, name, data }
            }
        };
        output.print(&line).await;
        self.left.send_if_modified(|left| match left {
            Some(left) => {
                *left = left.saturating_sub(1);
                true
            }
            None => false,
        });
    }

    /// Waits until no more messages are wanted.
    pub(crate) async fn no_more(&self) {
        // The sender is `self`, so it cannot be gone.
        let _ = self.left.subscribe().wait_for(|left| *left == Some(0)).await;
    }
}

/// Tells why the settings cannot be used.
pub(crate) fn unusable(log: Log, error: &IpcError) -> Exit {
    log.fail(format_args!("{}", chain(error)));
    Exit::Usage
}

/// Tells why the command cannot begin.
pub(crate) fn cannot_start(log: Log, error: &io::Error) -> Exit {
    log.fail(format_args!("cannot start: {error}"));
    Exit::Failed
}

/// Returns the line of a command that cannot be done.
pub(crate) fn bad(why: &BadCommand) -> Line<'static> {
    Line::Error { code: "ERR_BAD_COMMAND".into(), message: why.to_string(), peer: None }
}

/// Closes a client that has to end soon: what waits is written only if there is a connection.
pub(crate) async fn give_up(client: &IpcClient) -> CloseReport {
    let state = *client.core().state().borrow();
    match state {
        State::Connected | State::Draining => client.close().await,
        _ => client.core().disconnect().await,
    }
}

/// Waits until everything is written; `false` if the server took nothing for `patience`, or the
/// connection ended before.
pub(crate) async fn flush(client: &IpcClient, patience: Duration) -> bool {
    let client = client.core();
    let mut state = client.state();
    let written = async {
        loop {
            let before = client.peer().queued();
            if let Ok(written) = tokio::time::timeout(patience, client.flush()).await {
                return written;
            }
            if client.peer().queued() == before {
                return false;
            }
        }
    };
    let lost = |state: &State| !matches!(state, State::Connected | State::Dialing { .. });
    tokio::select! {
        written = written => written,
        _ = state.wait_for(lost) => false,
    }
}

/// Returns whether a person who waits is told rather than kept waiting: trying again can never help,
/// or not before somebody changes an owner or a certificate.
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
        DisconnectReason::Local => "closed by this side".into(),
        DisconnectReason::PeerClosed => "closed by the other side".into(),
        DisconnectReason::Reset => "the other side closed without reading everything".into(),
        DisconnectReason::Truncated { buffered } => {
            format!("closed by the other side within a frame, {buffered} bytes of which had come")
        }
        DisconnectReason::Error(error) => chain(&**error),
        _ => "closed".into(),
    }
}
