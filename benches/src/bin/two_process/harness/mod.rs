//! The measuring program: one process measures, and starts a server of itself for every subject.

mod args;
mod child;
mod clock;
mod meter;
mod ours;
mod pin;
mod raw;
mod report;
mod subject;
mod upstream;

use std::io::Write;
use std::process::ExitCode;

use args::{Command, Plan};
use child::Child;
use ipc_transport::Endpoint;
use meter::Round;
use report::Table;
use subject::{Mode, Subject};

/// What goes wrong here ends the program, with its message.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

pub(crate) fn main() -> ExitCode {
    let result = match Command::parse(std::env::args().skip(1)) {
        Ok(Command::Serve { subject, endpoint, core }) => serve(subject, &endpoint, core),
        Ok(Command::Measure(plan)) => measure(&plan),
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "two_process: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(subject: Subject, endpoint: &Endpoint, core: Option<usize>) -> Result<()> {
    pin::pin(core)?;
    child::end_with_parent();
    match subject {
        Subject::Raw => raw::serve(endpoint),
        Subject::Upstream => upstream::serve(endpoint),
        Subject::Ours(kind) => ours::serve(endpoint, kind),
    }
}

fn measure(plan: &Plan) -> Result<()> {
    let (here, there) = pin::two_cores(plan.pin);
    let directory = tempfile::tempdir()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", report::machine(here, there))?;
    pin::pin(here)?;
    let mut children = Vec::new();
    for &subject in &plan.subjects {
        let endpoint = match plan.tcp {
            true => Endpoint::Tcp { host: "127.0.0.1".to_owned(), port: 0 },
            false => Endpoint::Unix(directory.path().join(subject.name())),
        };
        children.push(Child::start(subject, &endpoint, there)?);
    }
    let watch = child::watch();
    for &mode in &plan.modes {
        let mut table = Table::new(mode, plan.messages(mode), &plan.subjects);
        for _ in 0..plan.rounds {
            // In turns: what disturbs the machine for a while disturbs all alike.
            for child in &children {
                watch.send(())?;
                table.add(child.subject(), round(child, mode, plan)?);
            }
        }
        writeln!(out, "{table}")?;
        out.flush()?;
    }
    Ok(())
}

/// Measures once, on a connection of its own.
fn round(child: &Child, mode: Mode, plan: &Plan) -> Result<Round> {
    let messages = plan.messages(mode);
    match child.subject() {
        Subject::Raw => raw::measure(child.endpoint(), mode, messages),
        Subject::Upstream => upstream::measure(child.endpoint(), mode, messages),
        Subject::Ours(kind) => ours::measure(child.endpoint(), kind, mode, messages),
    }
}
