//! Measures this workspace against a raw byte echo and against the crate node-ipc, over a socket
//! between two processes.

#[cfg(unix)]
mod harness;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    harness::main()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "two_process measures Unix sockets, which are not here");
    ExitCode::FAILURE
}
