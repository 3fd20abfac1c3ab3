//! The commands of `cargo xtask` that need node-ipc or run whole conversations; `xtask` starts this program.
#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program: it prints, measures time, reads its environment and waits for processes"
)]

mod demo;
mod examples;
mod json;
mod nipc;
mod patterns;
mod suite;
mod summary;
mod vectors;
mod windows;
mod wine;

use std::process::ExitCode;

use xtask::args::Args;
use xtask::error::{Error, Result};
use xtask::{cli, delegate};

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let command = words.next().unwrap_or_default().to_string_lossy().into_owned();
    match run(&command, Args::from_args(words)) {
        Ok(note) => {
            delegate::leave_note(&note);
            ExitCode::SUCCESS
        }
        Err(error) => {
            delegate::leave_note(&error.to_string());
            cli::report(&command, &error)
        }
    }
}

/// Runs a command and returns a note of what passed.
fn run(command: &str, args: Args) -> Result<String> {
    match command {
        "interop" => suite::command(args),
        "demo" => demo::command(args),
        "examples" => examples::command(args),
        "patterns" => patterns::command(args),
        "windows" => windows::command(args),
        "vectors" => vectors::command(args),
        other => Err(Error::usage(format!("no command `{other}`: see `cargo xtask help`"))),
    }
}

#[cfg(test)]
mod tests {
    use xtask::args::Args;
    use xtask::delegate;

    #[test]
    fn every_command_that_xtask_passes_on_is_known() {
        for command in delegate::COMMANDS {
            let error = super::run(command, Args::from_args(["--no-such-option"])).unwrap_err();
            assert!(error.to_string().contains("--no-such-option"), "{command}: {error}");
        }
        assert!(super::run("other", Args::from_args(["a"])).is_err());
    }
}
