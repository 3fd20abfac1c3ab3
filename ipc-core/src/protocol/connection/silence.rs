//! `Silence`: the liveness of a peer that can be asked, by how many bytes it has sent.

use std::time::{Duration, Instant};

use super::Heartbeat;
use super::liveness::{Liveness, Pulse, Unsent};

/// The silence of a connection's peer. A peer that was not seen to answer calls has none.
#[derive(Debug)]
pub(super) struct Silence {
    heartbeat: Option<Heartbeat>,
    /// Whether the peer answers calls, and there is a heartbeat.
    answers: bool,
    life: Option<Box<Life>>,
}

#[derive(Debug)]
struct Life {
    liveness: Liveness,
    /// How many bytes had been received at the last sign of life. `None`: the time starts anew.
    received: Option<usize>,
}

impl Silence {
    pub(super) fn new(heartbeat: Option<Heartbeat>) -> Self {
        Self { heartbeat, answers: false, life: None }
    }

    /// Handles that the peer answers calls.
    pub(super) fn answers_calls(&mut self) {
        self.answers = self.heartbeat.is_some();
    }

    /// Returns whether the peer can be asked.
    #[inline]
    pub(super) fn can_ask(&self) -> bool {
        self.answers
    }

    /// Stops the time: it starts anew with the next [`deadline`](Self::deadline).
    pub(super) fn pause(&mut self) {
        if let Some(life) = &mut self.life {
            life.received = None;
        }
    }

    /// Counts what was received as a sign of life, and returns when the peer is to be looked after.
    #[cold]
    pub(super) fn deadline(
        &mut self,
        received: usize,
        now: impl Fn() -> Instant,
    ) -> Option<Instant> {
        let heartbeat = self.heartbeat?;
        let received = Some(received);
        let life = self.life.get_or_insert_with(|| {
            Box::new(Life { liveness: Liveness::new(heartbeat, now()), received })
        });
        if life.received != received {
            life.received = received;
            life.liveness.received(now());
        }
        Some(life.liveness.due())
    }

    /// Returns whether the peer has to be looked after.
    pub(super) fn is_due(&self, received: usize, now: Instant) -> bool {
        self.life
            .as_ref()
            .is_some_and(|life| life.received == Some(received) && life.liveness.due() <= now)
    }

    /// Returns what the peer gets that [`is_due`](Self::is_due), or the limit and how long it was silent
    /// if it is given up.
    pub(super) fn look_after(
        &mut self,
        now: Instant,
        unsent: Unsent,
    ) -> Result<bool, (Duration, Duration)> {
        let (Some(heartbeat), Some(life)) = (self.heartbeat, &mut self.life) else {
            return Ok(false);
        };
        match life.liveness.tick(now, unsent) {
            Pulse::Ping => Ok(true),
            Pulse::WakeAt(_) => Ok(false),
            Pulse::Dead(actual) => Err((heartbeat.limit(), actual)),
        }
    }
}
