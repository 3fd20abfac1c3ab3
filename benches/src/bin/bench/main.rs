//! The measuring program: starts the subjects in turns, a server and a client process each, and
//! writes tables and charts of what they did.

#[cfg(unix)]
mod app;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    app::main()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "bench measures Unix sockets, which are not here");
    ExitCode::FAILURE
}
