//! `Summary`: the medians of every case, kept in a file that a run of some cases adds to.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Result;
use super::results::Results;

/// The medians of every case.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Summary {
    /// Where and what was measured.
    machine: String,
    /// The same for the cases that were measured apart from the others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    apart: BTreeMap<String, String>,
    /// Case, subject, figure.
    medians: BTreeMap<String, BTreeMap<String, BTreeMap<String, f64>>>,
}

impl Summary {
    /// Returns what the file says, which a run of some cases adds to. Without a file there is nothing yet.
    pub(super) fn read(path: &Path) -> Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(serde_json::from_str(&text)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the medians of these cases in the place of those it has of them.
    pub(super) fn add<'a>(
        &mut self,
        machine: &str,
        cases: impl IntoIterator<Item = &'a str>,
        results: &Results,
    ) {
        if self.machine.is_empty() {
            machine.clone_into(&mut self.machine);
        }
        for case in cases {
            let medians = results.medians(case);
            if medians.is_empty() {
                continue;
            }
            self.medians.insert(case.to_owned(), medians);
            if machine == self.machine {
                self.apart.remove(case);
            } else {
                self.apart.insert(case.to_owned(), machine.to_owned());
            }
        }
    }

    /// Returns a median.
    pub(super) fn median(&self, case: &str, subject: &str, figure: &str) -> Option<f64> {
        self.medians.get(case)?.get(subject)?.get(figure).copied()
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        Ok(std::fs::write(path, serde_json::to_string_pretty(self)? + "\n")?)
    }
}
