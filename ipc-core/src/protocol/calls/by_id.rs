//! `ById`: a table by numbers that this side counts itself.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use super::shared_numbers::LAST_OWN;

/// A table by numbers that this side counts itself, one after the other.
///
/// Entries mostly leave in about the order in which they come, so the newest ones lie in a row and are
/// found by their place in it. Those that stay while many later ones leave are in a table beside it. Its
/// hash is one that others can foresee, since no one else chooses which numbers are in it. **What a
/// peer chooses is no key here.**
#[derive(Debug)]
pub(crate) struct ById<T> {
    /// The entries of the numbers from `first` on. Invariant: the front is an entry.
    row: VecDeque<Option<T>>,
    first: u64,
    /// How many entries are in the row.
    in_row: usize,
    others: HashMap<u64, T, BuildHasherDefault<Multiplied>>,
}

impl<T> ById<T> {
    #[inline]
    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        match self.place(number).and_then(|place| self.row.get(place)) {
            Some(Some(entry)) => Some(entry),
            _ if self.others.is_empty() => None,
            _ => self.others.get(&number),
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let place = self.place(number);
        match place.and_then(|place| self.row.get_mut(place)) {
            Some(Some(entry)) => Some(entry),
            _ if self.others.is_empty() => None,
            _ => self.others.get_mut(&number),
        }
    }

    /// Adds an entry under a number that has none.
    #[inline]
    pub(crate) fn insert(&mut self, number: u64, entry: T) {
        if self.row.is_empty() {
            self.first = number;
        }
        if self.place(number) == Some(self.row.len()) {
            self.row.push_back(Some(entry));
            self.in_row += 1;
            if self.row.len() > 2 * self.in_row + MANY {
                self.shorten();
            }
        } else {
            self.insert_apart(number, entry);
        }
    }

    /// Adds an entry that is not the next of the row.
    #[cold]
    fn insert_apart(&mut self, number: u64, entry: T) {
        let gap = self.place(number).and_then(|place| place.checked_sub(self.row.len()));
        match gap {
            Some(gap) if gap <= MANY => {
                self.row.extend((0..gap).map(|_| None));
                self.insert(number, entry);
            }
            // The row is for the numbers that are counted on, not for those of calls of many peers.
            Some(_) if number > LAST_OWN && self.first <= LAST_OWN => {
                self.others.insert(number, entry);
            }
            None if self.first <= LAST_OWN || number > LAST_OWN => {
                self.others.insert(number, entry);
            }
            // A new row begins.
            _ => {
                while !self.row.is_empty() {
                    self.set_first_aside();
                }
                self.insert(number, entry);
            }
        }
    }

    /// Makes the row shorter, most of whose entries have left.
    #[cold]
    fn shorten(&mut self) {
        while self.row.len() > 2 * self.in_row + MANY / 2 {
            self.set_first_aside();
        }
    }

    /// Moves the first entry of the row into the other table.
    fn set_first_aside(&mut self) {
        let number = self.first;
        if let Some(entry) = self.take_from_row(0) {
            self.others.insert(number, entry);
        }
    }

    #[inline]
    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        let removed = self.place(number).and_then(|place| self.take_from_row(place));
        match removed {
            None if !self.others.is_empty() => self.others.remove(&number),
            removed => removed,
        }
    }

    #[inline]
    fn take_from_row(&mut self, place: usize) -> Option<T> {
        let entry = self.row.get_mut(place)?.take()?;
        self.in_row -= 1;
        while let Some(None) = self.row.front() {
            self.row.pop_front();
            self.first += 1;
        }
        Some(entry)
    }

    /// Returns where in the row an entry of this number is or would be.
    #[inline]
    fn place(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }

    pub(crate) fn len(&self) -> usize {
        self.in_row + self.others.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.row.is_empty() && self.others.is_empty()
    }

    /// Returns the numbers and entries, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let row = (self.first..).zip(&self.row);
        let row = row.filter_map(|(number, entry)| Some((number, entry.as_ref()?)));
        row.chain(self.others.iter().map(|(number, entry)| (*number, entry)))
    }

    /// Returns the entries, in no order.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.row.iter_mut().flatten().chain(self.others.values_mut())
    }

    pub(crate) fn clear(&mut self) {
        self.row.clear();
        self.in_row = 0;
        self.others.clear();
    }
}

impl<T> Default for ById<T> {
    fn default() -> Self {
        Self { row: VecDeque::new(), first: 0, in_row: 0, others: HashMap::default() }
    }
}

/// A hash of one number: a product with an odd constant, so that neighbours differ in the lowest bits,
/// by which a table places them, and in the highest, by which it compares them.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Multiplied(u64);

impl Hasher for Multiplied {
    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(GOLDEN);
    }

    fn write(&mut self, bytes: &[u8]) {
        // Not used by numbers.
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(GOLDEN);
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// 2^64 by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// How many places of the row may be empty in any case.
const MANY: usize = 64;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Numbers are counted on, most of them used; entries leave in about that order, or stay long.
        #[test]
        fn entries_are_found_while_they_are_there(
            steps in prop::collection::vec((0..5_u64, 0..40_usize, 0..400_u64), 1..900),
        ) {
            let (mut table, mut expected) = (ById::default(), BTreeMap::new());
            let mut next = 1;
            for (what, which, skip) in steps {
                if what == 0 && which < 10 {
                    // One of another range, while the first go on.
                    let shared = LAST_OWN + 1 + skip;
                    if expected.insert(shared, shared).is_none() {
                        table.insert(shared, shared);
                    }
                } else if what < 2 || expected.is_empty() {
                    // Once in a while numbers are skipped, or begin anew.
                    next = match skip {
                        0 => 1,
                        1..20 => next + 10 * skip,
                        _ => next + 1,
                    };
                    if expected.insert(next, next).is_none() {
                        table.insert(next, next);
                        // One that is put aside leaves the row as the last removals have left it.
                        if table.place(next) == table.row.len().checked_sub(1) {
                            prop_assert!(table.row.len() <= 2 * table.in_row + MANY);
                        }
                    }
                } else {
                    let number = *expected.keys().nth(which % expected.len()).unwrap();
                    prop_assert_eq!(table.get_mut(number).copied(), Some(number));
                    prop_assert_eq!(table.remove(number), expected.remove(&number));
                    prop_assert_eq!(table.remove(number), None);
                    prop_assert_eq!(table.get(number), None);
                }
                prop_assert_eq!(table.len(), expected.len());
                prop_assert_eq!(table.is_empty(), expected.is_empty());
                prop_assert!(table.row.front().is_none_or(Option::is_some));
            }
            let mut all: Vec<_> = table.iter().map(|(number, entry)| (number, *entry)).collect();
            all.sort_unstable();
            prop_assert_eq!(all, expected.into_iter().collect::<Vec<_>>());
            table.clear();
            prop_assert!(table.is_empty() && table.iter().next().is_none());
        }
    }
}
