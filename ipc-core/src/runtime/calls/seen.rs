//! `Seen`: what the calls of a peer show about its life, for its connection's machine.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::protocol::calls::RoundTrip;

/// Signs of life among the calls of one peer, until its connection takes them.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    flags: AtomicU8,
    /// How long the peer took to answer the questions of the heartbeat.
    trip: Mutex<Option<RoundTrip>>,
}

/// What was seen since it was last taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct News {
    /// The first answer of the connection: the peer answers calls.
    pub(crate) answer: bool,
    /// A question for a sign of life, or an answer to one.
    pub(crate) ping: bool,
}

impl Seen {
    /// Handles an answer.
    #[inline]
    pub(crate) fn answer(&self) {
        // Everything happens in the connection's task, so this counts one answer once.
        if self.flags.load(Ordering::Relaxed) & ANSWERS == 0 {
            self.flags.fetch_or(ANSWERS | NEW_ANSWER, Ordering::Relaxed);
        }
    }

    /// Handles a question for a sign of life.
    pub(crate) fn ping(&self) {
        self.flags.fetch_or(PING, Ordering::Relaxed);
    }

    /// Handles an answer to one, which took so long.
    pub(crate) fn ping_answered(&self, time: Duration) {
        self.ping();
        let mut trip = self.trip.lock().unwrap_or_else(PoisonError::into_inner);
        *trip = Some(RoundTrip::after(*trip, time));
    }

    /// Returns how long the peer took to answer.
    pub(crate) fn round_trip(&self) -> Option<RoundTrip> {
        *self.trip.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is new, if there is something.
    #[inline]
    pub(crate) fn take(&self) -> Option<News> {
        let new = self.flags.load(Ordering::Relaxed) & (NEW_ANSWER | PING);
        if new == 0 {
            return None;
        }
        self.flags.fetch_and(!new, Ordering::Relaxed);
        Some(News { answer: new & NEW_ANSWER != 0, ping: new & PING != 0 })
    }

    /// Forgets what the connection showed: the next one may be to another program.
    pub(crate) fn clear(&self) {
        self.flags.store(0, Ordering::Relaxed);
    }
}

/// The peer has answered on this connection.
const ANSWERS: u8 = 1;

/// It has, and the connection does not know yet.
const NEW_ANSWER: u8 = 2;

const PING: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_taken_once_and_the_first_answer_counts() {
        let seen = Seen::default();
        assert_eq!(seen.take(), None);
        seen.answer();
        seen.answer();
        assert_eq!(seen.take(), Some(News { answer: true, ping: false }));
        seen.answer();
        assert_eq!(seen.take(), None);
        seen.ping_answered(Duration::from_secs(1));
        assert_eq!(seen.take(), Some(News { answer: false, ping: true }));
        assert_eq!(seen.round_trip(), Some(RoundTrip::after(None, Duration::from_secs(1))));
        assert_eq!(seen.take(), None);
        seen.clear();
        seen.answer();
        assert_eq!(seen.take(), Some(News { answer: true, ping: false }));
    }
}
