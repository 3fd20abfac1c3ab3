//! `Results`: the figures of every round, kept in a file from which an interrupted run goes on.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use ipc_benches::Outcome;
use serde_json::{Value, json};

use super::cases::Case;
use super::subjects::Subject;
use super::{Result, stats};

/// Which round it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    case: String,
    subject: String,
    round: usize,
}

impl Key {
    pub(super) fn new(case: &Case, subject: &Subject, round: usize) -> Self {
        Self { case: case.name.clone(), subject: subject.name.to_owned(), round }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, round {}", self.case, self.subject, self.round + 1)
    }
}

/// The figures of every round.
#[derive(Debug)]
pub(super) struct Results {
    file: File,
    rounds: BTreeMap<Key, Result<Outcome, String>>,
}

impl Results {
    /// Opens the file of results. What is in it counts if it was measured on the same `machine`
    /// and of the same thing, unless all is to be `fresh`.
    pub(super) fn open(path: &Path, machine: &str, fresh: bool) -> Result<Self> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let head = json!({ "machine": machine }).to_string();
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let mut lines = text.lines();
        let goes_on = !fresh && lines.next() == Some(head.as_str());
        let mut rounds = BTreeMap::new();
        if goes_on {
            // The last line may be cut off; that round is measured again.
            rounds.extend(lines.filter_map(read));
        }
        let mut file = File::create(path)?;
        writeln!(file, "{head}")?;
        drop(file);
        let mut results =
            Self { file: OpenOptions::new().append(true).open(path)?, rounds: BTreeMap::new() };
        for (key, outcome) in rounds {
            results.add(key, outcome)?;
        }
        Ok(results)
    }

    /// Returns whether this round went well already.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.rounds.get(key).is_some_and(Result::is_ok)
    }

    /// Keeps the figures of a round, in the file too.
    pub(super) fn add(&mut self, key: Key, outcome: Result<Outcome, String>) -> Result<()> {
        let Key { case, subject, round } = &key;
        let mut line = json!({ "case": case, "subject": subject, "round": round });
        match &outcome {
            Ok(outcome) => {
                // To a millionth: with all its digits a figure may be read back as its neighbour.
                let rounded = |value: f64| json!((value * 1e6).round() / 1e6);
                let figures = outcome.iter().map(|(name, value)| (name.to_owned(), rounded(value)));
                line["figures"] = Value::Object(figures.collect());
            }
            Err(error) => line["failed"] = json!(error),
        }
        writeln!(self.file, "{line}")?;
        self.file.flush()?;
        self.rounds.insert(key, outcome);
        Ok(())
    }

    /// Returns one figure of every round of a case that went well, by round.
    pub(super) fn figures(&self, case: &str, subject: &str, figure: &str) -> Vec<(usize, f64)> {
        let mut found = Vec::new();
        for (key, outcome) in &self.rounds {
            if key.case == case && key.subject == subject {
                let value = outcome.as_ref().ok().and_then(|outcome| outcome.get(figure));
                found.extend(value.map(|value| (key.round, value)));
            }
        }
        found
    }

    /// Returns the median of a figure.
    pub(super) fn median(&self, case: &str, subject: &str, figure: &str) -> Option<f64> {
        let figures = self.figures(case, subject, figure);
        stats::median(figures.into_iter().map(|(_, value)| value).collect())
    }

    /// Returns by what factor a figure of one case and subject is that of another: the median of
    /// the ratios of the same rounds, which followed each other.
    pub(super) fn ratio(
        &self,
        (case, subject): (&str, &str),
        (other_case, other): (&str, &str),
        figure: &str,
    ) -> Option<f64> {
        let others: BTreeMap<_, _> = self.figures(other_case, other, figure).into_iter().collect();
        let ratios = self.figures(case, subject, figure).into_iter();
        let ratios = ratios.filter_map(|(round, value)| Some(value / others.get(&round)?));
        stats::median(ratios.collect())
    }

    /// Returns what went wrong.
    pub(super) fn failures(&self) -> Vec<(&Key, &str)> {
        self.rounds
            .iter()
            .filter_map(|(key, outcome)| Some((key, outcome.as_ref().err()?.as_str())))
            .collect()
    }

    /// Returns the medians of a case: subject, figure.
    pub(super) fn medians(&self, case: &str) -> BTreeMap<String, BTreeMap<String, f64>> {
        let mut subjects: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
        for (key, outcome) in self.rounds.iter().filter(|(key, _)| key.case == case) {
            let Ok(outcome) = outcome else { continue };
            let figures = subjects.entry(key.subject.clone()).or_default();
            for (name, _) in outcome.iter() {
                if let Some(median) = self.median(case, &key.subject, name) {
                    figures.insert(name.to_owned(), median);
                }
            }
        }
        subjects
    }
}

fn read(line: &str) -> Option<(Key, Result<Outcome, String>)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| line.get(name)?.as_str().map(str::to_owned);
    let round = usize::try_from(line.get("round")?.as_u64()?).ok()?;
    let key = Key { case: text("case")?, subject: text("subject")?, round };
    if let Some(error) = text("failed") {
        return Some((key, Err(error)));
    }
    let figures = line.get("figures")?.as_object()?.iter();
    let figures = figures.filter_map(|(name, value)| Some((name.as_str(), value.as_f64()?)));
    Some((key, Ok(figures.collect())))
}
