//! The states of a client.

use std::time::Instant;

/// Where a client is in its life.
///
/// ```text
/// Idle -> Dialing -> Connected -> Waiting -> Dialing ...
///            |           |           |
///            v           v           v
///         Waiting     Draining -> Destroyed
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Built and not started.
    Idle,
    /// An attempt to connect is pending. With `last`, no other follows, since the client was closed
    /// and only flushes what waits.
    Dialing {
        /// Whether this attempt is the last one.
        last: bool,
    },
    /// Connected.
    Connected,
    /// Not connected; the next attempt is at this time.
    Waiting(Instant),
    /// Connected, closing, and writing what still waits.
    Draining,
    /// Ended. Nothing more happens.
    Destroyed,
}

impl State {
    /// Returns the state's name, one lower-case word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Dialing { .. } => "dialing",
            Self::Connected => "connected",
            Self::Waiting(_) => "waiting",
            Self::Draining => "draining",
            Self::Destroyed => "destroyed",
        }
    }
}
