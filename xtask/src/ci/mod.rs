//! `cargo xtask ci`: everything that is checked before a change lands, step by step.

mod release;
mod report;
mod steps;
mod workflow;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use lexopt::prelude::*;

use self::report::{Ended, Report};
use self::steps::Work;
use crate::args::{self, Args};
use crate::error::{Error, Result};
use crate::{delegate, proc, repo, test_log, tests_there};

/// Runs the command and returns whether no step failed.
///
/// # Errors
///
/// If the words are wrong or there is no place for the logs.
pub(crate) fn command(mut args: Args) -> Result<bool> {
    let (mut only, mut list) = (Vec::new(), false);
    while let Some(arg) = args.next()? {
        match arg {
            Long("only") => only.extend(args::list(&mut args)?),
            Long("list") => list = true,
            _ => return Err(arg.unexpected().into()),
        }
    }
    let steps = steps::all();
    for name in &only {
        if !steps.iter().any(|step| step.name == name) {
            return Err(Error::usage(format!("no step `{name}`; `--list` shows all")));
        }
    }
    if list {
        for step in &steps {
            println!("{:<18}{}", step.name, step.about);
        }
        return Ok(true);
    }
    let logs = repo::target_dir()?.join("ci");
    fs::create_dir_all(&logs)?;
    let began = Instant::now();
    let mut report = Report::default();
    for step in steps {
        if !only.is_empty() && !only.iter().any(|name| step.name == name) {
            continue;
        }
        println!("=== {}: {}", step.name, step.about);
        let step_began = Instant::now();
        let left = WHOLE.saturating_sub(began.elapsed());
        let ended = run(step.work, &logs.join(format!("{}.log", step.name)), left);
        let took = step_began.elapsed();
        println!("=== {}: {} ({:.1} s)\n", step.name, ended.word(), took.as_secs_f64());
        report.add(step.name, took, ended);
    }
    print!("{}", report.table());
    println!("in {:.1} min", began.elapsed().as_secs_f64() / 60.0);
    println!("{}", report.summary());
    Ok(report.failed() == 0)
}

/// Does a step's work. A failure is shown at once, with the end of what was printed.
fn run(work: Work, log: &Path, left: Duration) -> Ended {
    let result = match work {
        Work::Own(function) => function(),
        Work::Interop(words) => delegate::step(words),
        Work::Commands(prepare) => commands(prepare, log, left).map(|said| report::tests(&said)),
        Work::Tests(prepare) => commands(prepare, log, left).and_then(|said| {
            let missing = tests_there::not_run(&said)?;
            if missing.is_empty() {
                return Ok(report::tests(&said));
            }
            Err(Error::Failed(missing.join("\n")))
        }),
    };
    match result {
        Ok(note) => Ended::Passed(note),
        Err(Error::Unavailable(reason)) => Ended::Skipped(reason),
        Err(Error::Failed(reason)) => {
            println!("{reason}");
            Ended::Failed(reason)
        }
    }
}

/// Runs commands, all of them, and returns what they printed.
fn commands(prepare: fn() -> Result<Vec<Command>>, log: &Path, left: Duration) -> Result<String> {
    let commands = prepare()?;
    let _ = fs::remove_file(log);
    let mut failures = Vec::new();
    for mut command in commands {
        println!("$ {}", proc::describe(&command));
        if let Err(error) = proc::logged(&mut command, log, left.min(STEP)) {
            failures.push(error.to_string());
        }
    }
    let said = fs::read_to_string(log).unwrap_or_default();
    if failures.is_empty() {
        return Ok(said);
    }
    println!("{}", test_log::end_of(&said));
    // The last lines of a run are what is read first.
    failures.extend(test_log::failed(&said).into_iter().map(str::to_owned));
    Err(Error::Failed(failures.join("; ")))
}

/// What a run may take as a whole; each step is ended when this is over.
const WHOLE: Duration = Duration::from_secs(75 * 60);
/// What one command may take: far more than any does, so that a hang is found and named.
const STEP: Duration = Duration::from_secs(25 * 60);
