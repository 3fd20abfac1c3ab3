//! The small table of `docs/interop.md`: how many runs passed for each version over each kind of
//! socket.

use std::fmt::Write;
use std::fs;

use super::cases::{self, Case};
use super::matrix::{Combo, Kind, Mode, Role};
use super::off::Off;
use super::runner::{Outcome, Run};
use crate::error::{Error, Result};
use crate::node::Version;
use crate::repo;

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

/// Returns what is wrong with the table in `docs/interop.md`: other rows or columns than there are,
/// or more runs that did not pass than are off. That there are as many cases as there were then is not checked.
///
/// # Errors
///
/// If the page has no table.
pub(crate) fn check() -> Result<Vec<String>> {
    let text = fs::read_to_string(repo::root().join(PAGE))?;
    let (_, table, _) = split(&text)?;
    Ok(wrong(table, &Off::read(&super::case_names())?))
}

fn wrong(table: &str, off: &Off) -> Vec<String> {
    if !table.starts_with(head().as_str()) {
        return vec![format!("{PAGE}: the interop table has other columns. {AGAIN}")];
    }
    let rows = rows(table);
    let versions: Vec<_> = rows.iter().filter_map(|row| row.first().copied()).collect();
    if !versions.iter().eq(Version::ALL.map(Version::number).iter()) {
        return vec![format!("{PAGE}: the interop table is of {versions:?}. {AGAIN}")];
    }
    let mut problems = Vec::new();
    for (version, row) in Version::ALL.into_iter().zip(rows) {
        let right = |((kind, mode), cell): ((Kind, Mode), &&str)| {
            let (off, all) = counts(off, version, kind, mode);
            match cell
                .split_once('/')
                .map(|(passed, all)| (passed.parse::<usize>(), all.parse::<usize>()))
            {
                Some((Ok(passed), Ok(all))) => all == off + passed && passed > 0,
                _ => *cell == "-" && off == all,
            }
        };
        let cells = row.get(1..).unwrap_or_default();
        if cells.len() != columns().count() || !columns().zip(cells).all(right) {
            problems.push(format!("{PAGE}: in the interop table: {}. {AGAIN}", row.join(" ")));
        }
    }
    problems
}

/// Returns the cells of the table, if its columns are those there are.
fn rows(table: &str) -> Vec<Vec<&str>> {
    let rows = table.strip_prefix(head().as_str()).unwrap_or_default();
    rows.lines().map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// Returns how many runs there are for a cell, and how many of them are off.
fn counts(off: &Off, version: Version, kind: Kind, mode: Mode) -> (usize, usize) {
    let combo = |role| Combo { version, kind, role };
    let runs: Vec<_> = [Role::Server, Role::Client]
        .map(combo)
        .iter()
        .flat_map(|combo| cases::ALL.iter().map(move |case| (case, *combo)))
        .filter(|(case, combo)| case.mode == mode && case.runs_in(*combo))
        .collect();
    let is_off = |(case, combo): &&(&Case, Combo)| off.reason(case.name, *combo).is_some();
    (runs.iter().filter(is_off).count(), runs.len())
}

fn head() -> String {
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

fn columns() -> impl Iterator<Item = (Kind, Mode)> {
    Kind::EVERYWHERE.into_iter().flat_map(|kind| Mode::ALL.map(|mode| (kind, mode)))
}

/// Returns what is before the table, the table, and what is after it.
fn split(text: &str) -> Result<(&str, &str, &str)> {
    let lacks = || Error::Failed(format!("{PAGE} lacks the lines `{BEGIN}` and `{END}`"));
    let begin = text.find(BEGIN).ok_or_else(lacks)? + BEGIN.len();
    let end = begin + text.get(begin..).and_then(|rest| rest.find(END)).ok_or_else(lacks)?;
    Ok((&text[..begin], &text[begin..end], &text[end..]))
}

const PAGE: &str = "docs/interop.md";
const BEGIN: &str = "<!-- cargo xtask interop --write -->\n";
const END: &str = "<!-- end -->\n";
const AGAIN: &str = "`cargo xtask interop --write`, with --version and --kind if need be, writes it again, and \
     `cargo xtask windows --only interop --write` the columns of pipes";

#[cfg(test)]
mod tests {
    use super::{Off, head, markdown, split, wrong};
    use crate::node::Version;

    fn table(cell: &str) -> String {
        let row = |version: Version| format!("| {version} |{}\n", format!(" {cell} |").repeat(12));
        head() + &Version::ALL.map(row).concat()
    }

    #[test]
    fn a_table_in_which_all_passed_is_right() {
        assert!(wrong(&table("12/12"), &Off::default()).is_empty());
    }

    #[test]
    fn cells_that_were_not_run_stay() {
        assert_eq!(markdown(&[], &table("3/3")), table("3/3"));
        assert_eq!(markdown(&[], "| other |"), table("-"));
    }

    #[test]
    fn failures_and_other_shapes_are_found() {
        let found = |table: &str| wrong(table, &Off::default()).len();
        assert_eq!(found(&table("11/12")), Version::ALL.len());
        assert_eq!(found(&table("-")), Version::ALL.len());
        assert_eq!(found(&table("1/1").replace("| tls raw ", "")), 1);
        assert_eq!(found(&table("1/1").replace("| 14.0.0 |", "| 15.0.0 |")), 1);
        assert_eq!(found(""), 1);
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
