//! `Machine`: how a connection goes on and ends. Inputs in, actions out, time as an argument.

use std::io;
use std::time::Instant;

use ipc_codec::{DecodeError, Framing, Limits};

use super::idle::Idle;
use super::liveness::Unsent;
use super::silence::Silence;
use super::{Action, Ending, Fault, Inbound, Input, Role, Rules};

/// The rules of one connection: its deadlines, what a fault does, when it shuts down, how it ends.
///
/// It is fed whole happenings, never each frame:
///
/// - **Read into [`inbound`](Self::inbound)** while [`reads`](Self::reads) says so, and take the
///   frames out of it.
/// - **Feed what happens with [`handle`](Self::handle)**, and report the fault that it returns.
/// - **Do what [`action`](Self::action) says**, after what waits was written as far as possible.
/// - **Sleep until [`deadline`](Self::deadline)** at the latest, and then feed [`Input::Tick`].
/// - **With a heartbeat, [`look_after`](Self::look_after) the peer** when it [`is_silent`](Self::is_silent).
///
/// The machine itself does nothing: it opens no socket, reads no clock and starts no timer.
#[derive(Debug)]
pub struct Machine {
    inbound: Inbound,
    rules: Rules,
    phase: Phase,
    /// How the peer ended its side, while this one still writes.
    peer_end: Option<Ending>,
    /// Whether the program asked for the end.
    asked: bool,
    /// Why nothing can be written any more, while there may be something to read.
    write_error: Option<io::Error>,
    idle: Idle,
    silence: Silence,
    /// When closing, or waiting for the peer's end, has taken too long.
    close_at: Option<Instant>,
    suspended: bool,
    /// Whether this is the last connection of a client.
    last: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// What waits is written, and then the writing direction is shut down.
    Closing,
    /// Everything is written; the writing direction is being shut down.
    Shutting,
    /// The peer's end is awaited, which proves that it has read everything.
    Lingering,
    Ended(Ending),
}

impl Machine {
    /// Returns the machine of a new connection.
    #[must_use]
    pub fn new(framing: Framing, limits: Limits, rules: Rules) -> Self {
        Self {
            idle: Idle::new(rules.idle_timeout, &framing),
            inbound: Inbound::new(framing, limits, rules.frame_timeout),
            rules,
            phase: Phase::Open,
            peer_end: None,
            asked: false,
            write_error: None,
            silence: Silence::new(rules.heartbeat),
            close_at: None,
            suspended: false,
            last: false,
        }
    }

    /// Returns the receiving side, to read into and to take frames out of.
    #[inline]
    pub fn inbound(&mut self) -> &mut Inbound {
        &mut self.inbound
    }

