//! How a thread drives a connection: it reads, writes and waits, and does what the machine says.

use std::io;
use std::time::Instant;

use bytes::Bytes;

use super::Link;
use crate::blocking::Incoming;
use crate::blocking::socket_link::Woken;
use crate::error::DisconnectReason;
use crate::protocol::connection::{Action, Ending, Fault, Input};
use crate::runtime::clock;
use crate::runtime::gauge::Pass;
use crate::{Denied, Message, MessageFormat};

/// How a turn ended.
#[derive(Debug)]
pub(in crate::blocking) enum Outcome {
    /// Something happened, or may have: look at the events.
    Progress,
    /// The time is over.
    TimedOut,
    /// The connection is gone.
    Lost(DisconnectReason),
}

impl<F: MessageFormat> Link<F> {
    /// Starts closing: what waits is written, and reading goes on whatever waits.
    pub(in crate::blocking) fn start_closing(&mut self) {
        self.close_calls();
        self.answering = false;
        self.pause.clear();
        self.handle(Input::Close { now: clock::now() });
    }

    /// Waits until closing has ended, and returns how.
    pub(in crate::blocking) fn wait_closed(&mut self) -> DisconnectReason {
        loop {
            match self.drain(None) {
                Outcome::Progress => {}
                Outcome::Lost(reason) => return reason,
                // Nothing is read, for too many events wait, and so there is nothing to wait for.
                Outcome::TimedOut => {
                    match self
                        .socket
                        .as_mut()
                        .and_then(|socket| socket.machine.deadline(clock::now))
                    {
                        Some(now) => self.handle(Input::Tick { now }),
                        None => self.handle(Input::Disconnect),
                    }
                }
            }
        }
    }

    /// Takes the next frame, or waits for one until `until`. Writes what waits meanwhile.
    pub(in crate::blocking) fn turn(&mut self, until: Option<Instant>) -> Outcome {
        if let Some(limit) = self.overflow.take() {
            self.handle(Input::Overflow(limit));
        }
        if let Some(reason) = self.act() {
            return Outcome::Lost(reason);
        }
        let Some(socket) = &mut self.socket else { return Outcome::Lost(DisconnectReason::Local) };
        if self.pause.is_paused() && socket.machine.is_receiving() {
            return self.wait_to_write(until);
        }
        if let Some(gauge) = &mut self.gauge {
            if let (Some(at), true) = (gauge.throttled_until(), socket.machine.is_receiving()) {
                return self.wait_throttled(at, until);
            }
        }
        if socket.machine.is_suspended() {
            socket.machine.handle(Input::Resume);
        }
        if socket.machine.is_receiving() {
            match socket.next_frame() {
                Ok(Some(frame)) if !self.passes(&frame) => return self.look(),
                Ok(Some(frame)) => return self.take(frame),
                Ok(None) => {}
                Err(error) => {
                    self.handle(Input::Undecodable(error));
                    return self.look();
                }
            }
        }
        let look_at = self.turn_own();
        // It may have ended the connection.
        if let Some(reason) = self.act() {
            return Outcome::Lost(reason);
        }
        let Some(socket) = &mut self.socket else { return Outcome::Lost(DisconnectReason::Local) };
        let machine_at = socket.machine.deadline(clock::now);
        let deadline = [until, machine_at, look_at].into_iter().flatten().min();
        let woken = if socket.machine.is_receiving() {
            socket.wait(&mut self.queue, deadline)
        } else {
            socket.wait_to_write(&mut self.queue, deadline)
        };
        self.after(woken, until)
    }

    /// Does before a wait what does not depend on what the peer sends, and returns until when the wait may last.
    fn turn_own(&mut self) -> Option<Instant> {
        let look_at = [self.turn_greeting(), self.turn_entry(), self.turn_calls()];
        look_at.into_iter().flatten().min()
    }

