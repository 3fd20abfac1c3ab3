//! `PatternTrie`: who holds which patterns, within limits, and whose match a name.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;

use super::Pattern;
use super::tree::Tree;

/// Patterns with the ids that hold them, such as the topics that peers have subscribed to.
///
/// What a match costs goes with the tokens of the name and with the patterns that match it, not with how
/// many there are. The worst that patterns can be made to cost is a visit of each beginning of a pattern
/// that matches a beginning of the name: at most 16 for each pattern, and at most 2^18 in all.
///
/// # Examples
///
/// ```
/// use ipc_core::Pattern;
/// use ipc_core::groups::PatternTrie;
///
/// let mut topics = PatternTrie::default();
/// topics.insert("alice", &Pattern::new("price.*")?)?;
/// topics.insert("bob", &Pattern::new("price.EUR")?)?;
/// topics.insert("bob", &Pattern::new("price.>")?)?;
///
/// assert_eq!(topics.matches("price.EUR"), ["alice", "bob"]);
/// assert_eq!(topics.matches("price.EUR.bid"), ["bob"]);
///
/// assert_eq!(topics.remove_id("bob"), 2);
/// assert_eq!(topics.matches("price.EUR"), ["alice"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PatternTrie<Id> {
    limits: PatternLimits,
    /// No id is here without a pattern.
    held: BTreeMap<Id, BTreeSet<Pattern>>,
    len: usize,
    tree: Tree<Id>,
}

/// How many patterns a [`PatternTrie`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PatternLimits {
    /// How many patterns one id may have. Default: 1,024.
    pub per_id: usize,
    /// How many all ids may have together; a pattern that two have counts twice. Default: 65,536. At the
    /// worst, with 16 tokens and 256 units each that no other has, they take some 300 MB.
    pub total: usize,
}

impl Default for PatternLimits {
    fn default() -> Self {
        Self { per_id: 1024, total: 65_536 }
    }
}

impl PatternLimits {
    /// Sets how many patterns one id may have.
    #[must_use]
    pub const fn with_per_id(self, per_id: usize) -> Self {
        Self { per_id, ..self }
    }

    /// Sets how many patterns all ids may have together.
    #[must_use]
    pub const fn with_total(self, total: usize) -> Self {
        Self { total, ..self }
    }
}

impl<Id: Copy + Ord> PatternTrie<Id> {
    /// Returns one without patterns.
    #[must_use]
    pub fn new(limits: PatternLimits) -> Self {
        Self { limits, held: BTreeMap::new(), len: 0, tree: Tree::new() }
    }

    /// Adds a pattern to those of the id. Returns whether the id did not have it.
    ///
    /// # Errors
    ///
    /// [`TooManyPatterns`] if the id, or all together, have as many as they may. Nothing changes then.
    pub fn insert(&mut self, id: Id, pattern: &Pattern) -> Result<bool, TooManyPatterns> {
        let PatternLimits { per_id, total } = self.limits;
        let of_id = self.held.get(&id);
        if of_id.is_some_and(|patterns| patterns.contains(pattern)) {
            return Ok(false);
        }
        let actual = of_id.map_or(0, BTreeSet::len) + 1;
        if actual > per_id {
            return Err(TooManyPatterns::PerId { limit: per_id, actual });
        }
        let actual = self.len + 1;
        if actual > total {
            return Err(TooManyPatterns::Total { limit: total, actual });
        }
        self.held.entry(id).or_default().insert(pattern.clone());
        self.len = actual;
        self.tree.insert(id, pattern);
        Ok(true)
    }

    /// Adds all of the patterns to those of the id. Returns how many of them the id did not have.
    ///
    /// # Errors
    ///
    /// [`TooManyPatterns`] if they do not all fit. Nothing changes then.
    pub fn insert_all<'a>(
        &mut self,
        id: Id,
        patterns: impl IntoIterator<Item = &'a Pattern>,
    ) -> Result<usize, TooManyPatterns> {
        let mut added = Vec::new();
        for pattern in patterns {
            match self.insert(id, pattern) {
                Ok(true) => added.push(pattern),
                Ok(false) => {}
                Err(error) => {
                    for pattern in added {
                        self.remove(id, pattern);
                    }
                    return Err(error);
                }
            }
        }
        Ok(added.len())
    }

    /// Removes a pattern from those of the id. Returns whether the id had it.
    pub fn remove(&mut self, id: Id, pattern: &Pattern) -> bool {
        let Some(patterns) = self.held.get_mut(&id) else { return false };
        if !patterns.remove(pattern) {
            return false;
        }
        if patterns.is_empty() {
            self.held.remove(&id);
        }
        self.tree.remove(id, pattern);
        self.removed(1);
        true
    }

    /// Removes the id with all its patterns. Returns how many it had.
    pub fn remove_id(&mut self, id: Id) -> usize {
        let patterns = self.held.remove(&id).unwrap_or_default();
        for pattern in &patterns {
            self.tree.remove(id, pattern);
        }
        self.removed(patterns.len());
        patterns.len()
    }

    /// Returns the ids that hold a pattern which matches the name, each once and in order.
    #[must_use]
    pub fn matches(&self, name: &str) -> Vec<Id> {
        let mut ids = Vec::new();
        let mut patterns = 0;
        self.tree.matches(name, &mut |of_pattern| {
            patterns += usize::from(!of_pattern.is_empty());
            ids.extend(of_pattern.iter().copied());
        });
        // The ids of one pattern are in order, and none is there twice.
        if patterns > 1 {
            ids.sort_unstable();
            ids.dedup();
        }
        ids
    }

    /// Returns whether the id has the pattern.
    #[must_use]
    pub fn holds(&self, id: Id, pattern: &Pattern) -> bool {
        self.held.get(&id).is_some_and(|patterns| patterns.contains(pattern))
    }

    /// Returns the limits.
    #[must_use]
    pub const fn limits(&self) -> PatternLimits {
        self.limits
    }

    /// Returns the patterns of the id, in the order of their texts.
    pub fn patterns(&self, id: Id) -> impl ExactSizeIterator<Item = &Pattern> {
        self.held.get(&id).map(BTreeSet::iter).unwrap_or_default()
    }

    /// Returns how many patterns all ids have together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether no id has a pattern.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn removed(&mut self, count: usize) {
        self.len -= count;
        if self.len == 0 && count > 0 {
            // So that the memory of what was there does not stay.
            self.tree = Tree::new();
        }
    }
}

/// With the default limits.
impl<Id: Copy + Ord> Default for PatternTrie<Id> {
    fn default() -> Self {
        Self::new(PatternLimits::default())
    }
}

/// A pattern was not added, since there are as many as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TooManyPatterns {
    /// Of this id.
    PerId {
        /// How many it may have.
        limit: usize,
        /// How many it would have.
        actual: usize,
    },
    /// Of all ids together.
    Total {
        /// How many they may have.
        limit: usize,
        /// How many they would have.
        actual: usize,
    },
}

impl TooManyPatterns {
    /// Returns the error's code, which never changes: `too_many`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "too_many"
    }
}

impl fmt::Display for TooManyPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PerId { limit, actual } => {
                write!(f, "{actual} patterns of one peer, the limit is {limit}")
            }
            Self::Total { limit, actual } => {
                write!(f, "{actual} patterns of all peers, the limit is {limit}")
            }
        }
    }
}

impl Error for TooManyPatterns {}
