//! `Shapes`: in how many ways the wildcards of patterns are arranged, which bounds what a match costs.

use std::collections::BTreeMap;

use super::Pattern;
use super::pattern::Token;

/// The arrangements of wildcards in the beginnings of patterns, each with how many patterns have it.
/// Beginnings without a wildcard are not counted.
///
/// A name has at most one node for each arrangement: where a token is no wildcard, it is the name's own.
/// So a match visits at most as many nodes as there are arrangements, and one for each token of the name.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    uses: BTreeMap<u32, usize>,
}

impl Shapes {
    pub(super) fn add(&mut self, pattern: &Pattern) {
        for shape in of(pattern) {
            *self.uses.entry(shape).or_default() += 1;
        }
    }

    /// Removes what was added for the pattern.
    pub(super) fn remove(&mut self, pattern: &Pattern) {
        for shape in of(pattern) {
            if let Some(uses) = self.uses.get_mut(&shape) {
                *uses -= 1;
                if *uses == 0 {
                    self.uses.remove(&shape);
                }
            }
        }
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.uses.len()
    }
}

/// Returns the arrangement of each beginning of the pattern that has a wildcard: a one, and then a bit for
/// each token, which is set for `*`; and a bit of its own for a `>` after them.
fn of(pattern: &Pattern) -> impl Iterator<Item = u32> {
    let (mut bits, mut wild) = (1_u32, false);
    pattern.tokens().filter_map(move |token| {
        let rest = matches!(token, Token::Rest);
        wild |= rest || matches!(token, Token::One);
        bits = if rest { bits | REST } else { bits << 1 | u32::from(matches!(token, Token::One)) };
        wild.then_some(bits)
    })
}

/// Beyond the bits of as many tokens as a pattern may have.
const REST: u32 = 1 << (Pattern::MAX_TOKENS + 1);
