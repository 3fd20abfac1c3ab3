//! `Connection`: one peer of a blocking server, for the thread that serves it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ipc_transport::BlockingStream;

use super::calls::call_methods;
use super::identities::Entry;
use super::link::{Drive, Link, Outcome};
use super::methods::talk_methods;
use super::{Incoming, NextError};
use crate::access::Limited;
use crate::error::DisconnectReason;
use crate::options::ConnectionConfig;
use crate::protocol::calls::CallNumber;
use crate::protocol::connection::Role;
use crate::runtime::clock;
use crate::{Allow, Bye, CallError, ClientEvent, CloseReport, Identity, MessageFormat, PeerId};

/// One peer of a [`Server`](super::Server).
///
/// Dropping it ends the connection at once, without waiting; [`close`](Self::close) writes what
/// waits first.
///
/// # Examples
///
/// ```
/// # use ipc_core::{DecodePayload, EncodePayload, FormatError};
/// # use ipc_core::blocking::{Connection, Incoming};
/// # fn serve<F: DecodePayload<u32> + EncodePayload<u32>>(mut peer: Connection<F>) -> Result<(), FormatError> {
/// while let Some(event) = peer.next() {
///     if let Incoming::Message(message) = event {
///         let number: u32 = peer.decode(&message)?;
///         // Fails only if the peer is gone.
///         let _ = peer.emit("double", &(2 * number));
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Connection<F> {
    link: Link<F>,
    ended: bool,
    /// Counts it among the server's connections.
    place: Option<Arc<()>>,
}

impl<F: MessageFormat> Connection<F> {
    pub(super) fn new(
        format: Arc<F>,
        config: ConnectionConfig,
        stream: BlockingStream,
        place: Arc<()>,
        entry: Entry,
    ) -> Self {
        let mut link = Link::new(format, config);
        link.attach(stream, Role::Server);
        link.entry = Some(Box::new(entry));
        Self { link, ended: false, place: Some(place) }
    }

    /// Lets in a peer that has waited: the number of its hello, if it wants an answer, and what was read of it.
    pub(super) fn let_in(&mut self, number: Option<&CallNumber>, first: &[u8]) {
        self.link.let_in(number, first);
    }

    talk_methods!();
    call_methods!();

    /// Waits for the next event, for `timeout` at most, and returns it. With [`Duration::ZERO`] it returns
    /// what has come already.
    ///
    /// # Errors
    ///
    /// [`NextError`].
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Incoming, NextError> {
        self.next_until(clock::now().checked_add(timeout))
    }

    fn next_until(&mut self, until: Option<Instant>) -> Result<Incoming, NextError> {
        loop {
            if let Some(event) = self.link.take_event() {
                return Ok(event);
            }
            self.step(until)?;
        }
    }

    /// Returns its number: the first connection of a server is 1.
    #[must_use]
    pub fn id(&self) -> PeerId {
        self.link.entry.as_ref().map_or(PeerId(0), |entry| entry.id())
    }

    /// Returns who the peer has said it is, with its first message; `None` if it has not. It is known
    /// before the first event of the peer is returned, and kept when the connection has ended. With a
    /// [`token`](super::ServerBuilder::token) it is who the check says, and known from the beginning.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{EncodePayload, blocking::{Connection, Incoming}};
    /// # fn serve<F: EncodePayload<str>>(mut peer: Connection<F>) {
    /// while let Some(event) = peer.next() {
    ///     if let (Incoming::Message(_), Some(identity)) = (event, peer.identity().cloned()) {
    ///         // Fails only if the peer is gone.
    ///         let _ = peer.emit("you are", &*identity.name);
    ///     }
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn identity(&self) -> Option<&Arc<Identity>> {
        self.link.entry.as_ref()?.identity()
    }

