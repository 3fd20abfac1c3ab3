//! `cargo xtask bench`: builds the subjects, measures them, and writes figures and charts.

mod gate;
mod peers;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Args;
use crate::error::Result;
use crate::{proc, repo};

/// Runs the command and returns whether every round went well.
///
/// # Errors
///
/// If the words are wrong or something does not build.
pub(crate) fn command(mut args: Args) -> Result<bool> {
    if args.flag("--gate") {
        let accept = args.flag("--accept");
        args.finish()?;
        return gate::run(&repo::target_dir()?, accept);
    }
    let quick = args.flag("--quick");
    let own = args.flag("--own");
    let mut passed_on = Vec::new();
    for flag in ["--fresh", "--report", "--no-pin"] {
        if args.flag(flag) {
            passed_on.push(flag.to_owned());
        }
    }
    for option in ["--only", "--peers", "--rounds"] {
        for value in args.list(option)? {
            passed_on.extend([option.to_owned(), value]);
        }
    }
    args.finish()?;
    let target = repo::target_dir()?;
    let mut bench = Command::new(build(&target)?);
    bench.current_dir(repo::root()).args(passed_on);
    let results = if quick { "bench/quick.jsonl" } else { "bench/results.jsonl" };
    bench.arg("--results").arg(target.join(results)).args(["--label", &label()?]);
    // Other libraries take minutes to build.
    if !own {
        peers::add(&mut bench, &target)?;
    }
    if quick {
        bench.arg("--quick");
    } else {
        let at = repo::root().join("benches");
        bench.arg("--readme").arg(at.join("README.md")).arg("--charts").arg(at.join("charts"));
        bench.arg("--summary").arg(at.join("results/summary.json"));
    }
    println!("$ {}", proc::describe(&bench));
    Ok(proc::show(&mut bench).is_ok())
}

/// Builds the programs of this workspace and returns where the measuring one is.
fn build(target: &Path) -> Result<PathBuf> {
    proc::show(repo::cargo().args([
        "build",
        "--release",
        "--locked",
        "-p",
        "ipc-benches",
        "--bins",
    ]))?;
    Ok(target.join("release").join(format!("bench{}", std::env::consts::EXE_SUFFIX)))
}

/// Returns what is measured: the commit, the compiler, and the day.
fn label() -> Result<String> {
    let git =
        |words: &[&str]| proc::capture(Command::new("git").current_dir(repo::root()).args(words));
    let commit = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_default();
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).unwrap_or_default();
    // What a run writes itself does not count as a change.
    let changed = changed.lines().any(|line| !line.contains("benches/"));
    let rustc = proc::capture(Command::new("rustc").arg("--version"))?;
    let rustc: Vec<&str> = rustc.split(' ').take(2).collect();
    let (commit, note) = (commit.trim(), if changed { " with changes" } else { "" });
    Ok(format!("commit {commit}{note}, {}", rustc.join(" ")))
}
