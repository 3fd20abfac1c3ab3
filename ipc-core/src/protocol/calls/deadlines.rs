//! `Deadlines`: when calls end at the latest.

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

/// The deadlines of calls, by the numbers of the calls.
///
/// Most calls have the same time and end long before it is over. Their deadlines come in order, so they
/// are appended, and one that has been removed stays until it is looked at or there are too many of
/// them. Which ones count, the table of the calls says: `current` returns the deadline that a call has
/// now, if it is open.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// Invariant: in order.
    in_order: VecDeque<(Instant, u64)>,
    /// How many in there were removed, about.
    removed: usize,
    /// Those that came out of order.
    others: BTreeSet<(Instant, u64)>,
}

impl Deadlines {
    /// Adds the deadline of a call.
    pub(super) fn add(&mut self, at: Instant, number: u64) {
        if self.in_order.back().is_none_or(|last| *last <= (at, number)) {
            self.in_order.push_back((at, number));
        } else {
            self.others.insert((at, number));
        }
    }

    /// Removes the deadline of a call that does not have it any more.
    #[inline]
    pub(super) fn remove(
        &mut self,
        at: Instant,
        number: u64,
        current: impl Fn(u64) -> Option<Instant>,
    ) {
        // First there: one that was removed may lie in order with the same time.
        if !self.others.is_empty() && self.others.remove(&(at, number)) {
            return;
        }
        if self.in_order.front() == Some(&(at, number)) {
            self.in_order.pop_front();
            return;
        }
        self.removed += 1;
        if self.removed > MANY && self.removed > self.in_order.len() / 2 {
            self.in_order.retain(|&(at, number)| current(number) == Some(at));
            self.removed = 0;
        }
    }

    /// Takes the earliest deadline if it is over, and returns the number of its call, which keeps it.
    pub(super) fn take_due(
        &mut self,
        now: Instant,
        current: impl Fn(u64) -> Option<Instant>,
    ) -> Option<u64> {
        while self.in_order.front().is_some_and(|&(at, number)| current(number) != Some(at)) {
            self.in_order.pop_front();
            self.removed = self.removed.saturating_sub(1);
        }
        let (at, number) = self.first(current).filter(|(at, _)| *at <= now)?;
        if !self.others.remove(&(at, number)) {
            self.in_order.pop_front();
        }
        Some(number)
    }

    /// Returns the earliest deadline and the number of its call.
    pub(super) fn first(&self, current: impl Fn(u64) -> Option<Instant>) -> Option<(Instant, u64)> {
        let counts = |&&(at, number): &&(Instant, u64)| current(number) == Some(at);
        match (self.in_order.iter().find(counts), self.others.first()) {
            (Some(one), Some(other)) => Some(*one.min(other)),
            (one, other) => one.or(other).copied(),
        }
    }

    /// Removes all deadlines.
    pub(super) fn clear(&mut self) {
        self.in_order.clear();
        self.removed = 0;
        self.others.clear();
    }
}

/// How many that were removed may stay in any case.
const MANY: usize = 64;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a time to begin at is needed")]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Calls are made, given other deadlines and ended in any order.
        #[test]
        fn the_first_one_is_that_of_the_open_calls(
            steps in prop::collection::vec((0..60_u64, 0..12_u64, 0..3), 1..600),
        ) {
            let start = Instant::now();
            let (mut open, mut deadlines) = (HashMap::<u64, Instant>::new(), Deadlines::default());
            for (step, (time, number, how)) in (0_u64..).zip(steps) {
                // Nearly in order, as time goes on.
                let at = start + Duration::from_secs(step / 2 + time);
                if how == 0 {
                    let Some(before) = open.remove(&number) else { continue };
                    deadlines.remove(before, number, |number| open.get(&number).copied());
                } else {
                    if let Some(before) = open.insert(number, at) {
                        deadlines.remove(before, number, |number| open.get(&number).copied());
                    }
                    deadlines.add(at, number);
                }
                let expected = open.iter().map(|(number, at)| (*at, *number)).min();
                let first = deadlines.first(|number| open.get(&number).copied());
                prop_assert_eq!(first, expected);
                prop_assert!(deadlines.in_order.len() <= 2 * open.len() + 2 * MANY + 2);
                prop_assert!(deadlines.others.len() <= open.len());
            }
            let mut due = Vec::new();
            let end = start + Duration::from_secs(1000);
            while let Some(number) = deadlines.take_due(end, |number| open.get(&number).copied()) {
                due.push((open[&number], number));
            }
            // Given the same deadline again, a call may be there twice.
            due.dedup();
            let mut expected: Vec<_> = open.iter().map(|(number, at)| (*at, *number)).collect();
            expected.sort_unstable();
            prop_assert_eq!(due, expected);
            deadlines.clear();
            prop_assert_eq!(deadlines.first(|_| Some(end)), None);
        }
    }
}