    /// Handles an input and returns the fault to report, if there is one.
    ///
    /// An input that means nothing in the present state changes nothing, and none does once the
    /// connection has ended, except that [`Input::Disconnect`] and [`Input::Overflow`] replace the
    /// reason of an end that is still to be acted on.
    pub fn handle(&mut self, input: Input) -> Option<Fault> {
        match (self.phase, input) {
            (_, Input::Overflow(limit)) => {
                self.last = true;
                return self.fail(Fault::Overflow(limit));
            }
            (_, Input::Disconnect) => self.end(Ending::LOCAL),
            (Phase::Ended(_), _) => {}

            (
                _,
                Input::Malformed(_)
                | Input::Undecodable(_)
                | Input::OverBudget { .. }
                | Input::OverRate(_)
                | Input::Denied { .. }
                | Input::PeerEnded { .. }
                | Input::ReadFailed { .. },
            ) if self.peer_end.is_some() => {}
            (_, Input::Malformed(error)) => {
                let fault = Fault::Malformed(error);
                return if self.rules.close_on_malformed { self.fail(fault) } else { Some(fault) };
            }
            (_, Input::Undecodable(error)) => {
                let ends_stream = error.ends_stream();
                let fault = Fault::Frame { error, looks_like: self.inbound.looks_like() };
                return if ends_stream { self.fail(fault) } else { Some(fault) };
            }
            (_, Input::OverBudget { limit, actual }) => {
                return self.fail(Fault::OverBudget { limit, actual });
            }
            (_, Input::OverRate(rate)) => return self.fail(Fault::OverRate(rate)),
            (_, Input::Denied { what, name }) => return self.fail(Fault::Denied { what, name }),

            (_, Input::PeerEnded { now }) => {
                // The system says once why a connection is lost; afterwards it shows as an end.
                let lost = |error: &mut io::Error| Ending::of_hangup(error).is_none();
                return match self.write_error.take_if(lost) {
                    Some(error) => self.fail(Fault::Write(error)),
                    None => self.peer_ended(Ending::PeerClosed, now),
                };
            }
            (phase, Input::ReadFailed { error, now }) => {
                return match Ending::of_hangup(&error) {
                    Some(ending) => self.peer_ended(ending, now),
                    // Once this side has ended its own, any error is how the peer's end shows.
                    None if phase == Phase::Lingering => self.peer_ended(Ending::PeerClosed, now),
                    None => self.fail(Fault::Read(error)),
                };
            }
            (_, Input::WriteFailed(error)) => match self.peer_end {
                Some(ending) => self.end(ending),
                None => self.write_error = Some(error),
            },
            (_, Input::NothingToRead) => {
                let error = self.write_error.take()?;
                let Some(ending) = Ending::of_hangup(&error) else {
                    return self.fail(Fault::Write(error));
                };
                let (ending, fault) = self.cut_off(ending);
                self.end(ending);
                return fault;
            }

            (phase, Input::Close { now }) => {
                self.asked = true;
                if phase == Phase::Open {
                    self.start_closing(now);
                }
            }
            (Phase::Closing, Input::Written) => self.phase = Phase::Shutting,
            (Phase::Shutting, Input::ShutDown { now }) => match self.peer_end {
                Some(ending) => self.end(self.answered(ending)),
                None => {
                    self.phase = Phase::Lingering;
                    self.close_at = now.checked_add(self.rules.linger);
                }
            },
            (_, Input::Written | Input::ShutDown { .. }) => {}

            (_, Input::Suspend) => {
                self.suspended = true;
                self.inbound.pause();
                self.idle.pause();
                self.silence.pause();
            }
            (_, Input::Resume) => self.suspended = false,
            (_, Input::Tick { now }) => return self.tick(now),
        }
        None
    }

