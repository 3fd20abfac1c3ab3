//! TLS: who is let in and who is not, and why; handshakes that stall; bytes through records.
#![cfg(feature = "tls-base")]
#![expect(clippy::expect_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

#[macro_use]
#[path = "../../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

#[path = "../support/broken_keys.rs"]
mod broken_keys;
#[path = "../support/certificates.rs"]
mod certificates;
#[path = "../support/der.rs"]
mod der;
mod files;
mod handshakes;
mod old_versions;
mod openssl;
mod openssl_files;
mod pem;
mod refusals;
mod rig;
#[cfg(feature = "tls-native-roots")]
mod roots;
mod secrets;
mod special;
mod told;
mod traffic;
