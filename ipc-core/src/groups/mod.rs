//! Addressing several peers at once, without sockets, clocks or a runtime.
//!
//! | part | decides |
//! |---|---|
//! | [`Pattern`] | which names a text with wildcards stands for |
//! | [`PatternTrie`] | which of many such texts, and whose, a name matches |

mod pattern;
mod tree;
mod trie;

pub use pattern::{Pattern, PatternError};
pub use trie::{PatternLimits, PatternTrie, TooManyPatterns};
