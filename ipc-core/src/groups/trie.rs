//! `PatternTrie`: who holds which patterns, within limits, and whose match a name.

use std::collections::{BTreeMap, BTreeSet};

use super::Pattern;
use super::pattern_limits::{PatternLimits, TooManyPatterns};
use super::shapes::Shapes;
use super::tree::Tree;

/// Patterns with the ids that hold them, such as the topics that peers have subscribed to.
///
/// What a match costs goes with the tokens of the name and with the patterns that match it, not with how
/// many there are. The worst that patterns can be made to cost is bounded by the limits: of steps by
/// [`shapes`](PatternLimits::shapes), of memory by [`bytes`](PatternLimits::bytes).
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
    held: BTreeMap<Id, Held>,
    len: usize,
    /// The arrangements of wildcards of all patterns.
    shapes: Shapes,
    /// About how many bytes what is held takes, without the tree.
    bytes: usize,
    tree: Tree<Id>,
}

/// What one id has.
#[derive(Debug, Default)]
struct Held {
    patterns: BTreeSet<Pattern>,
    shapes: Shapes,
}

impl<Id: Copy + Ord> PatternTrie<Id> {
    /// Returns one without patterns.
    #[must_use]
    pub fn new(limits: PatternLimits) -> Self {
        let (held, shapes) = (BTreeMap::new(), Shapes::default());
        Self { limits, held, len: 0, shapes, bytes: 0, tree: Tree::new() }
    }

    /// Adds a pattern to those of the id. Returns whether the id did not have it.
    ///
    /// # Errors
    ///
    /// [`TooManyPatterns`] if the id, or all together, would have more than they may. Nothing changes
    /// then.
    pub fn insert(&mut self, id: Id, pattern: &Pattern) -> Result<bool, TooManyPatterns> {
        let PatternLimits { per_id, total, .. } = self.limits;
        if self.holds(id, pattern) {
            return Ok(false);
        }
        let actual = self.patterns(id).len() + 1;
        if actual > per_id {
            return Err(TooManyPatterns::PerId { limit: per_id, actual });
        }
        let actual = self.len + 1;
        if actual > total {
            return Err(TooManyPatterns::Total { limit: total, actual });
        }
        let held = self.held.entry(id).or_default();
        held.patterns.insert(pattern.clone());
        held.shapes.add(pattern);
        let shapes_of_id = held.shapes.len();
        self.len = actual;
        self.shapes.add(pattern);
        self.bytes += bytes(pattern);
        self.tree.insert(id, pattern);
        // What it adds is known best once it is there.
        let beyond = self.beyond(shapes_of_id);
        if let Some(error) = beyond {
            self.remove(id, pattern);
            return Err(error);
        }
        Ok(true)
    }

    /// Returns what is more than it may be, now that an id has patterns of so many shapes.
    fn beyond(&self, shapes_of_id: usize) -> Option<TooManyPatterns> {
        let (actual, limit) = (shapes_of_id, self.limits.shapes_per_id);
        if actual > limit {
            return Some(TooManyPatterns::ShapesPerId { limit, actual });
        }
        let (actual, limit) = (self.shapes.len(), self.limits.shapes);
        if actual > limit {
            return Some(TooManyPatterns::Shapes { limit, actual });
        }
        let (actual, limit) = (self.bytes + self.tree.bytes(), self.limits.bytes);
        (actual > limit).then_some(TooManyPatterns::Bytes { limit, actual })
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
        let Some(held) = self.held.get_mut(&id) else { return false };
        if !held.patterns.remove(pattern) {
            return false;
        }
        held.shapes.remove(pattern);
        if held.patterns.is_empty() {
            self.held.remove(&id);
        }
        self.removed(id, [pattern]);
        true
    }

    /// Removes the id with all its patterns. Returns how many it had.
    pub fn remove_id(&mut self, id: Id) -> usize {
        let Held { patterns, .. } = self.held.remove(&id).unwrap_or_default();
        self.removed(id, &patterns);
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
        self.held.get(&id).is_some_and(|held| held.patterns.contains(pattern))
    }

    /// Returns the limits.
    #[must_use]
    pub const fn limits(&self) -> PatternLimits {
        self.limits
    }

    /// Returns the patterns of the id, in the order of their texts.
    pub fn patterns(&self, id: Id) -> impl ExactSizeIterator<Item = &Pattern> {
        self.held.get(&id).map(|held| held.patterns.iter()).unwrap_or_default()
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

    /// Handles that the id does not have these any more.
    fn removed<'a>(&mut self, id: Id, patterns: impl IntoIterator<Item = &'a Pattern>) {
        let before = self.len;
        for pattern in patterns {
            self.tree.remove(id, pattern);
            self.shapes.remove(pattern);
            self.bytes -= bytes(pattern);
            self.len -= 1;
        }
        if self.len == 0 && before > 0 {
            // So that the memory of what was there does not stay.
            self.tree = Tree::new();
        }
    }
}

