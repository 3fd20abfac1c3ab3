//! `Session`: the life of a client. Inputs in, outputs out, time as an argument.

use std::collections::VecDeque;
use std::time::Instant;

use super::{Attempts, OnPermanent, ReconnectPolicy, State};

/// The life of a client: when it dials, what it reports, when it gives up.
///
/// **Feed every input with [`handle_input`](Self::handle_input), then take outputs with
/// [`poll_output`](Self::poll_output) until there is none, and do what they say.** The session
/// itself does nothing: it opens no socket, reads no clock and starts no timer.
#[derive(Debug)]
pub struct Session {
    state: State,
    reconnect: ReconnectPolicy,
    /// Failed attempts since the last connection.
    failed: u32,
    /// Whether the next lost connection is the last.
    stop_retrying: bool,
    outputs: VecDeque<Output>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Input {
    /// The user starts the client.
    Start,
    /// The attempt to connect succeeded.
    Dialed,
    /// The attempt to connect failed. `chance` is a random number in `0.0..1.0`, for the jitter.
    DialFailed {
        /// Whether trying again can never help.
        permanent: bool,
        /// The time now.
        now: Instant,
        /// A random number from 0 up to, but without, 1.
        chance: f64,
    },
    /// The connection is lost, or was ended by either side.
    Lost {
        /// The time now.
        now: Instant,
        /// A random number from 0 up to, but without, 1.
        chance: f64,
    },
    /// The time of [`State::Waiting`] has come.
    Tick {
        /// The time now.
        now: Instant,
    },
    /// The user wants what waits to be written and the connection to end.
    Close,
    /// The user wants the connection to end at once.
    Disconnect,
    /// The user wants no attempt after the present connection or attempt.
    StopRetrying,
    /// The user wants another policy, from the next lost connection on. One that never connects
    /// again ends a client that waits.
    SetReconnect(ReconnectPolicy),
}

/// What a driver does or reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Connect; answer with [`Input::Dialed`] or [`Input::DialFailed`].
    Dial,
    /// Feed [`Input::Tick`] at this time.
    WakeAt(Instant),
    /// Write what waits, end the connection, answer with [`Input::Lost`].
    Drain,
    /// End the connection or the attempt at once; no answer is expected.
    Hangup,
    /// Tell the user: connected.
    Connected,
    /// Tell the user: the connection, or the attempt to make one, has ended.
    Disconnected,
    /// Tell the user: this client has ended; hand back what was not written.
    Destroyed,
}

impl Session {
    /// Returns the session of a client that is not started.
    #[must_use]
    pub fn new(reconnect: ReconnectPolicy) -> Self {
        Self {
            state: State::Idle,
            reconnect,
            failed: 0,
            stop_retrying: false,
            outputs: VecDeque::new(),
        }
    }

    /// Handles an input.
    ///
    /// An input that means nothing in the present state (the answer to an attempt that was given
    /// up, say) changes nothing.
    pub fn handle_input(&mut self, input: Input) {
        match (self.state, input) {
            (state, Input::SetReconnect(policy)) => {
                self.reconnect = policy;
                if matches!(state, State::Waiting(_)) && policy.attempts() == Attempts::Never {
                    self.destroy();
                }
            }
            (State::Destroyed, _) => {}
            (State::Idle, Input::Start) => self.dial(),
            (State::Idle, Input::Close | Input::Disconnect) => self.destroy(),

            (State::Dialing { last }, Input::Dialed) => {
                self.failed = 0;
                self.outputs.push_back(Output::Connected);
                if last {
                    self.drain();
                } else {
                    self.state = State::Connected;
                }
            }
            (State::Dialing { last: true }, Input::DialFailed { .. }) => {
                self.outputs.push_back(Output::Disconnected);
                self.destroy();
            }
            (State::Dialing { .. }, Input::DialFailed { permanent: true, .. })
                if self.reconnect.on_permanent() == OnPermanent::End =>
            {
                self.outputs.push_back(Output::Disconnected);
                self.destroy();
            }
            (State::Dialing { last: false }, Input::DialFailed { now, chance, .. })
            | (State::Connected, Input::Lost { now, chance }) => self.lost(now, chance),
            // What waits may still be written if this attempt succeeds.
            (State::Dialing { .. }, Input::Close) => self.state = State::Dialing { last: true },

            (State::Connected, Input::Close) => self.drain(),
            (State::Draining, Input::Lost { .. }) => {
                self.outputs.push_back(Output::Disconnected);
                self.destroy();
            }
            (State::Dialing { .. } | State::Connected | State::Draining, Input::Disconnect) => {
                self.outputs.extend([Output::Hangup, Output::Disconnected]);
                self.destroy();
            }

            (State::Waiting(at), Input::Tick { now }) if now >= at => self.dial(),
            (State::Waiting(at), Input::Tick { .. }) => self.outputs.push_back(Output::WakeAt(at)),
            (State::Waiting(_), Input::Close | Input::Disconnect | Input::StopRetrying) => {
                self.destroy();
            }
            (_, Input::StopRetrying) => self.stop_retrying = true,
            _ => {}
        }
    }

    /// Returns the next output, if there is one.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns the present state.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    fn dial(&mut self) {
        self.state = State::Dialing { last: false };
        self.outputs.push_back(Output::Dial);
    }

    fn drain(&mut self) {
        self.state = State::Draining;
        self.outputs.push_back(Output::Drain);
    }

    fn destroy(&mut self) {
        self.state = State::Destroyed;
        self.outputs.push_back(Output::Destroyed);
    }

    fn lost(&mut self, now: Instant, chance: f64) {
        self.outputs.push_back(Output::Disconnected);
        let pause =
            if self.stop_retrying { None } else { self.reconnect.pause(self.failed, chance) };
        match pause {
            Some(pause) => {
                self.failed = self.failed.saturating_add(1);
                // A pause beyond what the clock can say is as good as a year.
                let at = now.checked_add(pause).unwrap_or(now + YEAR);
                self.state = State::Waiting(at);
                self.outputs.push_back(Output::WakeAt(at));
            }
            None => self.destroy(),
        }
    }
}

const YEAR: std::time::Duration = std::time::Duration::from_secs(365 * 24 * 60 * 60);
