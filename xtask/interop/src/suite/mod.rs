//! `cargo xtask interop`: `nipc` against real node-ipc, either one as the server.

mod cases;
mod certificates;
mod datagram;
mod dialect;
mod limits;
mod matrix;
mod off;
mod peer;
mod place;
mod raw;
mod room;
mod runner;
mod summary;
#[cfg(test)]
mod summary_check;
mod table;
mod transcript;

use std::path::PathBuf;
use std::time::Instant;

use lexopt::prelude::*;

use self::cases::Case;
pub(crate) use self::certificates::Certificates;
pub(crate) use self::matrix::{Combo, Kind, Role};
use self::off::Off;
pub(crate) use self::peer::Peer;
pub(crate) use self::room::{Room, Setup};
use self::runner::Run;
use crate::nipc;
use crate::summary::Summary;
use xtask::args::{self, Args};
use xtask::error::{Error, Result};
use xtask::node::{Node, Version};
use xtask::repo;

/// Which runs to do.
#[derive(Debug, Default)]
struct Options {
    version: Option<Version>,
    kind: Option<Kind>,
    role: Option<Role>,
    filter: Option<String>,
    runs: Option<usize>,
    jobs: Option<usize>,
    self_check: bool,
    write: bool,
}

/// Runs the command and returns how much passed.
///
/// # Errors
///
/// If a case failed, the words are wrong or a program is missing.
pub(crate) fn command(mut args: Args) -> Result<String> {
    let (mut options, mut list) = (Options::default(), false);
    while let Some(arg) = args.next()? {
        match arg {
            Long("version") => options.version = Some(args.value()?.parse()?),
            Long("kind") => options.kind = Some(args.value()?.parse()?),
            Long("role") => options.role = Some(args.value()?.parse()?),
            Long("filter") => options.filter = Some(args::text(&mut args)?),
            Long("runs") => options.runs = Some(args.value()?.parse()?),
            Long("jobs") => options.jobs = Some(args.value()?.parse()?),
            Long("self-check") => options.self_check = true,
            Long("write") => options.write = true,
            Long("list") => list = true,
            _ => return Err(arg.unexpected().into()),
        }
    }
    if options.write && !options.has_whole_cells() {
        return Err(Error::usage("--write needs every case in both roles, with nipc"));
    }
    if list {
        for case in options.cases() {
            println!("{:<21}{}", case.name, case.about);
        }
        return Ok(String::new());
    }
    run(&options)?.conclude()
}

/// Does the runs, prints the table, and returns the counts.
///
/// # Errors
///
/// If a program is not available, or no run fits the options.
fn run(options: &Options) -> Result<Summary> {
    let listed = Off::read(&case_names())?;
    // What is off is so because of `nipc`.
    let off = if options.self_check { Off::default() } else { listed };
    let (cases, combos) = (options.cases(), options.combos());
    let tasks: Vec<_> = cases
        .iter()
        .flat_map(|case| combos.iter().map(move |combo| (*case, *combo)))
        .filter(|(case, combo)| case.runs_in(*combo))
        .collect();
    if tasks.is_empty() {
        return Err(Error::usage("no case fits these options"));
    }
    let target = repo::target_dir()?;
    let nodes = Version::ALL
        .into_iter()
        .filter(|version| combos.iter().any(|combo| combo.version == *version))
        .map(|version| Node::with(version, &target))
        .collect::<Result<_>>()?;
    let nipc = if options.self_check { None } else { Some(nipc::build(&target)?) };
    let certificates = if tasks.iter().any(|(_, combo)| combo.kind == Kind::Tls) {
        Some(Certificates::make()?)
    } else {
        None
    };
    let needs_calls = nipc.is_some() && tasks.iter().any(|(case, _)| case.calls);
    let call_peer = if needs_calls { Some(nipc::build_call_peer(&target)?) } else { None };
    let setup = Setup { nipc, call_peer, nodes, certificates, runs: options.runs };

    let began = Instant::now();
    let runs = runner::run(&setup, &off, tasks, options.jobs.unwrap_or(2));
    print!("{}", table::table(&cases, &combos, &runs));
    print!("\n{}", summary::markdown(&runs, ""));
    if options.write {
        summary::write(&runs)?;
        println!("docs/interop.md has it now");
    }
    if options.self_check {
        println!("self-check: node-ipc played both roles");
    }
    Ok(counted(&runs, began))
}

/// Runs what says something of Windows, with these programs for it, and returns the summary. With
/// `write` the columns of pipes go into `docs/interop.md`.
///
/// # Errors
///
/// If the page has no place for them.
pub(crate) fn run_on_windows(
    nipc: PathBuf,
    nodes: Vec<Node>,
    filter: &str,
    write: bool,
) -> Result<Summary> {
    let (nipc, call_peer) = (Some(nipc), None);
    let setup = Setup { nipc, call_peer, nodes, certificates: None, runs: Some(20) };
    let combos = Combo::on_windows();
    let fits = |case: &&Case| {
        case.name.contains(filter) && combos.iter().any(|combo| case.runs_on_windows(*combo))
    };
    let cases: Vec<_> = cases::ALL.iter().filter(fits).collect();
    let both = |case: &&'static Case| combos.iter().map(|combo| (*case, *combo)).collect();
    let mut tasks: Vec<_> = cases.iter().flat_map::<Vec<_>, _>(both).collect();
    tasks.retain(|(case, combo)| case.runs_on_windows(*combo));
    let began = Instant::now();
    let runs = runner::run(&setup, &Off::default(), tasks, 2);
    print!("{}", table::table(&cases, &combos, &runs));
    let summary = counted(&runs, began);
    if write {
        // What TCP shows there is not what its column is of.
        let pipes: Vec<_> = runs.into_iter().filter(|run| run.combo.kind == Kind::Pipe).collect();
        summary::write(&pipes)?;
        println!("docs/interop.md has it now");
    }
    Ok(summary)
}

fn counted(runs: &[Run], began: Instant) -> Summary {
    println!("in {:.1} s", began.elapsed().as_secs_f64());
    table::summary(runs)
}

fn case_names() -> Vec<&'static str> {
    cases::ALL.iter().map(|case| case.name).collect()
}

impl Options {
    /// Returns whether each cell of the table is run as a whole, or not at all.
    fn has_whole_cells(&self) -> bool {
        self.role.is_none() && self.filter.is_none() && !self.self_check
    }

    fn cases(&self) -> Vec<&'static Case> {
        let fits = |case: &&Case| {
            self.filter.as_ref().is_none_or(|filter| case.name.contains(filter.as_str()))
        };
        cases::ALL.iter().filter(fits).collect()
    }

    fn combos(&self) -> Vec<Combo> {
        Combo::all()
            .into_iter()
            .filter(|combo| self.version.is_none_or(|version| version == combo.version))
            .filter(|combo| self.kind.is_none_or(|kind| kind == combo.kind))
            .filter(|combo| self.role.is_none_or(|role| role == combo.role))
            .collect()
    }
}
