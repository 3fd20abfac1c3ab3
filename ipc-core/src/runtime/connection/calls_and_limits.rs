//! What a connection does with a frame that is not just an event for the handlers: calls and answers, and
//! what the rate and the rules of its peer have to do with it.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::{Connection, Flow};
use crate::access::Denial;
use crate::calls::ControlEvents;
use crate::error::Error;
use crate::hello::HelloEnd;
use crate::observe::trace::Traced;
use crate::protocol::connection::Input;
use crate::runtime::calls::builtin::{Notice, Report};
use crate::runtime::calls::{Calls, control};
use crate::runtime::gauge::Pass;
use crate::runtime::{clock, silence};
use crate::{Denied, Message, MessageFormat};

impl<F: MessageFormat, L: Clone + Traced> Connection<F, L> {
    /// Handles a frame that begins as calls and answers do: most need not be decoded to a message.
    #[inline(never)]
    pub(super) fn handle_call_frame(&mut self, mut frame: Bytes) -> Flow {
        let (peer, methods) = (&self.peer, &self.dispatcher.handlers.methods);
        let length = frame.len();
        if let Some(format) = peer.format().calls() {
            // Where it lies: moved, it would be copied.
            if let Some(control) = &mut format.take_frame(&mut frame) {
                let now = || *self.read_at.get_or_insert_with(clock::now);
                match control::perform(peer, methods, format, control, now) {
                    Ok(report) => {
                        if let Some(report) = report {
                            self.take_report(report);
                        }
                        silence::note(&mut self.machine, &self.peer, length);
                        return self.flow();
                    }
                    Err(unsound) => frame = unsound.into_frame(),
                }
            }
        }
        match self.peer.format().decode(frame) {
            Ok(message) => self.handle_control(message, length),
            Err(error) => self.flow_after(Input::Malformed(error)),
        }
    }

    /// Handles a frame that holds an event which need not be decoded before its handlers run. Otherwise nothing
    /// is done, and the frame is left.
    #[inline(never)]
    pub(super) fn handle_presumed(&mut self, frame: &mut Bytes) -> bool {
        if self.control == ControlEvents::Any {
            return false;
        }
        let Some(message) = self.peer.format().presume(frame) else { return false };
        let unsound = if self.control.may_be(&message) {
            message
        } else {
            let (peer, backlog) = (&self.peer, &mut self.backlog);
            match self.dispatcher.message(&mut self.snapshot, message, peer, backlog, true) {
                Ok(()) => return true,
                Err(message) => message,
            }
        };
        *frame = unsound.into_frame();
        false
    }

    /// Dispatches a message that was decoded.
    #[inline(always)]
    pub(super) fn dispatch(&mut self, message: Message) {
        let (peer, backlog) = (&self.peer, &mut self.backlog);
        let dispatched = self.dispatcher.message(&mut self.snapshot, message, peer, backlog, false);
        // What was decoded is sound.
        debug_assert!(dispatched.is_ok());
    }

    /// Handles a message, with a frame of this length, if it is a call or an answer, and dispatches it
    /// otherwise, if the peer may send it.
    #[cold]
    pub(super) fn handle_control(&mut self, mut message: Message, length: usize) -> Flow {
        let methods = &self.dispatcher.handlers.methods;
        let peer = &self.peer;
        let guard = self.guard.as_ref();
        let may_be =
            guard.is_none() || ControlEvents::of(peer.format(), &self.config).may_be(&message);
        let now = || *self.read_at.get_or_insert_with(clock::now);
        match may_be.then(|| control::handle(peer, methods, &mut message, now)).flatten() {
            None if guard.is_some_and(|guard| !guard.permits_event(message.event())) => {
                self.deny(Denied::Event, message.event());
            }
            None => self.dispatch(message),
            Some(None) => {}
            Some(Some(report)) => self.take_report(report),
        }
        silence::note(&mut self.machine, &self.peer, length);
        // What the peer may not do may have ended the connection.
        self.flow()
    }

    /// Does what is left to do of a call or an answer.
    #[cold]
    fn take_report(&mut self, report: Report) {
        let end = match report {
            // The peer may not do this.
            Report::Error(Error::Denied { what, name, .. }) => return self.deny(what, &name),
            Report::Error(error) => return drop(self.report(error)),
            Report::Notice(notice) => return self.notice(notice),
            Report::Hello(end) => end,
        };
        match end {
            HelloEnd::Greeted(greeting) => self.notice(Notice::Greeted(greeting)),
            HelloEnd::Refused(error) => drop(self.report(Error::HelloRefused(error))),
            HelloEnd::Plain => {}
        }
    }

    fn notice(&mut self, notice: Notice) {
        if let Notice::Dismissed(bye) = &notice {
            self.dismissed = bye.ends(self.config.when_dismissed);
        }
        self.dispatcher.notice(&self.peer, notice, &mut self.backlog);
    }

    /// Reports an error, and returns it.
    pub(crate) fn report(&mut self, error: Error) -> Arc<Error> {
        self.dispatcher.error(Some(&self.peer), error, &mut self.backlog)
    }

    /// Counts what the peer may not do, and does what follows.
    fn deny(&mut self, what: Denied, name: &str) {
        match self.guard.as_mut().and_then(|guard| guard.deny(what, name, clock::now())) {
            None => {}
            Some(Denial::Close(input)) => self.handle(input),
            Some(Denial::Report(error)) => drop(self.report(error)),
        }
    }

    /// Releases the next message, with one in flight, unless what was received answers none of them.
    #[cold]
    pub(super) fn release_next(&self) {
        if !self.peer.open_calls().is_some_and(Calls::take_answered_past_queue) {
            self.peer.outbox().on_received();
        }
    }

    /// Charges a frame to the peer's rate, and returns whether it is handled. Of a peer that has to wait
    /// then, the turn has nothing left.
    #[cold]
    pub(super) fn passes(&mut self, bytes: usize, budget: &mut usize) -> bool {
        let Some(gauge) = &mut self.gauge else { return true };
        match gauge.take(bytes) {
            Pass::Yes => return true,
            Pass::ThenPause => {
                *budget = 0;
                return true;
            }
            Pass::No(None) => {}
            Pass::No(Some(error)) => drop(self.report(error)),
            Pass::Close(rate) => {
                self.handle(Input::OverRate(rate));
                *budget = 0;
            }
        }
        false
    }

    /// Returns until when the peer is not read from, since it has used up its rate.
    #[cold]
    #[inline(never)]
    pub(super) fn throttled_until(&mut self) -> Option<Instant> {
        self.gauge.as_mut()?.throttled_until()
    }
}
