//! The table at the end: a row for each case, a column for each combination.

use std::fmt::Write;

use super::cases::Case;
use super::matrix::Combo;
use super::runner::{Outcome, Run};
use crate::summary::Summary;

/// Counts the runs; those that are off count as skipped.
pub(crate) fn summary(runs: &[Run]) -> Summary {
    let mut summary = Summary::default();
    for run in runs {
        match run.outcome {
            Outcome::Passed => summary.passed += 1,
            Outcome::Failed => summary.failed += 1,
            Outcome::Off(_) | Outcome::Skipped(_) => summary.skipped += 1,
        }
    }
    summary
}

/// Returns the table of these runs, as long as it fits on a screen, and the reasons of those that
/// neither passed nor failed.
pub(crate) fn table(cases: &[&'static Case], combos: &[Combo], runs: &[Run]) -> String {
    let mut out = String::new();
    let fits = combos.len() <= MAX_COMBOS;
    let heads: [fn(&Combo) -> String; 3] = [
        |combo| combo.version.to_string(),
        |combo| combo.kind.to_string(),
        |combo| combo.role.to_string(),
    ];
    for (label, head) in ["node-ipc", "socket", "nipc is"].into_iter().zip(heads).filter(|_| fits) {
        let _ = write!(out, "{label:<NAME$}");
        for combo in combos {
            let _ = write!(out, "{:>CELL$}", head(combo));
        }
        out.push('\n');
    }
    let mut reasons = String::new();
    let was_run = |case: &&&Case| runs.iter().any(|run| run.case.name == case.name);
    for case in cases.iter().filter(was_run) {
        let _ = write!(out, "{:<NAME$}", case.name);
        for combo in combos {
            let run = runs.iter().find(|run| run.case.name == case.name && run.combo == *combo);
            let cell = match run.map(|run| (&run.outcome, run.took.as_secs_f64())) {
                None => "-".to_owned(),
                Some((Outcome::Passed, took)) => format!("ok {took:.1}s"),
                Some((Outcome::Failed, _)) => "FAILED".to_owned(),
                Some((Outcome::Off(reason), _)) => {
                    let line = format!("off: {}: {reason}\n", case.name);
                    if !reasons.contains(&line) {
                        reasons.push_str(&line);
                    }
                    "off".to_owned()
                }
                Some((Outcome::Skipped(reason), _)) => {
                    if !reasons.contains(reason) {
                        let _ = writeln!(reasons, "skipped: {} {combo}: {reason}", case.name);
                    }
                    "skipped".to_owned()
                }
            };
            let _ = write!(out, "{cell:>CELL$}");
        }
        out.push('\n');
    }
    if fits { out + &reasons } else { reasons }
}

/// As many as one version over every kind, in both roles, or as there are for Windows.
const MAX_COMBOS: usize = 12;

const NAME: usize = 21;
const CELL: usize = 10;
