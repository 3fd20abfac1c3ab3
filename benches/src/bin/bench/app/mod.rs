//! From the command line to the report.

mod args;
mod cases;
mod certificates;
mod chart;
mod columns;
mod merge;
mod pin;
mod process;
mod progress;
mod report;
mod results;
mod round;
mod sample;
mod stats;
mod subjects;
mod summary;
mod targets;
mod works;

use std::io::Write;
use std::process::ExitCode;

use args::Plan;
use cases::Case;
use progress::Progress;
use results::{Key, Results};
use subjects::Subject;
use summary::Summary;

/// What goes wrong here ends the program, with its message.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

pub(crate) fn main() -> ExitCode {
    match Plan::parse(std::env::args().skip(1)).and_then(|plan| run(&plan)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures what is not measured yet, and reports. Returns whether every round went well.
fn run(plan: &Plan) -> Result<bool> {
    let cases: Vec<Case> =
        cases::all(plan.quick).into_iter().filter(|case| plan.wants(case)).collect();
    let subjects: Vec<Subject> = subjects::all()
        .into_iter()
        .filter(|subject| plan.wants_subject(subject.name) && plan.programs.has(subject))
        .collect();
    let (here, there) = pin::two_cores(plan.pin);
    let machine = report::machine(here, there, plan);
    let mut results = Results::open(&plan.results, &machine, plan.fresh)?;
    if !plan.report_only {
        measure(plan, &cases, &subjects, &mut results)?;
    }
    let text = report::text(&machine, &cases, &subjects, &results);
    std::io::stdout().lock().write_all(text.as_bytes())?;
    if let Some(readme) = &plan.readme {
        report::put_into(readme, &text, plan.is_of_all())?;
    }
    let mut summary = match &plan.summary {
        Some(file) if !plan.is_of_all() => Summary::read(file)?,
        _ => Summary::default(),
    };
    summary.add(&machine, cases.iter().map(|case| case.name.as_str()), &results);
    if let Some(charts) = &plan.charts {
        let touched = |case: &Case| cases.iter().any(|one| one.workload == case.workload);
        let cases: Vec<Case> = cases::all(plan.quick).into_iter().filter(touched).collect();
        chart::write_all(charts, &cases, &subjects::all(), &summary)?;
        chart::write_glance(charts, &summary)?;
    }
    if let Some(file) = &plan.summary {
        summary.write(file)?;
    }
    Ok(results.failures().is_empty())
}

fn measure(plan: &Plan, cases: &[Case], subjects: &[Subject], results: &mut Results) -> Result<()> {
    let mut todo = Vec::new();
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    let able = |case: &&Case| {
        let lacks = case.lacks(files.unwrap_or(u64::MAX));
        if let Some(lacks) = &lacks {
            let _ = writeln!(std::io::stderr(), "SKIPPED: {}: {lacks}", case.name);
        }
        lacks.is_none()
    };
    let able: Vec<&Case> = cases.iter().filter(able).collect();
    // In turns: what disturbs the machine for a while disturbs all alike. A case that is another one
    // with something more, such as a stalled receiver, takes turns with it.
    for cases in able.chunk_by(|case, next| next.is(&case.name)) {
        for round in 0..plan.rounds {
            for &case in cases {
                for subject in subjects.iter().filter(|subject| subject.does(case)) {
                    let key = Key::new(case, subject, round);
                    if !results.has(&key) {
                        todo.push((case, subject, key));
                    }
                }
            }
        }
    }
    let mut progress = Progress::new(todo.len());
    for (case, subject, key) in todo {
        progress.begin(&format!("{key}"));
        let outcome = round::run(plan, case, subject);
        if let Err(error) = &outcome {
            progress.note(&format!("{key}: FAILED: {error}"));
        }
        results.add(key, outcome.map_err(|error| error.to_string()))?;
        progress.end();
    }
    Ok(())
}
