//! `Looks`: whether a connection looks at its socket once more before it sleeps. Pure.

/// Whether a connection that has nothing to read looks at its socket once more before it sleeps, since that was
/// worth it the last times.
///
/// A peer that writes to a sleeping reader pays for waking it, more than for the write itself, and the reader for going
/// to sleep. A look costs one question to the system, after what else is ready has run: so a program's task that
/// awaited what was read sends meanwhile, and all of it leaves in one write. Where looks find nothing, few are made.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// Whether something was read in this turn.
    found: bool,
    /// How many looks in a row may still find nothing; `None` if none is being made.
    left: Option<u8>,
    /// How many more rounds of looks may find nothing before only every [`SELDOM`]th turn has some.
    worth: u8,
    /// How many turns that read something had no looks since the last that had.
    without: u8,
    /// How many turns have been made in a row without sleep.
    turns: u8,
}

impl Looks {
    /// Notes that something was read.
    #[inline]
    pub(super) fn found(&mut self) {
        self.found = true;
    }

    /// Returns whether to look once more, at the end of a turn that has left nothing to read.
    #[inline]
    pub(super) fn again(&mut self) -> bool {
        let found = std::mem::take(&mut self.found);
        let left = match (found, self.left) {
            (false, None) => return false,
            (false, Some(left)) => left,
            (true, Some(_)) => {
                self.worth = (self.worth + 1).min(MOST_WORTH);
                LOOKS
            }
            (true, None) if self.worth > 0 => LOOKS,
            (true, None) => {
                self.without += 1;
                if self.without < SELDOM {
                    return false;
                }
                LOOKS
            }
        };
        self.without = 0;
        // Whatever comes, the deadlines have their turn.
        if left == 0 || self.turns == MOST_TURNS {
            self.worth = if left == 0 { self.worth.saturating_sub(1) } else { self.worth };
            (self.left, self.turns) = (None, 0);
            return false;
        }
        (self.left, self.turns) = (Some(left - 1), self.turns + 1);
        true
    }
}

/// So many looks in a row that find nothing are enough: with fewer the peer has seldom written again, more were not
/// faster (64 messages in flight; 1, 4, 8 and 16).
const LOOKS: u8 = 4;

/// So many rounds of looks more may find nothing than have found something, at the most.
const MOST_WORTH: u8 = 8;

/// While looks are not worth it, one turn in so many has some, in case they are again.
const SELDOM: u8 = 16;

/// So many turns are made in a row without a look at the deadlines.
const MOST_TURNS: u8 = 64;

#[cfg(test)]
mod tests {
    use super::{LOOKS, Looks, MOST_TURNS, SELDOM};

    /// Makes turns that read something, each after `quiet` looks that found nothing, and returns how many had looks.
    fn turns_with_looks(looks: &mut Looks, turns: usize, quiet: u8) -> usize {
        let mut with_looks = 0;
        for _ in 0..turns {
            looks.found();
            if looks.again() {
                with_looks += 1;
                // The first has been asked for.
                let _ = (1..quiet).take_while(|_| looks.again()).count();
            }
        }
        with_looks
    }

    #[test]
    fn a_connection_that_reads_nothing_does_not_look() {
        let mut looks = Looks::default();
        assert!((0..1000).all(|_| !looks.again()));
    }

    #[test]
    fn looks_that_find_nothing_become_rare() {
        let mut looks = Looks::default();
        let turns = 100 * usize::from(SELDOM);
        assert_eq!(turns_with_looks(&mut looks, turns, LOOKS + 1), 100);
    }

    #[test]
    fn looks_that_find_something_go_on_but_for_the_deadlines() {
        let mut looks = Looks::default();
        turns_with_looks(&mut looks, usize::from(SELDOM), 1);
        let with_looks = turns_with_looks(&mut looks, 10 * (usize::from(MOST_TURNS) + 1), 1);
        assert!((640..650).contains(&with_looks), "{with_looks}");
    }

    #[test]
    fn a_round_of_looks_ends() {
        let mut looks = Looks::default();
        turns_with_looks(&mut looks, usize::from(SELDOM), 1);
        assert_eq!((0..1000).take_while(|_| looks.again()).count(), usize::from(LOOKS) - 1);
        assert!((0..1000).all(|_| !looks.again()));
    }

    #[test]
    fn looking_stops_after_some_rounds_that_found_nothing() {
        let mut looks = Looks::default();
        turns_with_looks(&mut looks, 1000, 1);
        let with_looks = turns_with_looks(&mut looks, 8 + usize::from(SELDOM) - 1, LOOKS + 1);
        assert!((8..10).contains(&with_looks), "{with_looks}");
    }
}
