//! `cargo xtask examples`: the examples of `ipc-compat` against those of node-ipc, both ways.
//!
//! To add one, add a row to `pairs.rs`.

mod pairs;
mod program;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use self::pairs::{PAIRS, Pair, Side};
use self::program::Program;
use crate::args::Args;
use crate::error::{Error, Result};
use crate::{npm, proc, repo};

/// How many pairs ran, and why some did not.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

/// What the sides are made of.
#[derive(Debug)]
struct Tools {
    /// Where cargo puts examples.
    examples: PathBuf,
    /// The package of node-ipc with its examples, or why there is none.
    node_ipc: Result<PathBuf, String>,
    /// The C compiler, or why there is none.
    cc: Result<&'static str, String>,
}

/// Runs the command and returns whether every pair that could run did what it should.
///
/// # Errors
///
/// If something does not build.
pub(crate) fn command(mut args: Args) -> Result<bool> {
    let filter: Option<String> = args.option("--filter")?;
    args.finish()?;
    Ok(run(filter.as_deref().unwrap_or_default())?.failed == 0)
}

/// Runs the pairs whose names contain `filter`.
///
/// # Errors
///
/// If something does not build.
pub(crate) fn run(filter: &str) -> Result<Summary> {
    let tools = tools()?;
    let mut summary = Summary::default();
    for pair in PAIRS.iter().filter(|pair| pair.name.contains(filter)) {
        let began = Instant::now();
        let (word, note) = match try_pair(&tools, pair) {
            Ok(()) => ("ok", String::new()),
            Err(Error::Unavailable(reason)) => ("SKIPPED", reason),
            Err(error) => ("FAILED", error.to_string()),
        };
        match word {
            "ok" => summary.passed += 1,
            "SKIPPED" => summary.skipped += 1,
            _ => summary.failed += 1,
        }
        println!("{:<34} {word:<8}{:>6.1} s  {note}", pair.name, began.elapsed().as_secs_f64());
    }
    let Summary { passed, failed, skipped } = summary;
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    Ok(summary)
}

fn tools() -> Result<Tools> {
    if !cfg!(unix) {
        return Err(Error::Unavailable("the examples meet on Unix sockets".into()));
    }
    let target = repo::target_dir()?;
    proc::show(repo::cargo().args(["build", "--quiet", "-p", "ipc-compat", "--examples"]))?;
    let node_ipc = match (proc::is_there("node"), proc::is_there(npm::program())) {
        (true, true) => {
            let dir = target.join("interop").join(WITH_EXAMPLES);
            Ok(npm::package(&dir, &format!("node-ipc@{WITH_EXAMPLES}"), "node-ipc")?)
        }
        _ => Err("node and npm are not installed".into()),
    };
    let cc = if proc::is_there("cc") { Ok("cc") } else { Err("there is no `cc`".into()) };
    Ok(Tools { examples: target.join("debug").join("examples"), node_ipc, cc })
}

/// Runs one pair in a directory of its own until both have said what they should.
fn try_pair(tools: &Tools, pair: &Pair) -> Result<()> {
    // Short, since the path of a Unix socket holds 107 bytes only.
    let dir = std::env::temp_dir().join(format!("xe{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir)?;
    let result = talk(tools, pair, &dir);
    let _ = std::fs::remove_dir_all(&dir);
    result
}

fn talk(tools: &Tools, pair: &Pair, dir: &Path) -> Result<()> {
    let server = start(tools, &pair.server, dir)?;
    let socket = dir.join("app.world");
    let deadline = Instant::now() + PATIENCE;
    // Not every program waits for its server.
    server.until("its socket", deadline, |_| socket.exists())?;
    let client = start(tools, &pair.client, dir)?;
    for (program, said) in [(&server, pair.server_says), (&client, pair.client_says)] {
        for words in said {
            program.until(words, deadline, |text| text.contains(words)).map_err(|error| {
                Error::Failed(format!("{error}\n{}{}", server.transcript(), client.transcript()))
            })?;
        }
    }
    Ok(())
}

fn start(tools: &Tools, side: &Side, dir: &Path) -> Result<Program> {
    // Plain text joining makes the path of a socket, so the `/` belongs to the directory.
    let root = format!("{}/", dir.display());
    let mut command = match side {
        Side::Rust(name) => {
            let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
            let mut command = Command::new(tools.examples.join(name));
            command.arg(root);
            command
        }
        Side::Js(path) => {
            let package = tools.node_ipc.as_ref().map_err(|why| Error::Unavailable(why.clone()))?;
            let mut command = Command::new("node");
            command.arg("-r").arg(repo::root().join("xtask/examples/preload.cjs"));
            command.arg(package.join("example").join(path));
            command.env("NODE_IPC_DIR", package).env("SOCKET_ROOT", root);
            command
        }
        Side::C(name) => {
            let cc = tools.cc.as_ref().map_err(|why| Error::Unavailable(why.clone()))?;
            let program = dir.join(name);
            let source = repo::root().join(format!("ipc-compat/examples/{name}.c"));
            proc::capture(Command::new(cc).arg("-o").arg(&program).arg(source))?;
            let mut command = Command::new(program);
            command.arg(dir.join("app.world"));
            command
        }
    };
    Program::start(&mut command)
}

/// The last version of node-ipc whose package has its examples.
const WITH_EXAMPLES: &str = "8.10.3";

/// What a pair may take: the examples of node-ipc pause 1.5 s before they dial again.
const PATIENCE: Duration = Duration::from_secs(60);
