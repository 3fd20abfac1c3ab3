//! `$ping`: what a silent peer is asked, and how long it took to answer.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::MessageFormat;
use crate::blocking::link::Link;
use crate::protocol::builtin::{PING, Value};
use crate::protocol::calls::{CallFormat, CallHead, RoundTrip};
use crate::protocol::connection::{Fault, Unsent};
use crate::runtime::clock;

/// The questions of a heartbeat that are open, and how long answers took.
#[derive(Debug, Default)]
pub(super) struct Pings {
    /// Their numbers, and when each was asked.
    open: VecDeque<(u64, Instant)>,
    trip: Option<RoundTrip>,
}

impl Pings {
    fn asked(&mut self, number: u64, now: Instant) {
        if self.open.len() >= MAX_OPEN {
            self.open.pop_front();
        }
        self.open.push_back((number, now));
    }

    /// Handles an answer, and returns whether it is one to a question.
    fn answered(&mut self, number: u64) -> bool {
        let Some(index) = self.open.iter().position(|(open, _)| *open == number) else {
            return false;
        };
        if let Some((_, asked_at)) = self.open.remove(index) {
            let time = clock::now().saturating_duration_since(asked_at);
            self.trip = Some(RoundTrip::after(self.trip, time));
        }
        true
    }

    /// Forgets the questions of a lost connection.
    pub(super) fn connection_lost(&mut self) {
        self.open.clear();
    }
}

impl<F: MessageFormat> Link<F> {
    /// Asks a silent peer for a sign of life. Returns the fault if it is given up.
    pub(in crate::blocking) fn look_after_peer(&mut self, now: Instant) -> Option<Fault> {
        let heartbeat = self.config.heartbeat?;
        let is_held = self.queue.is_awaiting();
        let socket = self.socket_mut().filter(|socket| socket.machine.is_silent(now))?;
        let unsent = match socket.is_blocked() {
            true => Unsent::Full(socket.written()),
            false if is_held => Unsent::Held,
            false => Unsent::Nothing,
        };
        match socket.machine.look_after(now, unsent) {
            Ok(true) => self.ping(now, heartbeat.patience()),
            Ok(false) => {}
            Err(fault) => return Some(fault),
        }
        None
    }

    fn ping(&mut self, now: Instant, within: Duration) {
        let format = Arc::clone(&self.format);
        let Some(format) = format.calls().and_then(CallFormat::builtins) else { return };
        let number = self.calls().asker.take_number();
        let head =
            CallHead { number: Some(number), method: PING, left: Some(within), credit: None };
        let queued = self.push(|queue| {
            queue.push(|out| format.encode_builtin_call(&head, None, &Value::Null, out)).map(drop)
        });
        // A queue without room is full of what gathers, and leaves soon: the next tick asks again.
        if queued.is_ok() {
            self.calls().pings.asked(number, now);
            self.write();
        }
    }

    /// Handles that the peer answers calls, with a frame of this length. Returns whether that was the
    /// answer to a question of the heartbeat.
    pub(super) fn ping_answered(&mut self, number: u64, length: usize) -> bool {
        let is_ping = self.calls().pings.answered(number);
        // A form of calls that has no built-in methods has no question either.
        let can_ask = self.format.calls().and_then(CallFormat::builtins).is_some();
        if let Some(socket) = self.socket_mut().filter(|_| can_ask) {
            socket.machine.answers_calls();
        }
        if is_ping {
            self.received_ping(length);
        }
        is_ping
    }

    /// Handles a frame of this length that is no traffic.
    pub(super) fn received_ping(&mut self, length: usize) {
        if let Some(socket) = self.socket_mut() {
            socket.machine.received_ping(length);
        }
    }

    pub(in crate::blocking) fn round_trip(&self) -> Option<RoundTrip> {
        self.calls.as_ref()?.pings.trip
    }
}

/// How many questions are open at a time; beyond it the oldest is not waited for.
const MAX_OPEN: usize = 8;
