//! `nipc` as its users meet it: a program with a command line, lines, and an exit status.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that cannot go on fails the test"
)]

mod access;
mod bench;
#[path = "../../../ipc-transport/tests/support/broken_keys.rs"]
#[allow(dead_code, reason = "not every test that has it needs all of it")]
mod broken_keys;
mod call;
#[path = "../../../ipc-transport/tests/support/certificates.rs"]
#[allow(dead_code, reason = "not every test that has it needs all of it")]
mod certificates;
mod connect;
mod data;
mod data_from;
#[path = "../../../ipc-transport/tests/support/der.rs"]
#[allow(dead_code, reason = "not every test that has it needs all of it")]
mod der;
mod descriptors;
mod emit;
mod emit_flush;
mod ends;
mod files;
mod foreign;
mod groups;
mod network;
mod options;
mod places;
#[cfg(target_os = "linux")]
#[path = "../../../ipc-transport/tests/support/probes.rs"]
mod probes;
mod process;
mod profiles;
mod raw;
mod raw_mode;
mod request;
mod serve;
mod stdin_ends;
mod streams;
mod talk;
#[cfg(target_os = "linux")]
mod terminal;
mod tls;
mod tls_keys;
mod tls_roots;
mod tokens;
mod udp;
mod usage;
