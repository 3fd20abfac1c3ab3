//! `Tree`: patterns with the ids that hold them, token by token.
//!
//! A name visits a node for each beginning of a pattern that it matches, and no other. Patterns that
//! differ in a token that the name has not cost it nothing. At most two ways lead on from a node, the
//! name's own token and `*`: how often both do is bounded by `Shapes`.

use std::collections::{BTreeSet, HashMap};

use super::Pattern;
use super::pattern::{SEPARATOR, Token};

/// Patterns with their ids, without limits.
#[derive(Debug)]
pub(super) struct Tree<Id> {
    /// The first one is the root, which no token leads to.
    nodes: Vec<Node<Id>>,
    /// Places of nodes that are not used.
    free: Vec<usize>,
    /// Where a token that is no wildcard leads from a node.
    named: HashMap<(usize, u64), usize>,
    /// A number for each such token, so that a token of a name is hashed once, whatever its length and
    /// however many nodes are visited.
    words: HashMap<Box<str>, Word>,
    next_word: u64,
    /// How many bytes the words have.
    text: usize,
}

#[derive(Debug)]
struct Node<Id> {
    /// Who holds the pattern that ends here.
    ids: BTreeSet<Id>,
    /// Where `*` leads.
    one: Option<usize>,
    /// Where `>` leads.
    rest: Option<usize>,
    /// How many tokens that are no wildcards lead on.
    named: usize,
}

#[derive(Debug)]
struct Word {
    number: u64,
    /// How many entries of `named` have it.
    uses: usize,
}

impl<Id: Copy + Ord> Tree<Id> {
    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Node::new()],
            free: Vec::new(),
            named: HashMap::new(),
            words: HashMap::new(),
            next_word: 0,
            text: 0,
        }
    }

    /// Returns about how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        (self.nodes.len() - self.free.len()) * NODE_BYTES + self.text
    }

    pub(super) fn insert(&mut self, id: Id, pattern: &Pattern) {
        let mut at = ROOT;
        for token in pattern.tokens() {
            at = self.child(at, token).unwrap_or_else(|| self.add(at, token));
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.ids.insert(id);
        }
    }

    /// Removes the id from the pattern, and the nodes that only it needed.
    pub(super) fn remove(&mut self, id: Id, pattern: &Pattern) {
        let mut at = ROOT;
        let mut path = Vec::with_capacity(Pattern::MAX_TOKENS);
        for token in pattern.tokens() {
            path.push((at, token));
            match self.child(at, token) {
                Some(place) => at = place,
                None => return,
            }
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.ids.remove(&id);
        }
        for (parent, token) in path.into_iter().rev() {
            if !self.nodes.get(at).is_some_and(Node::is_unused) {
                return;
            }
            self.detach(parent, token);
            self.free.push(at);
            at = parent;
        }
    }

    /// Passes on the ids of each pattern that matches the name. Returns how many nodes were visited.
    pub(super) fn matches(&self, name: &str, found: &mut impl FnMut(&BTreeSet<Id>)) -> usize {
        // One more than a pattern can have: a name that long is matched by `>` alone.
        let mut words = [None; Pattern::MAX_TOKENS + 1];
        let mut count = 0;
        for (word, token) in words.iter_mut().zip(name.split(SEPARATOR)) {
            *word = self.words.get(token).map(|word| word.number);
            count += 1;
        }
        self.descend(ROOT, words.get(..count).unwrap_or_default(), found)
    }

    /// As deep as a pattern has tokens, at the most.
    fn descend(
        &self,
        at: usize,
        words: &[Option<u64>],
        found: &mut impl FnMut(&BTreeSet<Id>),
    ) -> usize {
        let Some(node) = self.nodes.get(at) else { return 0 };
        let Some((word, further)) = words.split_first() else {
            found(&node.ids);
            return 1;
        };
        let mut visited = 1;
        if let Some(place) = node.rest {
            visited += self.descend(place, &[], found);
        }
        if let Some(place) = node.one {
            visited += self.descend(place, further, found);
        }
        if let (Some(word), 1..) = (word, node.named) {
            if let Some(place) = self.named.get(&(at, *word)) {
                visited += self.descend(*place, further, found);
            }
        }
        visited
    }

    /// Returns where the token leads from a node.
    fn child(&self, at: usize, token: Token<'_>) -> Option<usize> {
        let node = self.nodes.get(at)?;
        match token {
            Token::One => node.one,
            Token::Rest => node.rest,
            Token::Named(text) => {
                let word = self.words.get(text)?;
                self.named.get(&(at, word.number)).copied()
            }
        }
    }

    /// Adds the node that the token leads to, and returns its place.
    fn add(&mut self, at: usize, token: Token<'_>) -> usize {
        let place = self.free.pop().unwrap_or_else(|| {
            self.nodes.push(Node::new());
            self.nodes.len() - 1
        });
        let Some(node) = self.nodes.get_mut(at) else { return place };
        match token {
            Token::One => node.one = Some(place),
            Token::Rest => node.rest = Some(place),
            Token::Named(text) => {
                node.named += 1;
                if !self.words.contains_key(text) {
                    self.words.insert(text.into(), Word { number: self.next_word, uses: 0 });
                    self.next_word += 1;
                    self.text += text.len();
                }
                if let Some(word) = self.words.get_mut(text) {
                    word.uses += 1;
                    self.named.insert((at, word.number), place);
                }
            }
        }
        place
    }

    fn detach(&mut self, at: usize, token: Token<'_>) {
        let Some(node) = self.nodes.get_mut(at) else { return };
        match token {
            Token::One => node.one = None,
            Token::Rest => node.rest = None,
            Token::Named(text) => {
                node.named -= 1;
                let Some(word) = self.words.get_mut(text) else { return };
                self.named.remove(&(at, word.number));
                word.uses -= 1;
                if word.uses == 0 {
                    self.words.remove(text);
                    self.text -= text.len();
                }
            }
        }
    }
}

