//! When a sender that may wait does so although the queue has room: so much waits for a full socket already.

use std::time::{Duration, Instant};

/// Returns whether so many bytes that wait for a full socket are enough: a sender does better to wait, too.
#[inline]
pub(crate) const fn is_crowd(bytes: usize) -> bool {
    bytes >= CROWD
}

/// Returns until when senders wait for a peer whose socket has been full, and has taken nothing, since then, and which
/// stalls once that lasts for `patience`.
pub(crate) fn eases_at(full_since: Instant, patience: Option<Duration>) -> Option<Instant> {
    full_since.checked_add(patience.map_or(EASE, |patience| patience.min(EASE)))
}

/// About as many bytes as a Unix socket takes at once. With 8 MiB, what is written has left the processor's cache;
/// with less than this, the socket is empty before more is there.
const CROWD: usize = 128 * 1024;

/// So long a peer may read nothing before senders fill the queue up to its limit.
const EASE: Duration = Duration::from_millis(100);
