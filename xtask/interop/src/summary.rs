//! `Summary`: how many runs passed, failed and were skipped.

use xtask::error::{Error, Result};

/// The counts of a command's runs.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Summary {
    /// Prints the counts and returns them as a note.
    ///
    /// # Errors
    ///
    /// With the counts, if a run failed.
    pub(crate) fn conclude(&self) -> Result<String> {
        let Self { passed, failed, skipped } = self;
        let note = format!("{passed} passed, {failed} failed, {skipped} skipped");
        println!("{note}");
        if *failed == 0 { Ok(note) } else { Err(Error::Failed(note)) }
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn a_failure_makes_it_an_error() {
        let passed = Summary { passed: 2, failed: 0, skipped: 1 };
        assert_eq!(passed.conclude().unwrap(), "2 passed, 0 failed, 1 skipped");
        assert!(Summary { failed: 1, ..passed }.conclude().is_err());
    }
}
