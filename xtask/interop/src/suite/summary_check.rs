//! The table of `docs/interop.md` fits the cases: its rows, its columns, and that all passed but those off.

use std::fs;

use super::cases::{self, Case};
use super::matrix::{Combo, Kind, Mode, Role};
use super::off::Off;
use super::summary::tests::table;
use super::summary::{PAGE, columns, head, rows, split};
use xtask::error::Result;
use xtask::node::Version;
use xtask::repo;

/// Returns what is wrong with the table in `docs/interop.md`: other rows or columns than there are,
/// or more runs that did not pass than are off. That there are as many cases as there were then is not checked.
///
/// # Errors
///
/// If the page has no table.
fn check() -> Result<Vec<String>> {
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

const AGAIN: &str = "`cargo xtask interop --write`, with --version and --kind if need be, writes it again, and \
     `cargo xtask windows --only interop --write` the columns of pipes";

#[test]
fn the_interop_table_is_of_what_is_run() {
    let problems = check().unwrap();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_table_in_which_all_passed_is_right() {
    assert!(wrong(&table("12/12"), &Off::default()).is_empty());
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
