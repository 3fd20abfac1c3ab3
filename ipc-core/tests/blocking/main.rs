//! The blocking driver over real sockets, with threads that wait and no runtime of the test's own
//! but for the async peers of calls.
#![cfg(all(feature = "tokio", unix))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

mod access;
mod builders;
mod busy;
#[cfg(feature = "msgpack")]
mod calls;
mod crowding;
mod files;
#[path = "../support/lines.rs"]
mod lines;
mod linger;
mod pausing;
mod peers;
mod permanent;
mod reconnect;
mod rig;
mod spinning;
mod traffic;
