//! `Liveness`: when a silent peer is asked for a sign of life, and when it is given up.

use std::time::{Duration, Instant};

use crate::protocol::calls::later;

/// How often a silent peer is asked for a sign of life, and how long it may give none.
///
/// # Defaults
///
/// A peer that is asked every `every` is given up after three times as long. Both have a lower limit:
/// 1 ms, and twice `every`, so that there is time for an answer.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use ipc_core::protocol::connection::Heartbeat;
///
/// let heartbeat = Heartbeat::every(Duration::from_secs(15));
/// assert_eq!(heartbeat.limit(), Duration::from_secs(45));
/// let hasty = heartbeat.dead_after(Duration::from_secs(20));
/// assert_eq!(hasty.limit(), Duration::from_secs(30));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    every: Duration,
    dead_after: Duration,
}

impl Heartbeat {
    /// Returns a heartbeat that asks after each `every` without a byte received, at least 1 ms, and
    /// gives the peer up after three times as long.
    #[must_use]
    pub fn every(every: Duration) -> Self {
        let every = every.max(Duration::from_millis(1));
        Self { every, dead_after: every.saturating_mul(3) }
    }

    /// Sets how long a peer may be without a sign of life, at least twice the time after which it is
    /// asked.
    #[must_use]
    pub fn dead_after(self, limit: Duration) -> Self {
        Self { dead_after: limit.max(self.every.saturating_mul(2)), ..self }
    }

    /// Returns after how long without a byte the peer is asked.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.every
    }

    /// Returns how long a peer may be without a sign of life.
    #[must_use]
    pub fn limit(&self) -> Duration {
        self.dead_after
    }

    /// Returns how long a peer has to answer.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.dead_after.saturating_sub(self.every)
    }
}

/// What waits to be written to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver has to say which")]
pub enum Unsent {
    /// Nothing that the socket does not take: a question would leave at once, or with what gathers.
    Nothing,
    /// Bytes that the socket does not take. So many were written over it so far.
    Full(u64),
    /// With one message in flight: whatever is sent now waits for an answer to what was sent before.
    Held,
}

/// What a silent peer gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver has to handle each")]
pub enum Pulse {
    /// It is asked for a sign of life.
    Ping,
    /// It is given up, after so long without a sign of life.
    Dead(Duration),
    /// Nothing is due before this time.
    WakeAt(Instant),
}

/// The silence of one peer.
///
/// **A sign of life** is any byte that is received, and a socket that was full and takes more: a long
/// message over a slow link is no silence. Bytes that the system takes into a buffer with room show
/// nothing.
///
/// **A peer is given up only after it was asked in vain**, however late the driver comes: whoever slept
/// through the whole time asks first. A full socket stands for a question, since the peer has to read
/// before it could see one. While it owes an answer to a message in flight it cannot be asked, and its
/// time starts anew.
#[derive(Debug, Clone, Copy)]
pub struct Liveness {
    heartbeat: Heartbeat,
    /// The last sign of life.
    heard: Instant,
    /// When it was first asked since then.
    asked: Option<Instant>,
    /// What was written when the socket was last found full.
    full: Option<u64>,
    /// When there is something to do.
    due: Instant,
}

impl Liveness {
    /// Returns the silence of a peer that gives a sign of life now.
    #[must_use]
    pub fn new(heartbeat: Heartbeat, now: Instant) -> Self {
        let due = later(now, heartbeat.every);
        Self { heartbeat, heard: now, asked: None, full: None, due }
    }

    /// Handles a sign of life.
    pub fn received(&mut self, now: Instant) {
        *self = Self::new(self.heartbeat, now);
    }

    /// Returns when [`tick`](Self::tick) is due.
    #[must_use]
    pub fn due(&self) -> Instant {
        self.due
    }

    /// Returns what to do now, after everything was read that there is.
    pub fn tick(&mut self, now: Instant, unsent: Unsent) -> Pulse {
        if now < self.due {
            return Pulse::WakeAt(self.due);
        }
        let full = match unsent {
            Unsent::Full(written) => Some(written),
            Unsent::Nothing | Unsent::Held => None,
        };
        let before = std::mem::replace(&mut self.full, full);
        if before.is_some() && before != full {
            (self.heard, self.asked) = (now, None);
        }
        if unsent == Unsent::Held && self.asked.is_none() {
            self.received(now);
            return Pulse::WakeAt(self.due);
        }
        let asked = *self.asked.get_or_insert(now);
        let answer_at = later(asked, self.heartbeat.patience());
        let dead_at = later(self.heard, self.heartbeat.dead_after).max(answer_at);
        if dead_at <= now {
            return Pulse::Dead(now.saturating_duration_since(self.heard));
        }
        self.due = later(now, self.heartbeat.every).min(dead_at);
        match unsent {
            Unsent::Nothing => Pulse::Ping,
            _ => Pulse::WakeAt(self.due),
        }
    }
}
