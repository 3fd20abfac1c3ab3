//! `config.tls`: the effect of each of its settings, and which peers can connect with it.
#![cfg(feature = "tls-base")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

#[macro_use]
#[path = "../../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

#[path = "../../../ipc-transport/tests/support/broken_keys.rs"]
#[allow(dead_code, reason = "not every test that has it needs all of it")]
#[allow(clippy::expect_used, reason = "a key that cannot be read fails the test")]
mod broken_keys;
#[path = "../../../ipc-transport/tests/support/certificates.rs"]
#[allow(dead_code, reason = "not every test that has it needs all of it")]
#[allow(clippy::expect_used, reason = "a certificate that cannot be made fails the test")]
mod certificates;
mod profiles;
mod refusals;
mod rig;
mod secrets;
mod settings;
mod trust;