    /// Tells the peer why, with the notice `$bye` after everything that was sent, and
    /// [closes](Self::close) the connection. [`Bye::shutdown`] is for a program that ends.
    ///
    /// A client of this library ends then, unless [`Bye::reconnect`] says that it may come back. One of
    /// node-ipc ignores it and comes back: if it has said hello, [`Bye::refuse_for`] keeps it away from
    /// all connections of the server.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Bye, MessageFormat, blocking::Connection};
    /// # fn example<F: MessageFormat>(peer: &mut Connection<F>) {
    /// let minute = std::time::Duration::from_secs(60);
    /// peer.kick(&Bye::new("limit", "too loud").refuse_for(minute));
    /// # }
    /// ```
    pub fn kick(&mut self, bye: &Bye) -> CloseReport {
        if !self.ended {
            if let Some(entry) = &self.link.entry {
                entry.refuse(bye);
            }
            self.link.dismiss(bye);
        }
        self.close()
    }

    /// Sets what the peer may do from now on, in place of the
    /// [option](crate::ServerOptions::allow) for all. What was received before and is returned by
    /// `next` later was held to the lists of then: call it before the first `next` for a list for this
    /// peer.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Allow, Error, MessageFormat, blocking::Server};
    /// # fn example<F: MessageFormat>(server: &mut Server<F>) -> Result<(), Box<dyn std::error::Error>> {
    /// let guest = Allow::new().events(["app.*"])?.calls(["status"])?;
    /// let mut connection = server.accept()?;
    /// let user = connection.info().and_then(|info| info.credentials).map(|user| user.uid);
    /// if user != Some(0) {
    ///     connection.restrict(guest);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn restrict(&mut self, allow: Allow) {
        self.link.restrict(allow);
    }

    /// Returns how often what the peer sent was kept from the program, since it was over its
    /// [`Rate`](crate::Rate).
    #[must_use]
    pub fn limited(&self) -> Limited {
        self.link.limited()
    }

    /// Waits until everything that was sent is written; `false` if the connection was lost before,
    /// or if 8 MiB of events wait to be received while an answer is waited for (`sync`).
    pub fn flush(&mut self) -> bool {
        while !self.link.queue.is_empty() {
            if self.make_room(None).is_err() {
                return false;
            }
        }
        true
    }

    /// Writes what waits, ends the connection and waits for the peer's end, at most about the
    /// close timeout and the linger time. What the peer still sends can be received afterwards.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn example<F: ipc_core::MessageFormat>(mut peer: ipc_core::blocking::Connection<F>) {
    /// let report = peer.close();
    /// if !report.undelivered.is_empty() {
    ///     eprintln!("{} messages were not written", report.undelivered.len());
    /// }
    /// # }
    /// ```
    pub fn close(&mut self) -> CloseReport {
        if !self.ended {
            self.link.start_closing();
            let reason = self.link.wait_closed();
            self.end(reason);
        }
        self.link.close_report()
    }

    fn end(&mut self, reason: DisconnectReason) {
        self.link.detach();
        self.link.close(|sent| CallError::Disconnected { sent });
        if let Some(entry) = &self.link.entry {
            entry.leave();
        }
        self.ended = true;
        self.place = None;
        self.link.push_event(ClientEvent::Disconnect(reason));
    }
}

impl<F: MessageFormat> Drive<F> for Connection<F> {
    fn link(&mut self) -> &mut Link<F> {
        &mut self.link
    }

    #[inline]
    fn step(&mut self, until: Option<Instant>) -> Result<(), NextError> {
        if self.ended {
            return Err(NextError::Ended);
        }
        match self.link.turn(until) {
            Outcome::Progress => Ok(()),
            Outcome::TimedOut => Err(NextError::TimedOut),
            Outcome::Lost(reason) => {
                self.end(reason);
                Ok(())
            }
        }
    }

    fn make_room(&mut self, until: Option<Instant>) -> Result<(), NextError> {
        if self.ended {
            return Err(NextError::Ended);
        }
        match self.link.drain(until) {
            Outcome::Progress => Ok(()),
            Outcome::TimedOut => Err(NextError::TimedOut),
            Outcome::Lost(reason) => {
                self.end(reason);
                Ok(())
            }
        }
    }
}

/// The events of the peer: messages, errors, and at last [`ClientEvent::Disconnect`]; `None` after
/// that.
impl<F: MessageFormat> Iterator for Connection<F> {
    type Item = Incoming;

    /// Waits for the next event and returns it. What was queued is written first.
    fn next(&mut self) -> Option<Incoming> {
        self.next_until(None).ok()
    }
}
