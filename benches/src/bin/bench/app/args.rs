//! The command line.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Result;
use super::cases::Case;
use super::subjects::{Need, Program, Subject};

/// What to measure, and where the figures go.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) quick: bool,
    pub(super) fresh: bool,
    pub(super) report_only: bool,
    pub(super) pin: bool,
    pub(super) rounds: usize,
    only: Vec<String>,
    peers: Vec<String>,
    /// What is measured, such as a commit.
    pub(super) label: String,
    pub(super) programs: Programs,
    pub(super) results: PathBuf,
    pub(super) readme: Option<PathBuf>,
    pub(super) charts: Option<PathBuf>,
    pub(super) summary: Option<PathBuf>,
}

/// The programs that are here.
#[derive(Debug, Default)]
pub(super) struct Programs {
    pub(super) subject: PathBuf,
    pub(super) peers: Option<PathBuf>,
    pub(super) node: Option<PathBuf>,
    /// What is not of this repository, by name.
    with: BTreeMap<String, PathBuf>,
    /// Where the scripts for node are.
    pub(super) scripts: PathBuf,
}

impl Programs {
    /// Returns whether everything a subject needs is here.
    pub(super) fn has(&self, subject: &Subject) -> bool {
        [subject.server, subject.client].iter().all(|program| {
            let is_here = match program {
                Program::Own(_) | Program::Common | Program::None => true,
                Program::Peers(..) => self.peers.is_some(),
                Program::Node(..) => self.node.is_some(),
            };
            is_here && program.needs().iter().all(|need| self.path(*need).is_some())
        })
    }

    /// Returns where something is that a program needs.
    pub(super) fn path(&self, need: Need) -> Option<&PathBuf> {
        self.with.get(need.name)
    }
}

impl Plan {
    pub(super) fn parse(args: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut args = args.into_iter();
        let subject = std::env::current_exe()?.with_file_name("subject");
        let mut plan = Self {
            quick: false,
            fresh: false,
            report_only: false,
            pin: true,
            rounds: 0,
            only: Vec::new(),
            peers: Vec::new(),
            label: String::new(),
            programs: Programs { subject, ..Programs::default() },
            results: "bench-results.jsonl".into(),
            readme: None,
            charts: None,
            summary: None,
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value\n{HELP}"));
            match arg.as_str() {
                "--quick" => plan.quick = true,
                "--fresh" => plan.fresh = true,
                "--report" => plan.report_only = true,
                "--no-pin" => plan.pin = false,
                "--rounds" => plan.rounds = value()?.parse::<usize>()?.max(1),
                "--only" => plan.only.extend(list(&value()?)),
                "--peers" => plan.peers.extend(list(&value()?)),
                "--label" => plan.label = value()?,
                "--peers-program" => plan.programs.peers = Some(value()?.into()),
                "--node" => plan.programs.node = Some(value()?.into()),
                "--with" => {
                    let value = value()?;
                    let (name, path) = value.split_once('=').ok_or("--with takes NAME=PATH")?;
                    plan.programs.with.insert(name.to_owned(), path.into());
                }
                "--scripts" => plan.programs.scripts = value()?.into(),
                "--results" => plan.results = value()?.into(),
                "--readme" => plan.readme = Some(value()?.into()),
                "--charts" => plan.charts = Some(value()?.into()),
                "--summary" => plan.summary = Some(value()?.into()),
                _ => return Err(format!("{arg} is not known\n{HELP}").into()),
            }
        }
        if plan.rounds == 0 {
            plan.rounds = if plan.quick { 1 } else { ROUNDS };
        }
        Ok(plan)
    }

    /// Returns whether everything is asked for. A report of less is put into the one of all.
    pub(super) fn is_of_all(&self) -> bool {
        self.only.is_empty() && self.peers.is_empty()
    }

    /// Returns whether the case is asked for, by its workload or its name.
    pub(super) fn wants(&self, case: &Case) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| case.is(only))
    }

    /// Returns whether the subject is asked for.
    pub(super) fn wants_subject(&self, name: &str) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|asked| asked == name)
    }
}

fn list(text: &str) -> impl Iterator<Item = String> {
    text.split(',').map(str::to_owned)
}

/// Seven rounds make a median that one bad minute does not move.
const ROUNDS: usize = 7;

const HELP: &str = "\
bench [--quick] [--only W1,W2] [--peers A,B] [--rounds N] [--no-pin] [--label TEXT]
      [--results FILE] [--fresh] [--report] [--readme FILE] [--charts DIR] [--summary FILE]
      [--peers-program FILE] [--node FILE] [--scripts DIR] [--with NAME=PATH]..";
