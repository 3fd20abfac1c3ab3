//! What real node-ipc did, recorded, against what we do.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

#[cfg(unix)]
#[macro_use]
#[path = "../../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

mod frames;
// Recorded on Linux; on Windows `assured` takes no local socket.
#[cfg(unix)]
mod profiles;
mod roots;
mod table;
mod values;
