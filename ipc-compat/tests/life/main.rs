//! The life of clients and servers: when it begins, and what is left when their runtime stops.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

#[macro_use]
#[path = "../../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

mod after;
mod async_handlers;
mod faces;
mod groups;
mod identities;
mod lacking;
mod last_words;
mod permanent;
mod rig;
mod start;
