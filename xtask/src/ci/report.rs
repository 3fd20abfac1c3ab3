//! The report at the end of a CI run: what passed, what failed, what was skipped and why.

use std::fmt::Write;
use std::time::Duration;

use crate::test_log;

/// How a step ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// With a note, such as how many tests ran; mostly an empty one.
    Passed(String),
    Failed(String),
    Skipped(String),
}

impl Ended {
    /// Returns the word for it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Passed(_) => "ok",
            Self::Failed(_) => "FAILED",
            Self::Skipped(_) => "SKIPPED",
        }
    }
}

/// The steps so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    steps: Vec<(&'static str, Duration, Ended)>,
}

impl Report {
    /// Adds a step.
    pub(super) fn add(&mut self, name: &'static str, took: Duration, ended: Ended) {
        self.steps.push((name, took, ended));
    }

    /// Returns how many steps failed.
    pub(super) fn failed(&self) -> usize {
        self.count("FAILED")
    }

    /// Returns a line for each step; what was skipped or failed says why.
    pub(super) fn table(&self) -> String {
        let mut out = String::new();
        for (name, took, ended) in &self.steps {
            let (Ended::Passed(note) | Ended::Failed(note) | Ended::Skipped(note)) = ended;
            let note = note.lines().next().unwrap_or_default();
            let seconds = took.as_secs_f64();
            let _ = writeln!(out, "{name:<18}{:<8}{seconds:>8.1} s  {note}", ended.word());
        }
        out
    }

    /// Returns the counts, in the form that test runners use.
    pub(super) fn summary(&self) -> String {
        let (passed, skipped) = (self.count("ok"), self.count("SKIPPED"));
        format!("{passed} passed, {} failed, {skipped} skipped", self.failed())
    }

    fn count(&self, word: &str) -> usize {
        self.steps.iter().filter(|(_, _, ended)| ended.word() == word).count()
    }
}

/// Returns how many tests `cargo test` said have passed, or nothing if it said nothing.
pub(super) fn tests(log: &str) -> String {
    match test_log::passed(log) {
        0 => String::new(),
        passed => format!("{passed} tests"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Ended, Report, tests};

    #[test]
    fn the_summary_counts_each_kind() {
        let mut report = Report::default();
        report.add("a", Duration::ZERO, Ended::Passed(String::new()));
        report.add("b", Duration::ZERO, Ended::Skipped("no b here".into()));
        report.add("c", Duration::ZERO, Ended::Failed("broken\nbadly".into()));
        assert_eq!(report.summary(), "1 passed, 1 failed, 1 skipped");
        assert!(report.table().contains("no b here"));
        assert!(!report.table().contains("badly"));
    }

    #[test]
    fn tests_are_added_up() {
        let log = "test result: ok. 3 passed; 0 failed\nx\ntest result: ok. 4 passed; 0 failed\n";
        assert_eq!(tests(log), "7 tests");
        assert_eq!(tests("Finished\n"), "");
    }
}
