//! Addressing several peers at once, without sockets, clocks or a runtime.
//!
//! | part | decides |
//! |---|---|
//! | [`Pattern`] | which names a text with wildcards stands for |
//! | [`PatternTrie`] | which of many such texts, and whose, a name matches |
//!
//! Which peers are in which groups, and whom a message is for, is decided beside them, for
//! [`Server`](crate::Server) alone: peers are numbers there, and what is connected is an argument. So is
//! what a client of either driver has subscribed to.

#[cfg(feature = "tokio")]
pub(crate) mod error;
#[cfg(feature = "tokio")]
pub(crate) mod event;
#[cfg(feature = "tokio")]
pub(crate) mod limits;
#[cfg(feature = "tokio")]
pub(crate) mod members;
#[cfg(all(test, feature = "tokio"))]
mod model_tests;
mod pattern;
mod pattern_limits;
#[cfg(feature = "tokio")]
pub(crate) mod selection;
mod shapes;
#[cfg(feature = "tokio")]
pub(crate) mod subscriptions;
#[cfg(feature = "tokio")]
pub(crate) mod topic;
mod tree;
mod trie;

pub use pattern::{Pattern, PatternError};
pub use pattern_limits::{PatternLimits, TooManyPatterns};
pub use trie::PatternTrie;