    /// Writes, waiting for the socket to take it at most until `until`. What is received meanwhile is
    /// kept, so that two sides that only send do not wait for each other for ever; up to a limit,
    /// where waiting makes sense only if there is something to write.
    ///
    /// With nothing to write it waits as [`turn`](Self::turn) does.
    pub(in crate::blocking) fn drain(&mut self, until: Option<Instant>) -> Outcome {
        if let (Some(socket), false) = (&mut self.socket, self.queue.is_empty()) {
            socket.write(&mut self.queue);
            if self.queue.is_empty() {
                return Outcome::Progress;
            }
        }
        if self.held < self.config.event_bytes {
            return self.turn(until);
        }
        if let Some(reason) = self.act() {
            return Outcome::Lost(reason);
        }
        if self.queue.is_held() {
            return Outcome::TimedOut;
        }
        self.handle(Input::Suspend);
        let Some(socket) = &mut self.socket else { return Outcome::Lost(DisconnectReason::Local) };
        let deadline = [until, socket.machine.deadline(clock::now)].into_iter().flatten().min();
        let woken = socket.wait_to_write(&mut self.queue, deadline);
        self.after(woken, until)
    }

    /// Feeds the machine with what waiting brought.
    fn after(&mut self, woken: io::Result<Woken>, until: Option<Instant>) -> Outcome {
        let now = clock::now();
        match woken.and_then(|woken| self.read_at_the_end(woken, until, now)) {
            Ok(Woken::Progress) => return Outcome::Progress,
            Ok(Woken::Ended) => self.handle(Input::PeerEnded { now }),
            Ok(Woken::Broken) => self.handle(Input::NothingToRead),
            Ok(Woken::TimedOut | Woken::Late) => {
                self.handle(Input::Tick { now });
                if let Some(fault) = self.look_after_peer(now) {
                    self.report_fault(fault);
                }
            }
            Err(error)
                if self.socket.as_ref().is_some_and(|socket| socket.machine.is_receiving()) =>
            {
                self.handle(Input::ReadFailed { error, now });
            }
            Err(error) => self.handle(Input::WriteFailed(error)),
        }
        match self.look() {
            Outcome::Progress if until.is_some_and(|at| at <= now) => {
                // A call may be over as well, however much later than asked this thread goes on.
                self.turn_calls();
                Outcome::TimedOut
            }
            outcome => outcome,
        }
    }

    /// Reads once more before the peer is held to have sent nothing, or the caller is told so: the
    /// program may have been away, or this thread. Once for each wait of the caller's, so that a peer
    /// that sends without end does not make it longer.
    fn read_at_the_end(
        &mut self,
        woken: Woken,
        until: Option<Instant>,
        now: Instant,
    ) -> io::Result<Woken> {
        let Some(socket) = &mut self.socket else { return Ok(woken) };
        if !matches!(woken, Woken::TimedOut | Woken::Late) || !socket.machine.reads() {
            return Ok(woken);
        }
        let is_over = woken == Woken::Late
            && until.is_some_and(|at| at <= now)
            && std::mem::replace(&mut self.looked_at_the_end, until) != until;
        let is_due = socket.machine.deadline(|| now).is_some_and(|at| at <= now);
        if is_over || is_due { socket.read_now() } else { Ok(woken) }
    }

    fn take(&mut self, frame: Bytes) -> Outcome {
        let outcome = self.handle_frame(frame);
        if self.config.sync {
            self.release_next();
        }
        outcome
    }

    /// Releases the next message, with one in flight, unless what was received answers none of them.
    #[cold]
    fn release_next(&mut self) {
        let past_queue = self.calls.as_mut().is_some_and(|calls| calls.take_answered_past_queue());
        if !past_queue {
            self.queue.on_received();
        }
    }

    #[inline]
    fn handle_frame(&mut self, frame: Bytes) -> Outcome {
        let length = frame.len();
        match self.format.decode(frame) {
            Ok(message)
                if self.control.may_be(&message) && self.handle_control(&message, length) =>
            {
                self.look()
            }
            Ok(message) if self.guard.is_some() && !self.permits(&message) => self.look(),
            Ok(message) => {
                self.held = self.held.saturating_add(message.held_bytes());
                self.events.push_back(Incoming::Message(message));
                Outcome::Progress
            }
            Err(error) => {
                self.handle(Input::Malformed(error));
                self.look()
            }
        }
    }

    /// Feeds the machine, and reports the fault that it returns.
    pub(in crate::blocking) fn handle(&mut self, input: Input) {
        let fault = self.socket.as_mut().and_then(|socket| socket.machine.handle(input));
        if let Some(fault) = fault {
            self.report_fault(fault);
        }
    }

