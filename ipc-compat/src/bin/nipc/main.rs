//! `nipc`: talks to node-ipc processes from a shell.

mod cli;
mod commands;
mod exit;
mod io;
mod start;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::commands::{bench, call, connect, emit, ls, request, serve};
use crate::exit::Exit;
use crate::io::stderr::say;
use crate::io::usage;

fn main() -> ExitCode {
    let command = match Cli::try_parse().and_then(Cli::checked) {
        Ok(Cli { command }) => command,
        Err(error) => {
            usage::print(&error);
            return if error.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    let runtime = match start::runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(format_args!("cannot start: {error}"));
            return Exit::Failed.into();
        }
    };
    let exit = runtime.block_on(async {
        match command {
            Command::Serve(args) => serve::run(args).await,
            Command::Connect(args) => connect::run(args).await,
            Command::Emit(args) => emit::run(args).await,
            Command::Request(args) => request::run(args).await,
            Command::Call(args) => call::run(args).await,
            Command::Ls(args) => ls::run(args).await,
            Command::Bench(args) => bench::run(*args).await,
        }
    });
    // Does not wait for a host name that is still being resolved.
    runtime.shutdown_background();
    exit.into()
}
