//! The runner: every case over every combination, a few at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::cases::Case;
use super::matrix::{Combo, Kind};
use super::off::Off;
use super::room::{Room, Setup};
use xtask::error::Error;

/// One run of one case.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) case: &'static Case,
    pub(crate) combo: Combo,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    /// It failed, as the list of cases that are off says.
    Off(String),
    /// It could not be tried here.
    Skipped(String),
}

/// Runs `tasks`, `jobs` at a time, and prints why a run failed as soon as it has.
///
/// After [`MAX_FAILURES`] the rest is not tried: where nothing works each run takes its whole time.
pub(crate) fn run(
    setup: &Setup,
    off: &Off,
    tasks: Vec<(&'static Case, Combo)>,
    jobs: usize,
) -> Vec<Run> {
    let tasks = Mutex::new(tasks.into_iter());
    let done = Mutex::new(Vec::new());
    let failures = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((case, combo)) = task else { break };
                    let run = if failures.load(Ordering::Relaxed) < MAX_FAILURES {
                        run_one(setup, off, case, combo)
                    } else {
                        let outcome = Outcome::Skipped("too many had failed before".into());
                        Run { case, combo, outcome, took: Duration::ZERO }
                    };
                    if matches!(run.outcome, Outcome::Failed) {
                        failures.fetch_add(1, Ordering::Relaxed);
                    }
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(run);
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

const MAX_FAILURES: usize = 30;

fn run_one(setup: &Setup, off: &Off, case: &'static Case, combo: Combo) -> Run {
    let began = Instant::now();
    let reason = off.reason(case.name, combo);
    if let (Some(reason), true) = (reason, off.is_all(combo)) {
        let outcome = Outcome::Off(reason.to_owned());
        return Run { case, combo, outcome, took: Duration::ZERO };
    }
    // What is expected to fail mostly fails by silence, so it is given less time for it.
    let (step, whole) = if reason.is_some() { (3, 10) } else { (15, 60) };
    let more = setup.runs.unwrap_or(0) as u64 / 10;
    let (step, whole) = (Duration::from_secs(step), Duration::from_secs(whole + more));
    let mut room = Room::new(combo, setup, step, whole);
    let mut result = room.as_ref().map_err(Clone::clone).and_then(|room| (case.run)(room));
    if let (Err(error), Ok(first)) = (&result, &room) {
        if combo.kind == Kind::Pipe && node_never_spoke(&error.to_string(), &first.transcripts()) {
            println!("REPEATED {} {combo}: {error}, and it printed nothing", case.name);
            room = Room::new(combo, setup, step, whole);
            result = room.as_ref().map_err(Clone::clone).and_then(|room| (case.run)(room));
        }
    }
    let outcome = match (result, reason) {
        (Ok(()), None) => Outcome::Passed,
        (Ok(()), Some(reason)) => {
            let stale = format!("it is off (\"{reason}\") but passes: its entry is stale");
            report(case, combo, &stale, "");
            Outcome::Failed
        }
        (Err(Error::Unavailable(reason)), _) => Outcome::Skipped(reason),
        (Err(_), Some(reason)) => Outcome::Off(reason.to_owned()),
        (Err(error), None) => {
            let transcripts = room.as_ref().map(Room::transcripts).unwrap_or_default();
            report(case, combo, &error.to_string(), &transcripts);
            Outcome::Failed
        }
    };
    Run { case, combo, outcome, took: began.elapsed() }
}

/// Returns whether node-ipc's process ended at once and without a word, which Node for Windows does
/// under Wine once in some hundred starts on a busy machine. That says nothing of us: no byte went
/// either way. One of ours that does so is a failure.
fn node_never_spoke(error: &str, transcripts: &str) -> bool {
    let ended = error.starts_with("node-ipc ") && error.contains(": ended without `");
    ended && !transcripts.contains(" ms < ") && !transcripts.contains(" ms ! ")
}

fn report(case: &Case, combo: Combo, reason: &str, transcripts: &str) {
    // One call, so that two failures at once do not mix.
    println!("FAILED {} {combo}: {reason}\n{transcripts}", case.name);
}

#[cfg(test)]
mod tests {
    use super::node_never_spoke;

    #[test]
    fn only_a_node_without_a_word_is_started_again() {
        let started = "  --- 1 node-ipc serve\n         0 ms $ node peer.cjs serve world\n";
        let ended = "node-ipc serve: ended without `start`";
        assert!(node_never_spoke(ended, started));
        assert!(!node_never_spoke("nipc serve: ended without `start`", started));
        assert!(!node_never_spoke("node-ipc serve: waited in vain for `start`", started));
        for mark in ['<', '!'] {
            let spoke = format!("{started}         5 ms {mark} a word\n");
            assert!(!node_never_spoke(ended, &spoke));
        }
    }
}
