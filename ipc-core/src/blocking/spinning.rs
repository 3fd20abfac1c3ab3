//! `Spinning`: which waits of a connection spin before they sleep. Pure.

use std::time::Duration;

use crate::Spin;

/// Decides for each wait whether it spins: not while spinning brings nothing.
#[derive(Debug)]
pub(super) struct Spinning {
    spin: Option<Spin>,
    /// How many spins in a row were in vain, up to [`PATIENCE`].
    in_vain: u8,
    /// How many waits from here on do not spin.
    rest: u8,
}

impl Spinning {
    pub(super) fn new(spin: Option<Spin>) -> Self {
        Self { spin, in_vain: 0, rest: 0 }
    }

    /// Returns how long the wait that begins spins, if it does.
    #[inline]
    pub(super) fn begin(&mut self) -> Option<Duration> {
        let limit = self.spin?.limit();
        if self.rest > 0 {
            self.rest -= 1;
            return None;
        }
        Some(limit)
    }

    /// Handles how the spin ended that [`begin`](Self::begin) allowed: with something to read, or in
    /// vain.
    #[inline]
    pub(super) fn ended(&mut self, found: bool) {
        if found {
            self.in_vain = 0;
            return;
        }
        self.in_vain = self.in_vain.saturating_add(1).min(PATIENCE);
        if self.in_vain == PATIENCE {
            self.rest = EVERY - 1;
        }
    }
}

/// After so many spins in vain, one after the other, most waits do not spin.
const PATIENCE: u8 = 8;

/// One in so many of the waits that follow still does: the peer may have become fast.
const EVERY: u8 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_micros(50);

    fn spinning() -> Spinning {
        Spinning::new(Spin::for_up_to(LIMIT).ok())
    }

    /// Returns which of so many waits spin, if nothing ever comes in time.
    fn in_vain(spinning: &mut Spinning, waits: usize) -> String {
        let wait = |_| match spinning.begin() {
            None => '-',
            Some(limit) => {
                assert_eq!(limit, LIMIT);
                spinning.ended(false);
                's'
            }
        };
        (0..waits).map(wait).collect()
    }

    #[test]
    fn nothing_spins_unless_it_is_asked_for() {
        assert_eq!(in_vain(&mut Spinning::new(None), 3), "---");
    }

    #[test]
    fn after_eight_waits_in_vain_one_in_eight_spins() {
        assert_eq!(in_vain(&mut spinning(), 25), "ssssssss-------s-------s-");
    }

    #[test]
    fn a_spin_that_found_something_makes_all_spin_again() {
        let mut spinning = spinning();
        assert_eq!(in_vain(&mut spinning, 15), "ssssssss-------");
        assert_eq!(spinning.begin(), Some(LIMIT));
        spinning.ended(true);
        assert_eq!(in_vain(&mut spinning, 10), "ssssssss--");
    }
}
