//! The small table of `docs/interop.md`: how many runs passed for each version over each kind of
//! socket.

use std::fmt::Write;
use std::fs;

use super::matrix::{Kind, Mode};
use super::runner::{Outcome, Run};
use xtask::error::{Error, Result};
use xtask::node::Version;
use xtask::repo;

/// Returns the table in Markdown: passed of all, both roles together. A cell that was not run is the
/// one of the table `before`, or `-`.
pub(crate) fn markdown(runs: &[Run], before: &str) -> String {
    let mut out = head();
    let before = rows(before);
    for (row, version) in Version::ALL.into_iter().enumerate() {
        let _ = write!(out, "| {version} |");
        for (column, (kind, mode)) in (1..).zip(columns()) {
            let here: Vec<&Run> = runs
                .iter()
                .filter(|run| run.combo.version == version && run.combo.kind == kind)
                .filter(|run| run.case.mode == mode)
                .collect();
            let passed = here.iter().filter(|run| matches!(run.outcome, Outcome::Passed)).count();
            let was = before.get(row).and_then(|row| row.get(column)).copied().unwrap_or("-");
            let _ = if here.is_empty() {
                write!(out, " {was} |")
            } else if here.iter().all(|run| matches!(run.outcome, Outcome::Off(_))) {
                write!(out, " - |")
            } else {
                write!(out, " {passed}/{} |", here.len())
            };
        }
        out.push('\n');
    }
    out
}

/// Puts the table of these runs into `docs/interop.md`; cells that were not run stay as they are.
///
/// # Errors
///
/// If the page has no place for it.
pub(crate) fn write(runs: &[Run]) -> Result<()> {
    let path = repo::root().join(PAGE);
    let text = fs::read_to_string(&path)?;
    let (before, table, after) = split(&text)?;
    Ok(fs::write(path, format!("{before}{}{after}", markdown(runs, table)))?)
}

/// Returns the cells of the table, if its columns are those there are.
pub(super) fn rows(table: &str) -> Vec<Vec<&str>> {
    let rows = table.strip_prefix(head().as_str()).unwrap_or_default();
    rows.lines().map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

pub(super) fn head() -> String {
    let mut out = String::from("| node-ipc |");
    for (kind, mode) in columns() {
        match mode {
            Mode::Framed => _ = write!(out, " {kind} |"),
            Mode::Raw => _ = write!(out, " {kind} raw |"),
        }
    }
    out.push_str("\n|---|");
    out.push_str(&"---|".repeat(columns().count()));
    out.push('\n');
    out
}

pub(super) fn columns() -> impl Iterator<Item = (Kind, Mode)> {
    Kind::EVERYWHERE.into_iter().flat_map(|kind| Mode::ALL.map(|mode| (kind, mode)))
}

/// Returns what is before the table, the table, and what is after it.
pub(super) fn split(text: &str) -> Result<(&str, &str, &str)> {
    let lacks = || Error::Failed(format!("{PAGE} lacks the lines `{BEGIN}` and `{END}`"));
    let begin = text.find(BEGIN).ok_or_else(lacks)? + BEGIN.len();
    let end = begin + text.get(begin..).and_then(|rest| rest.find(END)).ok_or_else(lacks)?;
    Ok((&text[..begin], &text[begin..end], &text[end..]))
}

pub(super) const PAGE: &str = "docs/interop.md";
const BEGIN: &str = "<!-- cargo xtask interop --write -->\n";
const END: &str = "<!-- end -->\n";
#[cfg(test)]
pub(super) mod tests {
    use super::{head, markdown, split};
    use xtask::node::Version;

    /// Returns a table with `cell` everywhere.
    pub(in super::super) fn table(cell: &str) -> String {
        let row = |version: Version| format!("| {version} |{}\n", format!(" {cell} |").repeat(12));
        head() + &Version::ALL.map(row).concat()
    }

    #[test]
    fn cells_that_were_not_run_stay() {
        assert_eq!(markdown(&[], &table("3/3")), table("3/3"));
        assert_eq!(markdown(&[], "| other |"), table("-"));
    }

    #[test]
    fn the_place_is_between_two_lines() {
        let text = "a\n<!-- cargo xtask interop --write -->\nold\n<!-- end -->\nb\n";
        let (before, table, after) = split(text).unwrap();
        assert_eq!(table, "old\n");
        assert_eq!(format!("{before}{table}{after}"), text);
        assert!(split("nothing").is_err());
    }
}
