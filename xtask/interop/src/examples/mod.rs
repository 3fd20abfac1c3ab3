//! `cargo xtask examples`: the examples of `ipc-compat` against those of node-ipc, both ways.
//!
//! To add one, add a row to `pairs.rs`.

mod pairs;
mod place;
mod program;
mod side;

use std::iter;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self::pairs::EXAMPLES;
use self::place::Place;
use self::program::Program;
use self::side::Side;
use crate::suite::Certificates;
use crate::summary::Summary;
use xtask::args::{self, Args};
use xtask::error::{Error, Result};
use xtask::node::Version;
use xtask::{npm, proc, repo};

/// What the sides are made of.
#[derive(Debug)]
struct Tools {
    /// Where cargo puts examples.
    examples: PathBuf,
    /// node-ipc with its examples, and the version that most programs use; or why there is none.
    node_ipc: Result<[PathBuf; 2], String>,
    /// Made anew for each run.
    certificates: Certificates,
    /// The C compiler, or why there is none.
    cc: Result<&'static str, String>,
}

impl Tools {
    /// Returns the directory of node-ipc with its examples.
    fn with_examples(&self) -> Result<&Path> {
        self.packages().map(|[package, _]| package.as_path())
    }

    /// Returns the directory of the node-ipc that most programs use.
    fn node_ipc(&self) -> Result<&Path> {
        self.packages().map(|[_, package]| package.as_path())
    }

    fn packages(&self) -> Result<&[PathBuf; 2]> {
        self.node_ipc.as_ref().map_err(|why| Error::Unavailable(why.clone()))
    }
}

/// Runs the command and returns how much passed.
///
/// # Errors
///
/// If a pair failed, the words are wrong or something does not build.
pub(crate) fn command(mut args: Args) -> Result<String> {
    run(&args::filter(&mut args)?)?.conclude()
}

/// Runs the pairs whose names contain `filter`.
///
/// # Errors
///
/// If something does not build.
fn run(filter: &str) -> Result<Summary> {
    let tools = tools()?;
    let mut summary = Summary::default();
    for example in EXAMPLES.iter().filter(|example| example.name.contains(filter)) {
        for server in example.servers {
            for &clients in example.clients {
                // node-ipc with itself is not tested here.
                if server.is_rust() || clients.iter().any(Side::is_rust) {
                    meet(&tools, &mut summary, example.name, server, clients);
                }
            }
        }
    }
    Ok(summary)
}

fn tools() -> Result<Tools> {
    if !cfg!(unix) {
        return Err(Error::Unavailable("the examples meet on Unix sockets".into()));
    }
    let target = repo::target_dir()?;
    proc::show(repo::cargo().args([
        "build",
        "--quiet",
        "-p",
        "ipc-compat",
        "-p",
        "ipc-core",
        "--examples",
    ]))?;
    let node_ipc = match (proc::is_there("node"), proc::is_there(npm::program())) {
        (true, true) => {
            let package = |version: Version| {
                let dir = target.join("interop").join(version.number());
                npm::package(&dir, &format!("node-ipc@{version}"), "node-ipc")
            };
            Ok([package(WITH_EXAMPLES)?, package(Version::V9)?])
        }
        _ => Err("node and npm are not installed".into()),
    };
    let certificates = Certificates::make()?;
    let cc = if proc::is_there("cc") { Ok("cc") } else { Err("there is no `cc`".into()) };
    Ok(Tools { examples: target.join("debug").join("examples"), node_ipc, certificates, cc })
}

/// Runs a server with its clients and prints the outcome.
fn meet(
    tools: &Tools,
    summary: &mut Summary,
    name: &str,
    server: &'static Side,
    clients: &'static [Side],
) {
    let began = Instant::now();
    let (word, note) = match Place::new().and_then(|place| converse(tools, &place, server, clients))
    {
        Ok(()) => ("ok", String::new()),
        Err(Error::Unavailable(reason)) => ("SKIPPED", reason),
        Err(error) => ("FAILED", error.to_string()),
    };
    match word {
        "ok" => summary.passed += 1,
        "SKIPPED" => summary.skipped += 1,
        _ => summary.failed += 1,
    }
    let peers: Vec<_> = clients.iter().map(Side::language).collect();
    let who = format!("{name}: {} serves {}", server.language(), peers.join(" and "));
    println!("{who:<60} {word:<8}{:>6.1} s  {note}", began.elapsed().as_secs_f64());
}

/// Runs a server with its clients; an error ends with the output of all of them.
fn converse(
    tools: &Tools,
    place: &Place,
    server: &'static Side,
    clients: &'static [Side],
) -> Result<()> {
    let mut server = Program::start(server, &mut server.command(tools, place)?)?;
    let mut programs = Vec::new();
    let result = (|| {
        let deadline = Instant::now() + TIMEOUT;
        // Over UDP, and from some clients, what is sent before the server listens is lost.
        server.until("listening on ", deadline)?;
        for client in clients {
            programs.push(Program::start(client, &mut client.command(tools, place)?)?);
        }
        until_done(&mut server, &mut programs, deadline)
    })();
    result.map_err(|error| {
        let said: String = iter::once(&server).chain(&programs).map(Program::transcript).collect();
        if matches!(error, Error::Unavailable(_)) {
            error
        } else {
            format!("{error}\n{said}").into()
        }
    })
}

/// Waits until every program has printed what it should, and those that exit by themselves have done so.
fn until_done(server: &mut Program, clients: &mut [Program], deadline: Instant) -> Result<()> {
    for program in iter::once(&mut *server).chain(&mut *clients) {
        program.until_all_said(deadline)?;
    }
    for client in &mut *clients {
        client.until_ended(deadline)?;
    }
    // A server ends when its clients are gone.
    clients.iter_mut().for_each(Program::kill);
    server.until_ended(deadline)
}

/// The last version of node-ipc whose package has its examples.
const WITH_EXAMPLES: Version = Version::V8;

/// The limit for one pair on a busy machine; on an idle one it takes less than a second.
const TIMEOUT: Duration = Duration::from_secs(60);
