//! Enums whose variants are events: what each kind of variant is sent as and read from, in both dialects
//! and in MessagePack, and over connections.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

#[macro_use]
#[path = "../../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

mod calls;
mod driver;
mod every;
mod names;
mod reading;
mod rig;
mod round_trips;
mod sending;
mod without_runtime;