impl<Id: Ord> Node<Id> {
    fn new() -> Self {
        Self { ids: BTreeSet::new(), one: None, rest: None, named: 0 }
    }

    fn is_unused(&self) -> bool {
        self.ids.is_empty() && self.one.is_none() && self.rest.is_none() && self.named == 0
    }
}

const ROOT: usize = 0;

/// About what a node takes with its places in the tables, and whom it is held by.
const NODE_BYTES: usize = 192;

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(patterns: impl IntoIterator<Item = String>) -> (Tree<usize>, Vec<Pattern>) {
        let mut tree = Tree::new();
        let patterns: Vec<_> =
            patterns.into_iter().map(|text| Pattern::new(&text).unwrap()).collect();
        for (id, pattern) in patterns.iter().enumerate() {
            tree.insert(id, pattern);
        }
        (tree, patterns)
    }

    /// Returns how many patterns match and how many nodes were visited.
    fn cost(tree: &Tree<usize>, name: &str) -> (usize, usize) {
        let mut found = 0;
        let visited = tree.matches(name, &mut |ids| found += ids.len());
        (found, visited)
    }

    #[test]
    fn patterns_that_do_not_match_are_not_visited() {
        let many = |count: u32| tree((0..count).map(|number| format!("price.{number}.*")));
        let (few, _) = many(10);
        let (more, _) = many(20_000);
        assert_eq!(cost(&few, "price.7.bid"), cost(&more, "price.7.bid"));
        // The root, a node for each of the three tokens.
        assert_eq!(cost(&more, "price.7.bid"), (1, 4));
        assert_eq!(cost(&more, "other.7.bid"), (0, 1));
    }

    #[test]
    fn a_bomb_of_wildcards_visits_each_node_once() {
        // Every way to choose `*` or `a` for 15 tokens, and then a token that the name has not.
        let bombs = |last: &'static str| {
            (0..1 << 15).map(move |choice: u32| {
                let tokens = (0..15).map(|bit| if choice >> bit & 1 == 0 { "*." } else { "a." });
                tokens.chain([last]).collect()
            })
        };
        let name = ["a"; 16].join(".");
        let (misses, _) = tree(bombs("z"));
        let beginnings = (1 << 16) - 1;
        assert_eq!(cost(&misses, &name), (0, beginnings));
        assert_eq!(cost(&misses, "a.a"), (0, 7));
        assert_eq!(misses.nodes.len(), beginnings + (1 << 15));
        let (all_match, _) = tree(bombs("*"));
        assert_eq!(cost(&all_match, &name), (1 << 15, beginnings + (1 << 15)));
        // What is longer than any pattern is not looked at.
        let longer = "a.".repeat(1 << 20);
        assert_eq!(cost(&all_match, &longer), (0, beginnings + (1 << 15)));
    }

    #[test]
    fn stars_in_a_row_share_their_nodes() {
        let stars = |count: usize| vec!["*"; count].join(".");
        let (tree, _) = tree((1..=16).map(stars).chain((1..16).map(|n| stars(n) + ".>")));
        assert_eq!(tree.nodes.len(), 1 + 16 + 15);
        assert_eq!(cost(&tree, &["x"; 16].join(".")), (16, 1 + 16 + 15));
        assert_eq!(cost(&tree, &"x.".repeat(1000)), (15, 1 + 16 + 15));
    }

    #[test]
    fn what_is_removed_leaves_nothing() {
        let (mut tree, patterns) =
            tree((0..500).map(|n| format!("a{}.*.b{}.>", n % 7, n % 11)).chain(["a.b".to_owned()]));
        for (id, pattern) in patterns.iter().enumerate().rev() {
            tree.remove(id, pattern);
            tree.remove(id, pattern);
        }
        assert!(tree.nodes[ROOT].is_unused(), "{:?}", tree.nodes[ROOT]);
        assert!(tree.named.is_empty() && tree.words.is_empty());
        assert_eq!(tree.free.len() + 1, tree.nodes.len());
        // The places are used again.
        let before = tree.nodes.len();
        for (id, pattern) in patterns.iter().enumerate() {
            tree.insert(id, pattern);
        }
        assert_eq!((tree.nodes.len(), tree.free.len()), (before, 0));
    }
}
