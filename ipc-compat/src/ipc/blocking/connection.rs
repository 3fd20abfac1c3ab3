//! `blocking::IpcConnection`: one client of a blocking server, for the thread that serves it.

use std::sync::Arc;
use std::time::Duration;

use ipc_core::blocking::{Connection, Incoming, NextError};
use ipc_core::{Allow, Bye, ClientEvent, CloseReport, Identity};

use super::talking;
use super::typed::talking_typed;
use crate::ipc::identity::Claims;
use crate::ipc::log::Logged;
use crate::{NodeFormat, RawJson};

/// One client of an [`IpcServer`](super::IpcServer).
///
/// Dropping it ends the connection at once; [`close`](Self::close) writes what waits first.
#[derive(Debug)]
pub struct IpcConnection {
    number: u64,
    connection: Connection<NodeFormat>,
    /// What the client says it is called, if clients name themselves.
    claims: Option<Claims>,
    /// Whether the log has its identity.
    named: bool,
    log: Logged,
}

impl IpcConnection {
    pub(super) fn new(
        number: u64,
        connection: Connection<NodeFormat>,
        identify: bool,
        log: Logged,
    ) -> Self {
        log.line(format_args!("client {number} connected"));
        let claims = identify.then(Claims::default);
        Self { number, connection, claims, named: false, log }
    }

    /// Returns its number: the first client of a server is 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns the id that the client gave itself with `data.id`, if it did, in what was received so
    /// far. It proves nothing.
    #[must_use]
    pub fn claimed_id(&self) -> Option<RawJson> {
        self.claims.as_ref().and_then(Claims::get)
    }

    /// Returns who the client has said it is, with its first message; `None` if it has not. See
    /// [`Connection::identity`].
    #[must_use]
    pub fn identity(&self) -> Option<&Arc<Identity>> {
        self.connection.identity()
    }

    /// Tells the client why, after everything that was sent, and closes the connection; see
    /// [`Connection::kick`].
    pub fn kick(&mut self, bye: &Bye) -> CloseReport {
        self.connection.kick(bye)
    }

    /// Sets what the client may do from now on, in place of [`Config::allow`](crate::Config::allow); see
    /// [`Connection::restrict`].
    pub fn restrict(&mut self, allow: Allow) {
        self.connection.restrict(allow);
    }

    talking!(connection);
    talking_typed!(connection);

    /// Waits for the next event, for `timeout` at most, and returns it. With [`Duration::ZERO`] it returns
    /// what has come already.
    ///
    /// # Errors
    ///
    /// [`NextError`].
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Incoming, NextError> {
        let event = self.connection.next_timeout(timeout)?;
        self.seen(&event);
        Ok(event)
    }

    fn seen(&mut self, event: &Incoming) {
        let (log, number) = (&self.log, self.number);
        if let Some(identity) = self.connection.identity().filter(|_| !self.named) {
            log.line(format_args!("client {number} says it is {:?}", identity.name));
            self.named = true;
        }
        match event {
            Incoming::Message(message) => {
                if let Some(claims) = &self.claims {
                    claims.note(message);
                }
                self.log.received(message);
            }
            Incoming::Lifecycle(ClientEvent::Disconnect(reason)) => {
                log.line(format_args!("client {number} disconnected: {reason}"));
            }
            Incoming::Lifecycle(ClientEvent::Error(error)) => {
                log.line(format_args!("client {number}: {error}"));
            }
            _ => {}
        }
    }

    /// Returns the connection of the core, which can do more. What it receives is not logged.
    pub fn core(&mut self) -> &mut Connection<NodeFormat> {
        &mut self.connection
    }
}

/// The events of the client: messages, errors, and at last [`ClientEvent::Disconnect`]; `None` after
/// that.
impl Iterator for IpcConnection {
    type Item = Incoming;

    /// Waits for the next event and returns it. What was queued is written first.
    fn next(&mut self) -> Option<Incoming> {
        let event = self.connection.next()?;
        self.seen(&event);
        Some(event)
    }
}
