//! `Connection`: one peer of a blocking server, for the thread that serves it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ipc_transport::BlockingStream;

use super::methods::talk_methods;
use super::talk::{Outcome, Talk};
use super::{Event, RecvError};
use crate::error::DisconnectReason;
use crate::options::ConnectionConfig;
use crate::protocol::connection::Role;
use crate::runtime::clock;
use crate::{ClientEvent, CloseReport, MessageFormat};

/// One peer of a [`Server`](super::Server).
///
/// Dropping it ends the connection at once, without waiting; [`close`](Self::close) writes what
/// waits first.
#[derive(Debug)]
pub struct Connection<F> {
    talk: Talk<F>,
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
    ) -> Self {
        let mut talk = Talk::new(format, config);
        talk.attach(stream, Role::Server);
        Self { talk, ended: false, place: Some(place) }
    }

    talk_methods!();

    /// Waits for the next event and returns it: messages, errors, and at last
    /// [`ClientEvent::Disconnect`]; `None` after that. What was queued is written first.
    pub fn recv(&mut self) -> Option<Event> {
        self.next(None).ok()
    }

    /// Waits for the next event, for `timeout` at most, and returns it.
    ///
    /// # Errors
    ///
    /// [`RecvError`].
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Event, RecvError> {
        self.next(clock::now().checked_add(timeout))
    }

    fn next(&mut self, until: Option<Instant>) -> Result<Event, RecvError> {
        loop {
            if let Some(event) = self.talk.take_event() {
                return Ok(event);
            }
            if self.ended {
                return Err(RecvError::Ended);
            }
            match self.talk.turn(until) {
                Outcome::Progress => {}
                Outcome::TimedOut => return Err(RecvError::TimedOut),
                Outcome::Lost(reason) => self.end(reason),
            }
        }
    }

    /// Waits until everything that was sent is written; `false` if the connection was lost before,
    /// or if 8 MiB of events wait to be received while an answer is waited for (`sync`).
    pub fn flush(&mut self) -> bool {
        while !self.talk.queue.is_empty() {
            match self.talk.drain(None) {
                Outcome::Progress => {}
                Outcome::TimedOut => return false,
                Outcome::Lost(reason) => {
                    self.end(reason);
                    return false;
                }
            }
        }
        true
    }

    /// Writes what waits, ends the connection and waits for the peer's end, at most about the
    /// close timeout and the linger time. What the peer still sends can be received afterwards.
    pub fn close(&mut self) -> CloseReport {
        if !self.ended {
            self.talk.start_closing();
            let reason = self.talk.wait_closed();
            self.end(reason);
        }
        self.talk.close_report()
    }

    fn end(&mut self, reason: DisconnectReason) {
        self.talk.detach();
        self.talk.closed = true;
        self.ended = true;
        self.place = None;
        self.talk.push_event(ClientEvent::Disconnect(reason));
    }
}
