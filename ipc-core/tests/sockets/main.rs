//! The tokio driver over real Unix, TCP, TLS and UDP sockets.
#![cfg(all(feature = "tokio", unix))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

#[macro_use]
#[path = "../support/runtimes.rs"]
mod runtimes;

mod access;
mod async_handlers;
#[path = "../support/bare.rs"]
mod bare;
mod busy;
mod calls;
#[path = "../../../ipc-transport/tests/support/certificates.rs"]
#[allow(dead_code, reason = "not every test that has it needs all of it")]
#[allow(clippy::expect_used, reason = "a certificate that cannot be made fails the test")]
mod certificates;
mod datagrams;
mod files;
mod hangups;
mod identity;
mod pausing;
mod rig;
mod streams;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod traffic;
mod wakeups;
