//! `nipc` as its users meet it: a program with a command line, lines, and an exit status.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that cannot go on fails the test"
)]

mod bench;
#[path = "../../../ipc-transport/tests/support/certificates.rs"]
#[allow(dead_code, reason = "not every test that has it needs all of it")]
mod certificates;
mod connect;
mod data;
mod emit;
mod ends;
mod foreign;
mod options;
mod places;
mod process;
mod profiles;
mod raw;
mod raw_mode;
mod request;
mod serve;
mod talk;
mod tls;
mod udp;
mod usage;