    fn report_fault(&mut self, fault: Fault) {
        self.failure = Some(self.report(fault.into()));
    }

    fn look(&mut self) -> Outcome {
        self.act().map_or(Outcome::Progress, Outcome::Lost)
    }

    /// Does what the machine says, and returns the reason if the connection has ended.
    fn act(&mut self) -> Option<DisconnectReason> {
        let socket = self.socket.as_mut()?;
        if socket.machine.is_open() {
            return None;
        }
        if self.queue.is_empty() && socket.has_said_first() {
            socket.machine.handle(Input::Written);
        }
        loop {
            match socket.machine.action()? {
                Action::Shutdown => {
                    socket.shut_down();
                    if let Some(calls) = &mut self.calls {
                        calls.shut_down();
                    }
                }
                Action::End(ending) => {
                    if let Some(error) = self.greet.as_mut().and_then(|greet| greet.plain.take()) {
                        return Some(DisconnectReason::Error(error));
                    }
                    self.peer_ended = ending == Ending::Local { answered: true };
                    return Some(DisconnectReason::of(ending, self.failure.clone()));
                }
            }
        }
    }

    /// Returns whether the peer may send the message.
    fn permits(&mut self, message: &Message) -> bool {
        let event = message.event();
        let denied = self.guard.as_ref().is_some_and(|guard| !guard.permits_event(event));
        if denied {
            self.deny(Denied::Event, event);
        }
        !denied
    }

    /// Charges a frame to the peer's rate, and returns whether it is taken.
    fn passes(&mut self, frame: &Bytes) -> bool {
        let Some(gauge) = &mut self.gauge else { return true };
        match gauge.take(frame.len()) {
            Pass::Yes | Pass::ThenPause => return true,
            Pass::No(None) => {}
            Pass::No(Some(error)) => drop(self.report(error)),
            Pass::Close(rate) => self.handle(Input::OverRate(rate)),
        }
        false
    }

    /// Reads nothing until `at`, since the peer has used up its rate; writes what waits meanwhile.
    fn wait_throttled(&mut self, at: Instant, until: Option<Instant>) -> Outcome {
        self.handle(Input::Suspend);
        let look_at = self.turn_own();
        let Some(socket) = &mut self.socket else { return Outcome::Lost(DisconnectReason::Local) };
        if !socket.machine.is_receiving() {
            return self.look();
        }
        let machine_at = socket.machine.deadline(clock::now);
        let at = [until, machine_at, look_at].into_iter().flatten().fold(at, Instant::min);
        socket.write(&mut self.queue);
        let woken = if socket.is_blocked() {
            socket.wait_to_write(&mut self.queue, Some(at))
        } else {
            clock::sleep(at.saturating_duration_since(clock::now()));
            Ok(Woken::TimedOut)
        };
        self.after(woken, until)
    }

    /// Writes, and reads nothing, while too many answers wait.
    fn wait_to_write(&mut self, until: Option<Instant>) -> Outcome {
        self.handle(Input::Suspend);
        let look_at = self.turn_own();
        let Some(socket) = &mut self.socket else { return Outcome::Lost(DisconnectReason::Local) };
        // It may have begun to close the connection, or have ended it.
        if !self.pause.is_paused() || !socket.machine.is_receiving() {
            return self.look();
        }
        let patient_until = self.pause.yields_at(socket.full_since());
        let machine_at = socket.machine.deadline(clock::now);
        let deadline = [until, patient_until, machine_at, look_at].into_iter().flatten().min();
        if let Err(error) = socket.wait_to_write(&mut self.queue, deadline) {
            self.handle(Input::ReadFailed { error, now: clock::now() });
            return self.look();
        }
        let now = clock::now();
        if socket.is_blocked() && !self.queue.is_held() {
            self.pause.written(socket.written());
            self.pause.look_at_the_time(socket.full_since(), now);
        } else {
            // Nothing waits for the peer to read any more, or it has gone.
            self.pause.clear();
        }
        if until.is_some_and(|at| at <= now) { Outcome::TimedOut } else { Outcome::Progress }
    }
}
