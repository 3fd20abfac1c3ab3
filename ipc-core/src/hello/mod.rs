//! Who a peer is and why one is sent away: the words of `$hello` and `$bye`, and a server's table of
//! identities.
//!
//! Pure: time is an argument, and nothing here reads, writes or waits. The drivers ask.

mod answered;
mod bye;
mod claim;
mod first_frames;
mod greeting;
mod identities;
#[cfg(test)]
mod identities_tests;
mod identity;
mod say;
mod token;
mod tokens;

pub(crate) use answered::HelloEnd;
pub use bye::Bye;
pub use claim::Claim;
pub(crate) use first_frames::{FirstFrames, Heard, no_hello};
pub use greeting::Greeting;
pub(crate) use identities::{Identities, NotEntered};
pub use identity::{Identity, Proof, SameIdentity};
pub use say::{Hello, OnPlainPeer, WhenDismissed};
pub use token::Token;
pub use tokens::{Tokens, TokensError};

/// The version of `$hello` that this library speaks.
pub(crate) const VERSION: u32 = 1;
