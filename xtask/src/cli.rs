//! The command line of `cargo xtask`: which command runs where, and the help.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::args::Args;
use crate::error::{Error, Result, UNAVAILABLE};
use crate::{bench, ci, delegate, fuzz, tidy};

/// Runs the command that the process's arguments name.
pub fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let command = words.next().unwrap_or_default().to_string_lossy().into_owned();
    match run(&command, words.collect()) {
        Ok(code) => code,
        Err(error) => report(&command, &error),
    }
}

/// Prints why a command failed and returns its exit status.
pub fn report(command: &str, error: &Error) -> ExitCode {
    if let Error::Unavailable(reason) = error {
        eprintln!("xtask {command}: SKIPPED: {reason}");
        return ExitCode::from(UNAVAILABLE);
    }
    eprintln!("xtask {command}: {error}");
    ExitCode::FAILURE
}

fn run(command: &str, words: Vec<OsString>) -> Result<ExitCode> {
    let passed = match command {
        name if delegate::COMMANDS.contains(&name) => return delegate::run(command, &words),
        "fuzz" => fuzz::command(Args::from_args(words))?,
        "tidy" => tidy::command(Args::from_args(words))?,
        "ci" => ci::command(Args::from_args(words))?,
        "bench" => bench::command(Args::from_args(words))?,
        "" | "help" | "-h" | "--help" => {
            println!("{HELP}");
            true
        }
        other => return Err(Error::usage(format!("no command `{other}`\n\n{HELP}"))),
    };
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const HELP: &str = "\
The project's own commands.

    cargo xtask ci [--only STEP[,STEP...]] [--list]
        Everything CI checks, step by step.
    cargo xtask interop [--version 9.2.1|14.0.0|...] [--kind unix|tcp|tls|udp4|udp6]
                        [--role server|client] [--filter TEXT] [--runs N] [--jobs N]
                        [--self-check] [--write] [--list]
        Runs `nipc` against five versions of real node-ipc from npm. The role is the one
        `nipc` plays; with --self-check node-ipc plays both, which proves the cases.
        With --write the table of what passed is put into docs/interop.md.
    cargo xtask examples [--filter TEXT]
        Runs the examples against those in node-ipc's own package, and a peer in C.
    cargo xtask patterns [--filter TEXT]
        Runs the ways people use node-ipc from beginning to end, with node-ipc 9.2.1 and 14.0.0.
    cargo xtask demo
        A short conversation between a Rust server and a node-ipc client, and the reverse.
    cargo xtask fuzz [--seconds N] [--target NAME] [--list]
        Runs the fuzz targets one after the other on a copy of the committed corpus.
    cargo xtask bench [--quick] [--own] [--only W1,W2] [--peers A,B] [--rounds N] [--fresh] [--report]
                       [--with node-ipc-requests=DIR]
        Measures this workspace beside others and writes benches/README.md's tables and charts;
        with --only or --peers it replaces those of the cases that it measures.
        An interrupted run continues where it stopped; --quick only shows that everything works, and
        --own leaves the other libraries out, which take minutes to build.
    cargo xtask bench --gate [--accept]
        Counts the instructions of the hot paths and compares them with the committed numbers.
    cargo xtask bench --size [--quick]
        Compiles a small client of this workspace and of other libraries from nothing: seconds, bytes, crates.
    cargo xtask windows [--only tests|interop] [--filter TEXT] [--write]
        Runs the tests for Windows, and real node-ipc for Windows against `nipc`, under Wine.
    cargo xtask vectors [--check]
        Records the golden vectors from real node-ipc again, or compares them.
    cargo xtask tidy [--accept-phrases]
        Checks the rules of the house that no compiler knows. With --accept-phrases it records
        how often each file still uses a phrase to be replaced.";
