//! The tables, in Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use super::args::Plan;
use super::cases::{Case, PARTED, WORKLOADS, Workload};
use super::results::Results;
use super::subjects::Subject;
use super::{Result, columns, merge, targets};

/// Returns everything there is to say about the results.
pub(super) fn text(
    machine: &str,
    cases: &[Case],
    subjects: &[Subject],
    results: &Results,
) -> String {
    let mut out = format!("{machine}.\n\n");
    out += &targets::table(results);
    let parted = PARTED.join(", ");
    let _ = writeln!(out, "### Subjects\n\n| name | is | messages in {parted} |\n|---|---|---|");
    for subject in subjects {
        let Subject { name, about, .. } = subject;
        let part = match subject.part() {
            1 => "all".to_owned(),
            part => format!("1 in {part}"),
        };
        let _ = writeln!(out, "| `{name}` | {about} | {part} |");
    }
    for workload in WORKLOADS {
        let cases: Vec<&Case> = cases.iter().filter(|case| case.workload == workload).collect();
        if !cases.is_empty() {
            out += &section(&workload, &cases, subjects, results);
        }
    }
    let failures = results.failures();
    if !failures.is_empty() {
        let _ = writeln!(out, "\n### What went wrong\n");
        for (key, error) in failures {
            let _ = writeln!(out, "- {key}: {error}");
        }
    }
    out
}

fn section(
    workload: &Workload,
    cases: &[&Case],
    subjects: &[Subject],
    results: &Results,
) -> String {
    let Workload { id, title, about } = workload;
    let mut out = format!("\n### {id}: {title}\n\n{about}\n");
    let columns = columns::of(id);
    for case in cases {
        let measured = |subject: &&Subject| rounds(results, case, subject) > 0;
        let (here, missing): (Vec<&Subject>, Vec<&Subject>) =
            subjects.iter().filter(|subject| subject.does(case)).partition(measured);
        let rounds = here.iter().map(|subject| rounds(results, case, subject)).max();
        let Some(rounds) = rounds else {
            let _ = writeln!(out, "\n**{}**: not measured in this run.", case.name);
            continue;
        };
        let (name, messages) = (&case.name, columns::number(case.task.messages as f64, 0));
        let most = if case.is_parted() { "up to " } else { "" };
        let _ = writeln!(out, "\n**{name}**: {rounds} rounds of {most}{messages} messages\n");
        let titles: Vec<&str> = columns.iter().map(|column| column.title).collect();
        let _ = writeln!(out, "| subject | {} |", titles.join(" | "));
        let _ = writeln!(out, "|---|{}", "---|".repeat(columns.len()));
        for subject in &here {
            let cells = columns.iter().map(|column| column.text(results, case, subject.name));
            let cells: Vec<String> = cells.collect();
            let _ = writeln!(out, "| `{}` | {} |", subject.name, cells.join(" | "));
        }
        if !missing.is_empty() {
            let names: Vec<String> = missing.iter().map(|s| format!("`{}`", s.name)).collect();
            let _ = writeln!(out, "\nNot measured in this run: {}.", names.join(", "));
        }
    }
    let mut absent: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for subject in subjects.iter().filter(|subject| !subject.others.is_empty()) {
        if *id != "W10" && subject.is_of_kind(id) && !cases.iter().any(|case| subject.does(case)) {
            absent.entry(subject.others).or_default().push(format!("`{}`", subject.name));
        }
    }
    if !absent.is_empty() {
        let why = |(why, names): (_, Vec<String>)| format!("{} ({why})", names.join(", "));
        let absent: Vec<String> = absent.into_iter().map(why).collect();
        let _ = writeln!(out, "\nNot here: {}.", absent.join("; "));
    }
    out
}

/// Returns how often a subject was measured in a case.
fn rounds(results: &Results, case: &Case, subject: &Subject) -> usize {
    results.figures(&case.name, subject.name, "seconds").len()
}

/// Puts the text between the markers of a file: in the place of what is there if it is about all, else into it.
pub(super) fn put_into(file: &Path, text: &str, all: bool) -> Result<()> {
    let old = std::fs::read_to_string(file)?;
    let parts = old.split_once(BEGIN).and_then(|(before, rest)| {
        let (old, after) = rest.split_once(END)?;
        Some((before, old, after))
    });
    let missing = || format!("{} has no {BEGIN} and {END}", file.display());
    let (before, old, after) = parts.ok_or_else(missing)?;
    let text = match old.trim() {
        old if all || !old.contains("### ") => text.to_owned(),
        old => merge::merged(old, text),
    };
    std::fs::write(file, format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", text.trim()))?;
    Ok(())
}

/// Returns what machine this is and what is measured, in one line.
pub(super) fn machine(here: Option<usize>, there: Option<usize>, plan: &Plan) -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let field = |name| info.lines().find_map(|line| line.strip_prefix(name)?.split(": ").nth(1));
    let model = field("model name").unwrap_or("unknown processor");
    let family = field("cpu family").map(|family| format!(" family {family}")).unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let pinned = match (here, there) {
        (Some(here), Some(there)) => format!("clients on core {here}, servers on core {there}"),
        _ => "not pinned".to_owned(),
    };
    let build = if cfg!(debug_assertions) { ", DEBUG BUILD" } else { "" };
    let size = if plan.quick { ", QUICK: shows that it works, not how fast" } else { "" };
    let label = if plan.label.is_empty() { "" } else { "; " };
    let (kernel, what) = (kernel.trim(), &plan.label);
    format!("{model}{family}, {cores} cores, Linux {kernel}; {pinned}{build}{size}{label}{what}")
}

const BEGIN: &str = "<!-- figures: begin; written by `cargo xtask bench` -->";
const END: &str = "<!-- figures: end -->";
