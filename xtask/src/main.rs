//! `cargo xtask`: the project's own commands, from the demo to the whole of CI.
#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program: it prints, measures time, reads its environment and waits for processes"
)]

mod apt;
mod args;
mod bench;
mod ci;
mod demo;
mod error;
mod examples;
mod fuzz;
mod interop;
mod json;
mod nipc;
mod node;
mod npm;
mod patterns;
mod proc;
mod repo;
mod test_log;
mod tests_there;
mod tidy;
mod tools;
mod vectors;
mod windows;
mod wine;

use std::process::ExitCode;

use crate::args::Args;
use crate::error::{Error, Result};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    match run(&command, Args::new(words)) {
        Ok(code) => code,
        Err(Error::Unavailable(reason)) => {
            eprintln!("xtask {command}: SKIPPED: {reason}");
            ExitCode::from(UNAVAILABLE)
        }
        Err(error) => {
            eprintln!("xtask {command}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, args: Args) -> Result<ExitCode> {
    let passed = match command {
        "interop" => interop::command(args)?,
        "demo" => demo::command(args)?,
        "examples" => examples::command(args)?,
        "patterns" => patterns::command(args)?,
        "fuzz" => fuzz::command(args)?,
        "windows" => windows::command(args)?,
        "vectors" => vectors::command(args)?,
        "tidy" => tidy::command(args)?,
        "ci" => ci::command(args)?,
        "bench" => bench::command(args)?,
        "" | "help" | "-h" | "--help" => {
            println!("{HELP}");
            true
        }
        other => return Err(Error::usage(format!("no command `{other}`\n\n{HELP}"))),
    };
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The exit status of a command that cannot run here at all.
const UNAVAILABLE: u8 = 77;

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
        Measures this workspace beside others and writes benches/README.md's tables and charts.
        An interrupted run goes on where it was; --quick only shows that everything works, and
        --own leaves the other libraries out, which take minutes to build.
    cargo xtask bench --gate [--accept]
        Counts the instructions of the hot paths and compares them with the committed numbers.
    cargo xtask windows [--only tests|interop] [--filter TEXT] [--write]
        Runs the tests for Windows, and real node-ipc for Windows against `nipc`, under Wine.
    cargo xtask vectors [--check]
        Records the golden vectors from real node-ipc again, or compares them.
    cargo xtask tidy
        Checks the rules of the house that no compiler knows.";
