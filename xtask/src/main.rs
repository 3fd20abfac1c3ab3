//! `cargo xtask`: the project's own commands, from the demo to the whole of CI.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::cli::main()
}