    /// Returns what to do now, if there is something. It stays the same until it is answered.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        match self.phase {
            Phase::Shutting => Some(Action::Shutdown),
            Phase::Ended(ending) => Some(Action::End(ending)),
            _ => None,
        }
    }

    /// Returns when [`Input::Tick`] is due, if it is. To be called after every whole frame was taken
    /// out: it is what starts the time of an unfinished frame and of a silent peer. The time is
    /// asked for only where one of them starts.
    #[inline]
    pub fn deadline(&mut self, now: impl Fn() -> Instant) -> Option<Instant> {
        if !self.reads() {
            return self.close_at;
        }
        let frame_at = self.inbound.deadline(&now);
        let idle_at = self.idle.deadline(self.inbound.received(), &now);
        let look_at = match self.silence.can_ask() && self.is_open() {
            true => self.silence.deadline(self.inbound.received(), now),
            false => None,
        };
        [frame_at, idle_at, look_at, self.close_at].into_iter().flatten().min()
    }

    /// Handles that the peer answers calls, so that it can be asked for a sign of life.
    pub fn answers_calls(&mut self) {
        self.silence.answers_calls();
    }

    /// Handles that the last frame was a sign of life and nothing else, which the idle timeout does not
    /// count: one of `length` bytes, without delimiter or length.
    pub fn received_ping(&mut self, length: usize) {
        self.idle.discount(length);
    }

    /// Returns whether the peer was silent for so long that [`look_after`](Self::look_after) is due.
    #[must_use]
    pub fn is_silent(&self, now: Instant) -> bool {
        let is_due = self.silence.is_due(self.inbound.received(), now);
        is_due && self.is_open() && self.reads()
    }

    /// Returns whether to ask a silent peer for a sign of life now. To be called after everything was
    /// read that there is.
    ///
    /// # Errors
    ///
    /// [`Fault::Silent`], with which the connection has ended, if it gave none for too long.
    pub fn look_after(&mut self, now: Instant, unsent: Unsent) -> Result<bool, Fault> {
        if !self.is_silent(now) {
            return Ok(false);
        }
        self.silence.look_after(now, unsent).map_err(|(limit, actual)| {
            self.end(Ending::Failed);
            Fault::Silent { limit, actual }
        })
    }

    /// Returns whether nothing has ended, failed or asked for the end: there is no action then, and
    /// neither [`Input::NothingToRead`] nor [`Input::Written`] has an effect.
    #[inline]
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.phase == Phase::Open && self.write_error.is_none()
    }

    /// Returns whether the peer may send more.
    #[inline]
    #[must_use]
    pub fn is_receiving(&self) -> bool {
        !matches!(self.phase, Phase::Ended(_)) && self.peer_end.is_none()
    }

    /// Returns whether to read from the socket.
    #[inline]
    #[must_use]
    pub fn reads(&self) -> bool {
        self.is_receiving() && !self.suspended
    }

    /// Returns whether reading is suspended.
    #[inline]
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.suspended
    }

    /// Returns whether writing is possible, as far as is known.
    #[inline]
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.write_error.is_none() && !matches!(self.phase, Phase::Ended(_))
    }

    /// Returns whether a client may connect again after this connection: not to a server that sent
    /// what it cannot understand, if its rules are to close then, and not with a queue that was
    /// full.
    #[must_use]
    pub fn may_reconnect(&self) -> bool {
        !self.last
    }

    fn end(&mut self, ending: Ending) {
        self.phase = Phase::Ended(ending);
        self.close_at = None;
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is what `handle` returns")]
    fn fail(&mut self, fault: Fault) -> Option<Fault> {
        // Wire rule W14
        self.last |= self.rules.close_on_malformed && fault.is_misunderstanding();
        self.end(Ending::Failed);
        Some(fault)
    }

    fn start_closing(&mut self, now: Instant) {
        self.phase = Phase::Closing;
        self.close_at = now.checked_add(self.rules.close_timeout);
    }

    fn peer_ended(&mut self, ending: Ending, now: Instant) -> Option<Fault> {
        let (ending, fault) = self.cut_off(ending);
        match self.phase {
            Phase::Lingering => self.end(self.answered(ending)),
            // Wire rule W19
            _ if self.rules.role == Role::Client => self.end(ending),
            phase => {
                self.peer_end = Some(ending);
                if phase == Phase::Open {
                    self.start_closing(now);
                }
                // There is nothing to wait for: it cannot be written to.
                if self.write_error.take().is_some() {
                    self.end(ending);
                }
            }
        }
        fault
    }

    /// Returns how the peer ended, and the fault if that cut a frame off.
    // Wire rule W18
    fn cut_off(&mut self, ending: Ending) -> (Ending, Option<Fault>) {
        let looks_like = self.inbound.looks_like();
        let Err(DecodeError::Truncated { buffered, .. }) = self.inbound.finish() else {
            return (ending, None);
        };
        // Once this side has ended its own, the program does not wait for more.
        let fault =
            (self.phase != Phase::Lingering).then_some(Fault::Truncated { buffered, looks_like });
        (ending.within_a_frame(buffered), fault)
    }

    /// Returns how a connection ended whose peer ended like this and on which everything is written.
    fn answered(&self, ending: Ending) -> Ending {
        match ending {
            Ending::Reset => Ending::Reset,
            _ if self.asked => Ending::Local { answered: true },
            other => other,
        }
    }

    /// Acts on a deadline that has passed.
    fn tick(&mut self, now: Instant) -> Option<Fault> {
        let passed = |at: Instant| at <= now;
        if self.close_at.is_some_and(passed) {
            if self.phase == Phase::Lingering {
                // Everything is written, and the peer has had its time.
                self.end(Ending::LOCAL);
                return None;
            }
            return self.fail(Fault::CloseTimeout { limit: self.rules.close_timeout });
        }
        if !self.reads() {
            return None;
        }
        if let (Some(limit), true) = (self.rules.frame_timeout, self.inbound.is_overdue(now)) {
            let looks_like = self.inbound.looks_like();
            return self.fail(Fault::FrameTimeout { limit, looks_like });
        }
        if let Some(limit) = self.idle.passed(self.inbound.received(), now) {
            return self.fail(Fault::IdleTimeout { limit });
        }
        None
    }
}
