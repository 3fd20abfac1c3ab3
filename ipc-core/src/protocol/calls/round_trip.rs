//! `RoundTrip`: how long a peer takes to answer.

use std::time::Duration;

/// How long a peer took to answer the questions of a [`Heartbeat`](crate::protocol::connection::Heartbeat).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use ipc_core::protocol::calls::RoundTrip;
///
/// let ms = Duration::from_millis;
/// let first = RoundTrip::after(None, ms(80));
/// assert_eq!((first.last, first.smoothed), (ms(80), ms(80)));
/// let second = RoundTrip::after(Some(first), ms(160));
/// assert_eq!((second.last, second.smoothed), (ms(160), ms(90)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoundTrip {
    /// Of the last answer.
    pub last: Duration,
    /// Of all answers, each counted for an eighth of what came before it, as TCP does it.
    pub smoothed: Duration,
}

impl RoundTrip {
    /// Returns the times after an answer that took `last`, and those `before` it.
    #[must_use]
    pub fn after(before: Option<Self>, last: Duration) -> Self {
        // RFC 6298, section 2.
        let smoothed = before.map_or(last, |before| {
            (before.smoothed / 8).saturating_mul(7).saturating_add(last / 8)
        });
        Self { last, smoothed }
    }
}
