//! Whom a server lets in, and how much of what a peer sends it takes.
//!
//! Pure: time is an argument, and nothing here reads, writes or waits. The drivers ask.

mod allow;
#[cfg(feature = "tokio")]
mod bucket;
#[cfg(feature = "tokio")]
mod guard;
#[cfg(feature = "tokio")]
mod meter;
mod rate;
#[cfg(feature = "tokio")]
mod refusal;
#[cfg(feature = "tokio")]
mod restrictions;
#[cfg(feature = "tokio")]
mod rule;
#[cfg(feature = "tokio")]
mod waiting_limits;
#[cfg(feature = "tokio")]
mod waiting_room;

pub use allow::{Allow, Denied, OnDenied};
#[cfg(feature = "tokio")]
pub(crate) use guard::{Denial, Guard};
#[cfg(feature = "tokio")]
pub(crate) use meter::{Meter, Verdict};
pub use rate::{OverRate, Rate};
#[cfg(feature = "tokio")]
pub use refusal::Refusal;
#[cfg(feature = "tokio")]
pub use restrictions::Limited;
#[cfg(feature = "tokio")]
pub(crate) use restrictions::{Counts, Restrictions};
#[cfg(feature = "tokio")]
pub use rule::{Access, Admits};
#[cfg(feature = "tokio")]
pub use waiting_limits::{PlainPeers, WaitingLimits};
#[cfg(feature = "tokio")]
pub(crate) use waiting_room::{Entered, WaitingRoom};
