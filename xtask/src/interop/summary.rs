//! The small table: how many runs passed for each version over each kind of socket.

use std::fmt::Write;

use super::matrix::{Kind, Mode};
use super::runner::{Outcome, Run};
use crate::node::Version;

/// Returns the table in Markdown: passed of all, both roles together.
pub(crate) fn markdown(runs: &[Run]) -> String {
    let mut out = head();
    for version in Version::ALL {
        let _ = write!(out, "| {version} |");
        for (kind, mode) in columns() {
            let here = |run: &&Run| {
                run.combo.version == version && run.combo.kind == kind && run.case.mode == mode
            };
            let all = runs.iter().filter(here).count();
            let passed = |run: &&Run| here(run) && matches!(run.outcome, Outcome::Passed);
            match (runs.iter().filter(passed).count(), all) {
                (_, 0) => out.push_str(" - |"),
                (passed, all) => _ = write!(out, " {passed}/{all} |"),
            }
        }
        out.push('\n');
    }
    out
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
    Kind::ALL.into_iter().flat_map(|kind| Mode::ALL.map(|mode| (kind, mode)))
}
