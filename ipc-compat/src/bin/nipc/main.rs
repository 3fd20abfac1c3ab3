//! `nipc`: talks to node-ipc processes from a shell.

mod args;
mod bench;
mod checks;
mod commands;
mod connect;
mod data;
mod emit;
mod endpoint;
mod escape;
mod exit;
mod help;
mod keepalive;
mod lines;
mod local;
mod log;
mod ls;
mod matching;
mod output;
mod port;
mod pretty;
mod raw;
mod request;
mod run;
mod sending;
mod serve;
mod session;
mod signals;
mod start;
mod stdin;
mod streams;
mod tls;
mod udp;
mod values;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};
use crate::exit::Exit;

fn main() -> ExitCode {
    let command = match Cli::try_parse().and_then(Cli::checked) {
        Ok(Cli { command }) => command,
        Err(error) => {
            help::print(&error);
            return if error.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    let runtime = match start::runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            log::say(format_args!("cannot start: {error}"));
            return Exit::Failed.into();
        }
    };
    let exit = runtime.block_on(async {
        match command {
            Command::Serve(args) => serve::run(args).await,
            Command::Connect(args) => connect::run(args).await,
            Command::Emit(args) => emit::run(args).await,
            Command::Request(args) => request::run(args).await,
            Command::Ls(args) => ls::run(args).await,
            Command::Bench(args) => bench::run(*args).await,
        }
    });
    // A host name that is still being looked up is not waited for.
    runtime.shutdown_background();
    exit.into()
}
