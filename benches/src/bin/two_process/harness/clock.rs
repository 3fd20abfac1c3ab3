//! The clock.

use std::time::Instant;

/// Returns the time now.
#[expect(clippy::disallowed_methods, reason = "this program measures time")]
pub(super) fn now() -> Instant {
    Instant::now()
}
