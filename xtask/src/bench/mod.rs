//! `cargo xtask bench`: builds the subjects, measures them, and writes figures and charts.

mod gate;
mod peers;
mod size;

use std::path::{Path, PathBuf};
use std::process::Command;

use lexopt::prelude::*;

use crate::args::{self, Args};
use crate::error::{Error, Result};
use crate::{proc, repo};

/// Runs the command and returns whether every round succeeded.
///
/// # Errors
///
/// If the words are wrong or something does not build.
pub(crate) fn command(mut args: Args) -> Result<bool> {
    let (mut gate, mut accept, mut size) = (false, false, false);
    let (mut quick, mut own) = (false, false);
    let mut passed_on = Vec::new();
    while let Some(arg) = args.next()? {
        match arg {
            Long("gate") => gate = true,
            Long("accept") => accept = true,
            Long("size") => size = true,
            Long("quick") => quick = true,
            Long("own") => own = true,
            Long(flag @ ("fresh" | "report" | "no-pin")) => passed_on.push(format!("--{flag}")),
            Long(option @ ("only" | "peers" | "rounds")) => {
                let option = format!("--{option}");
                for value in args::list(&mut args)? {
                    passed_on.extend([option.clone(), value]);
                }
            }
            Long("with") => {
                passed_on.extend(["--with".to_owned(), args.value()?.string()?]);
            }
            _ => return Err(arg.unexpected().into()),
        }
    }
    if (accept && !gate) || gate && (quick || own || !passed_on.is_empty()) {
        return Err(Error::usage("--gate takes --accept and nothing else"));
    }
    if size && (gate || own || !passed_on.is_empty()) {
        return Err(Error::usage("--size takes --quick and nothing else"));
    }
    if size {
        return size::run(quick).map(|()| true);
    }
    if gate {
        return run_gate(accept);
    }
    measure(quick, own, &passed_on)
}

/// Compares the instruction counts of the hot paths, or accepts new ones, and returns whether none
/// is higher.
///
/// # Errors
///
/// If something does not build, or the tools are missing.
pub(crate) fn run_gate(accept: bool) -> Result<bool> {
    gate::run(&repo::target_dir()?, accept)
}

/// Measures, with these options for the measuring program, and returns whether every round succeeded.
///
/// # Errors
///
/// If something does not build.
pub(crate) fn measure(quick: bool, own: bool, options: &[String]) -> Result<bool> {
    let target = repo::target_dir()?;
    let mut bench = Command::new(build(&target)?);
    bench.current_dir(repo::root()).args(options);
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
