//! Who a peer is and why one is sent away: the words of `$hello` and `$bye`, and a server's table of
//! identities.
//!
//! Pure: time is an argument, and nothing here reads, writes or waits. The drivers ask.

mod answered;
mod bye;
mod greeting;
mod identities;
#[cfg(test)]
mod identities_tests;
mod identity;
mod said;
mod say;

pub(crate) use answered::HelloEnd;
pub use bye::Bye;
pub use greeting::Greeting;
pub(crate) use identities::{Identities, NotEntered};
pub use identity::{Identity, Proof, SameIdentity};
pub(crate) use said::Said;
pub use say::{Hello, OnPlainPeer, WhenDismissed};

/// The version of `$hello` that this library speaks.
pub(crate) const VERSION: u32 = 1;