/// Returns about how many bytes a pattern takes with the tables of who holds it.
fn bytes(pattern: &Pattern) -> usize {
    pattern.as_str().len() + HELD_BYTES
}

const HELD_BYTES: usize = 160;

/// With the default limits.
impl<Id: Copy + Ord> Default for PatternTrie<Id> {
    fn default() -> Self {
        Self::new(PatternLimits::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What peers can do together within the default limits, each of its own patterns of `*` and `a`.
    #[test]
    fn the_worst_wildcards_are_bounded_by_their_arrangements() {
        let mut bomb = PatternTrie::default();
        let (mut id, mut refused) = (0, None);
        for choice in 0..1 << 15 {
            let token = |bit| if choice >> bit & 1 == 0 { "*." } else { "a." };
            let text = (0..15).map(token).chain(["z"]).collect::<String>();
            let pattern = Pattern::new(&text).unwrap();
            let mut inserted = bomb.insert(id, &pattern);
            if let Err(TooManyPatterns::ShapesPerId { limit: 64, .. }) = inserted {
                id += 1;
                inserted = bomb.insert(id, &pattern);
            }
            if let Err(error) = inserted {
                refused.get_or_insert(error);
            }
        }
        assert!(
            matches!(refused, Some(TooManyPatterns::Shapes { limit: 4096, actual: 4097.. })),
            "{refused:?}"
        );
        let limits = bomb.limits();
        let visited = bomb.tree.matches(&["a"; 16].join("."), &mut |_| {});
        assert!(visited > limits.shapes / 2, "{visited}");
        assert!(visited <= limits.shapes + Pattern::MAX_TOKENS + 1, "{visited}");
        assert!(bomb.len() > 64 && bomb.beyond(0).is_none());
        for id in 0..=id {
            bomb.remove_id(id);
        }
        assert_eq!((bomb.shapes.len(), bomb.bytes, bomb.len), (0, 0, 0));
    }

    /// What a publish costs at most: the peers fill all limits with patterns that match the same name.
    #[test]
    fn a_name_that_every_pattern_matches_is_bounded_by_the_limits() {
        let mut bomb = PatternTrie::default();
        // `a` and `*` in every order, of 1 to 10 tokens, and then whatever follows: 4,092 arrangements.
        let forms = (1..11).flat_map(|count| (0..1 << count).map(move |choice| (count, choice)));
        let forms: Vec<_> = forms
            .map(|(count, choice)| {
                let token = |bit| if choice >> bit & 1 == 0 { "a." } else { "*." };
                (0..count).map(token).chain([">"]).collect::<String>()
            })
            .collect();
        let (mut id, mut forms) = (0, forms.iter().cycle());
        let refused = loop {
            let pattern = Pattern::new(forms.next().unwrap()).unwrap();
            match bomb.insert(id, &pattern) {
                Ok(_) => {}
                Err(TooManyPatterns::ShapesPerId { .. }) => id += 1,
                Err(error) => break error,
            }
        };
        let limits = bomb.limits();
        assert_eq!(
            refused,
            TooManyPatterns::Total { limit: limits.total, actual: limits.total + 1 }
        );
        let (mut handed_on, name) = (0, ["a"; 16].join("."));
        let visited = bomb.tree.matches(&name, &mut |ids| handed_on += ids.len());
        assert!(visited > limits.shapes / 2, "{visited}");
        assert!(visited <= limits.shapes + Pattern::MAX_TOKENS + 1, "{visited}");
        assert_eq!(handed_on, limits.total);
        assert!(bomb.matches(&name).into_iter().eq(0..=id), "each id once");
    }

    #[test]
    fn what_is_counted_is_taken_back() {
        let mut trie = PatternTrie::default();
        let texts = ["a", "a.b", "a.*", "*.b", "a.*.c", "a.>", "*.>", ">", "a.b.c", "a.*.*"];
        let patterns = texts.map(|text| Pattern::new(text).unwrap());
        trie.insert(0, &patterns[0]).unwrap();
        let counts = |trie: &PatternTrie<_>| (trie.shapes.len(), trie.bytes + trie.tree.bytes());
        let before = counts(&trie);
        // `a.*`, `*`, `*.b`, `a.*.c`, `a.>`, `*.>`, `>` and `a.*.*`.
        assert_eq!(trie.insert_all(1, &patterns), Ok(10));
        assert_eq!((trie.shapes.len(), trie.held[&1].shapes.len()), (8, 8));
        for pattern in &patterns {
            assert!(trie.remove(1, pattern));
        }
        assert_eq!(counts(&trie), before);
    }
}
