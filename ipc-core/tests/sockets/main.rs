//! The tokio driver over real Unix, TCP and UDP sockets.
#![cfg(all(feature = "tokio", unix))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

mod datagrams;
mod hangups;
mod identity;
mod rig;
#[path = "../support/mod.rs"]
mod support;
mod traffic;
mod wakeups;
