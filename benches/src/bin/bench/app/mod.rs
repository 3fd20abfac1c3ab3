//! From the command line to the report.

mod args;
mod cases;
mod chart;
mod columns;
mod pin;
mod process;
mod progress;
mod report;
mod results;
mod round;
mod sample;
mod stats;
mod subjects;
mod targets;

use std::io::Write;
use std::process::ExitCode;

use args::Plan;
use cases::Case;
use progress::Progress;
use results::{Key, Results};
use subjects::Subject;

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
        report::put_into(readme, &text)?;
    }
    if let Some(charts) = &plan.charts {
        chart::write_all(charts, &cases, &subjects, &results)?;
    }
    if let Some(summary) = &plan.summary {
        if let Some(directory) = summary.parent() {
            std::fs::create_dir_all(directory)?;
        }
        std::fs::write(summary, results.summary(&machine)?)?;
    }
    Ok(results.failures().is_empty())
}

fn measure(plan: &Plan, cases: &[Case], subjects: &[Subject], results: &mut Results) -> Result<()> {
    let mut todo = Vec::new();
    // In turns: what disturbs the machine for a while disturbs all alike. A case that is another one
    // with something more, such as a stalled receiver, takes turns with it.
    for cases in cases.chunk_by(|case, next| next.is(&case.name)) {
        for round in 0..plan.rounds {
            for case in cases {
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
