//! The tokio driver over real Unix and TCP sockets, on two threads.
#![cfg(all(feature = "tokio", unix))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

mod hangups;
mod identity;
mod rig;
#[path = "../support/mod.rs"]
mod support;
mod traffic;
mod wakeups;
